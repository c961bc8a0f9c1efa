#include "services/tenant_data/domain/domain_proof.h"

#include "absl/strings/ascii.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kNamePrefix = "_kasbah-challenge.";
constexpr std::string_view kValuePrefix = "kasbah-domain=";

}  // namespace

std::string ChallengeName(std::string_view host) { return StrCat(kNamePrefix, host); }

std::string ChallengeValue(TenantId tenant, std::string_view host, std::string_view nonce) {
  // Tenant and nonce have a fixed size, so that no two inputs run into the same bytes.
  return StrCat(kValuePrefix,
                crypto::Base64Url(crypto::Sha256(
                    {"kasbah/v1/domain-challenge", tenant.uuid().view(), nonce, host})));
}

bool IsProvedBy(const std::vector<std::string>& records, std::string_view value) {
  bool proved = false;
  for (const std::string& record : records) {
    proved |= crypto::ConstantTimeEquals(FromAbsl(absl::StripAsciiWhitespace(record)), value);
  }
  return proved;
}

}  // namespace kasbah::tenantdata
