#include "libs/postgres/connect_settings.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/conninfo.h"

namespace kasbah::postgres::internal {
namespace {

// libpq takes what the connection string leaves out from the environment.
std::string ValueOr(const Conninfo& keywords, const char* keyword, const char* environment) {
  const auto found = keywords.find(keyword);
  if (found != keywords.end()) return found->second;
  const char* value = std::getenv(environment);
  return value == nullptr ? "" : value;
}

bool IsLocal(const std::string& host) {
  return host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost" ||
         host.rfind("127.", 0) == 0 || host == "::1";
}

bool StaysLocal(const Conninfo& keywords) {
  // hostaddr is what is dialled; host is then only the name in the certificate.
  std::string hosts = ValueOr(keywords, "hostaddr", "PGHOSTADDR");
  if (hosts.empty()) hosts = ValueOr(keywords, "host", "PGHOST");
  const std::vector<std::string> each = absl::StrSplit(hosts, ',');
  for (const std::string& host : each) {
    if (!IsLocal(host)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ConnectSettings> ConnectSettings::Create(const PoolOptions& options) {
  ASSIGN_OR_RETURN(Conninfo keywords, ParseConninfo(options.dsn));
  if (!ValueOr(keywords, "service", "PGSERVICE").empty()) {
    return absl::FailedPreconditionError("database dsn: service files are not supported");
  }
  if (!StaysLocal(keywords) && ValueOr(keywords, "sslmode", "PGSSLMODE") != "verify-full") {
    return absl::FailedPreconditionError(
        "database dsn: sslmode=verify-full is required off this machine");
  }
  ConnectSettings settings;
  settings.role_ = ValueOr(keywords, "user", "PGUSER");
  settings.password_file_ = options.password_file;
  settings.connect_timeout_ = options.connect_timeout;
  if (!options.application_name.empty()) {
    keywords["application_name"] = options.application_name;
  }
  keywords["client_encoding"] = "UTF8";
  keywords["gssencmode"] = "disable";
  // A peer that vanished without a word is noticed within half a minute.
  keywords.emplace("keepalives_idle", "10");
  keywords.emplace("keepalives_interval", "5");
  keywords.emplace("keepalives_count", "3");
  keywords.emplace("tcp_user_timeout", "20000");
  settings.parameters_.assign(keywords.begin(), keywords.end());
  return settings;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ConnectSettings::Parameters()
    const {
  auto parameters = parameters_;
  if (password_file_.empty()) return parameters;
  std::ifstream file(password_file_);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) {
    return absl::FailedPreconditionError(
        StrCat("database password_file: cannot read ", password_file_));
  }
  std::string password = content.str();
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  parameters.emplace_back("password", std::move(password));
  return parameters;
}

}  // namespace kasbah::postgres::internal
