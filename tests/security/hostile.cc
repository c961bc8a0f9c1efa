#include "tests/security/hostile.h"

namespace kasbah::security_test {

const std::vector<std::string>& HostileTexts() {
  static const auto* texts = new std::vector<std::string>{
      "x'; DROP TABLE tenant_data.records; --",
      "' OR '1'='1",
      "$1",
      "\\'; SELECT core.enter('00000000-0000-0000-0000-000000000000', 'all'); --",
      "x'::uuid) UNION SELECT * FROM core.tenants --",
      "%' AND pg_sleep(30) IS NULL --",
      "{x,\"y\",NULL}",
      "../../../../etc/passwd",
      "%s%n%p {{7*7}} ${jndi:ldap://127.0.0.1/x}",
      "x\" OR name = \"y\" -- *",
      std::string("a\0b", 3),
      "\xE2\x80\xAE\xEF\xBB\xBF\xF0\x9F\x87\xA8",
      std::string(900, '(')};
  return *texts;
}

}  // namespace kasbah::security_test
