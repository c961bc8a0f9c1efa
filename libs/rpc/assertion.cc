#include "libs/rpc/assertion.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/claims.h"
#include <nlohmann/json.hpp>

namespace kasbah::rpc {

absl::StatusOr<std::string> EncodeAssertion(
    const Assertion& assertion, std::string_view issuer, std::string_view audience,
    std::string_view key_id, std::string_view token_id,
    const std::function<absl::StatusOr<std::string>(std::string_view)>& sign) {
  const bool holds_one =
      assertion.kind == policy::v1::ACTOR_KIND_API_KEY ||
      assertion.kind == policy::v1::ACTOR_KIND_USER ||
      assertion.kind == policy::v1::ACTOR_KIND_EMBED ||
      (assertion.kind == policy::v1::ACTOR_KIND_TENANT_WORKLOAD && assertion.workload.has_value());
  if (!holds_one || assertion.tenant.is_nil() || assertion.tenant == kSystemTenant ||
      assertion.expire_time - assertion.issue_time > kAssertionLifetime) {
    return absl::InvalidArgumentError("no assertion of this kind, tenant or lifetime is issued");
  }
  const nlohmann::json header = {{"alg", "EdDSA"}, {"typ", kAssertionType}, {"kid", key_id}};
  std::string token =
      StrCat(crypto::Base64Url(header.dump()), ".",
             crypto::Base64Url(EncodeClaims(assertion, issuer, audience, token_id)));
  ASSIGN_OR_RETURN(const std::string signature, sign(token));
  StrAppend(&token, ".", crypto::Base64Url(signature));
  return token;
}

}  // namespace kasbah::rpc
