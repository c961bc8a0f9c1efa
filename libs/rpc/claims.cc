#include "libs/rpc/claims.h"

#include <array>
#include <cmath>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/strict_json.h"

namespace kasbah::rpc {
namespace {

using policy::v1::ActorKind;
using policy::v1::Assurance;

constexpr size_t kPermissionBytes = 16;
constexpr size_t kLongestClaim = 512;

// The kinds that can hold an assertion; the others are known by their certificate.
constexpr std::array<std::pair<ActorKind, std::string_view>, 4> kKinds = {{
    {policy::v1::ACTOR_KIND_API_KEY, "api_key"},
    {policy::v1::ACTOR_KIND_USER, "user"},
    {policy::v1::ACTOR_KIND_EMBED, "embed"},
    {policy::v1::ACTOR_KIND_TENANT_WORKLOAD, "tenant_workload"},
}};
constexpr std::array<std::pair<Assurance, std::string_view>, 2> kAssurances = {{
    {policy::v1::ASSURANCE_SINGLE, "single"},
    {policy::v1::ASSURANCE_MULTI, "multi"},
}};

std::string PermissionsToHex(const std::bitset<128>& permissions) {
  std::string bytes(kPermissionBytes, '\0');
  for (size_t bit = 0; bit < permissions.size(); ++bit) {
    if (permissions[bit]) bytes[bit / 8] = static_cast<char>(bytes[bit / 8] | (1 << (bit % 8)));
  }
  return crypto::Hex(bytes);
}

bool PermissionsFromHex(std::string_view hex, std::bitset<128>* permissions) {
  const absl::StatusOr<std::string> bytes = crypto::ParseHex(hex);
  if (!bytes.ok() || bytes->size() != kPermissionBytes || crypto::Hex(*bytes) != hex) return false;
  for (size_t bit = 0; bit < permissions->size(); ++bit) {
    permissions->set(bit, ((*bytes)[bit / 8] >> (bit % 8)) & 1);
  }
  return true;
}

// NumericDate with milliseconds (RFC 7519, section 2): whole seconds would let an assertion survive
// a revocation made in the same second, or fall to one made before it.
double ToNumericDate(absl::Time time) {
  return static_cast<double>(absl::ToUnixMillis(time)) / 1000;
}

bool TimeFrom(const nlohmann::json& object, const char* name, absl::Time* time) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return false;
  const double seconds = found->get<double>();
  if (!(seconds > 0 && seconds < 1e11)) return false;
  *time = absl::FromUnixMillis(std::llround(seconds * 1000));
  return true;
}

bool StringFrom(const nlohmann::json& object, const char* name, std::string* value) {
  const std::string* found = FindString(object, name);
  if (found == nullptr || found->empty() || found->size() > kLongestClaim) return false;
  *value = *found;
  return true;
}

template <typename Enum, size_t N>
bool EnumFrom(const nlohmann::json& object, const char* name,
              const std::array<std::pair<Enum, std::string_view>, N>& names, Enum* value) {
  const std::string* found = FindString(object, name);
  for (const auto& [candidate, text] : names) {
    if (found != nullptr && *found == text) {
      *value = candidate;
      return true;
    }
  }
  return false;
}

template <typename Enum, size_t N>
std::string NameOf(const std::array<std::pair<Enum, std::string_view>, N>& names, Enum value) {
  for (const auto& [candidate, text] : names) {
    if (candidate == value) return std::string(text);
  }
  return "";
}

bool CustomerFrom(const nlohmann::json& object, std::optional<CustomerId>* customer) {
  if (!object.contains("cus")) return true;
  const std::string* text = FindString(object, "cus");
  if (text == nullptr) return false;
  const absl::StatusOr<CustomerId> id = CustomerId::Parse(*text);
  if (!id.ok() || id->is_nil()) return false;
  *customer = *id;
  return true;
}

// A workload that acts is the workload that is registered.
bool WorkloadFrom(const nlohmann::json& object, Assertion* assertion) {
  const bool acts = assertion->kind == policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
  if (!object.contains("wkl")) return !acts;
  const std::string* text = FindString(object, "wkl");
  if (text == nullptr || (acts && *text != assertion->actor_id)) return false;
  const absl::StatusOr<WorkloadId> id = WorkloadId::Parse(*text);
  if (!id.ok() || id->is_nil()) return false;
  assertion->workload = *id;
  return true;
}

bool TenantFrom(const nlohmann::json& object, TenantId* tenant) {
  const std::string* text = FindString(object, "ten");
  if (text == nullptr) return false;
  const absl::StatusOr<TenantId> id = TenantId::Parse(*text);
  if (!id.ok() || id->is_nil() || *id == kSystemTenant) return false;
  *tenant = *id;
  return true;
}

}  // namespace

std::string EncodeClaims(const Assertion& assertion, std::string_view issuer,
                         std::string_view audience, std::string_view token_id) {
  nlohmann::json claims = {
      {"iss", issuer},
      {"aud", audience},
      {"jti", token_id},
      {"iat", ToNumericDate(assertion.issue_time)},
      {"exp", ToNumericDate(assertion.expire_time)},
      {"sub", assertion.actor_id},
      {"azp", assertion.azp},
      {"knd", NameOf(kKinds, assertion.kind)},
      {"ten", assertion.tenant.ToString()},
      {"sid", assertion.session_id},
      {"prm", PermissionsToHex(assertion.permissions)},
  };
  if (assertion.customer.has_value()) claims["cus"] = assertion.customer->ToString();
  if (assertion.workload.has_value()) claims["wkl"] = assertion.workload->ToString();
  if (assertion.assurance != policy::v1::ASSURANCE_UNSPECIFIED) {
    claims["acr"] = NameOf(kAssurances, assertion.assurance);
  }
  return claims.dump();
}

absl::StatusOr<Claims> ParseClaims(std::string_view json) {
  ASSIGN_OR_RETURN(const nlohmann::json object, ParseStrictJson(json));
  Claims claims;
  Assertion& assertion = claims.assertion;
  std::string token_id;
  std::string permissions;
  const bool complete =
      StringFrom(object, "iss", &claims.issuer) && StringFrom(object, "aud", &claims.audience) &&
      StringFrom(object, "jti", &token_id) && TimeFrom(object, "iat", &assertion.issue_time) &&
      TimeFrom(object, "exp", &assertion.expire_time) &&
      StringFrom(object, "sub", &assertion.actor_id) && StringFrom(object, "azp", &assertion.azp) &&
      EnumFrom(object, "knd", kKinds, &assertion.kind) && TenantFrom(object, &assertion.tenant) &&
      CustomerFrom(object, &assertion.customer) && WorkloadFrom(object, &assertion) &&
      StringFrom(object, "sid", &assertion.session_id) &&
      (!object.contains("acr") || EnumFrom(object, "acr", kAssurances, &assertion.assurance)) &&
      StringFrom(object, "prm", &permissions) &&
      PermissionsFromHex(permissions, &assertion.permissions);
  if (!complete) return absl::InvalidArgumentError("a claim is missing or malformed");
  return claims;
}

}  // namespace kasbah::rpc
