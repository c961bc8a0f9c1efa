#include "services/csi_provider/domain/mount_order.h"

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "services/csi_provider/domain/object_list.h"
#include <nlohmann/json.hpp>

namespace kasbah::csi_provider {
namespace {

using nlohmann::json;

constexpr char kTokens[] = "csi.storage.k8s.io/serviceAccount.tokens";
constexpr char kNamespace[] = "csi.storage.k8s.io/pod.namespace";
constexpr char kPodName[] = "csi.storage.k8s.io/pod.name";
constexpr char kPodUid[] = "csi.storage.k8s.io/pod.uid";
constexpr int kDefaultMode = 0644;
constexpr int kLargestMode = 0777;
constexpr size_t kVersionDigits = 16;

absl::Status Invalid(std::string_view reason, std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, reason, what);
}

// Never throws and says nothing of the text: it may hold a token.
json ParseObject(std::string_view text) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return object.is_object() ? object : json::object();
}

std::string TextIn(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// In the attributes, or among the secrets where the CSIDriver object says so.
std::string TokenIn(const json& attributes, const json& secrets, std::string_view audience) {
  for (const json* place : {&attributes, &secrets}) {
    const json tokens = ParseObject(TextIn(*place, kTokens));
    const auto found = tokens.find(std::string(audience));
    if (found == tokens.end() || !found->is_object()) continue;
    if (std::string token = TextIn(*found, "token"); !token.empty()) return token;
  }
  return "";
}

// "420": JSON's decimal of 0644.
absl::StatusOr<int> ModeIn(std::string_view permission) {
  if (permission.empty()) return kDefaultMode;
  int mode = 0;
  if (!absl::SimpleAtoi(ToAbsl(permission), &mode) || mode < 0 || mode > kLargestMode) {
    return Invalid("ATTRIBUTES_INVALID", "the driver's permission must be a mode of 0 to 511");
  }
  return mode;
}

}  // namespace

absl::StatusOr<MountOrder> ParseMountOrder(std::string_view attributes, std::string_view secrets,
                                           std::string_view permission, std::string_view audience) {
  const json given = ParseObject(attributes);
  MountOrder order;
  order.namespace_name = TextIn(given, kNamespace);
  order.pod_name = TextIn(given, kPodName);
  order.pod_uid = TextIn(given, kPodUid);
  if (order.namespace_name.empty() || order.pod_name.empty() || order.pod_uid.empty()) {
    return Invalid("ATTRIBUTES_INVALID",
                   "the driver says nothing of the pod: the CSIDriver needs podInfoOnMount");
  }
  const absl::StatusOr<TenantId> tenant = TenantId::Parse(TextIn(given, "tenant"));
  if (!tenant.ok() || tenant->is_nil()) {
    return Invalid("TENANT_INVALID", "the SecretProviderClass needs the parameter tenant: ten_…");
  }
  order.tenant = *tenant;
  order.token = TokenIn(given, ParseObject(secrets), audience);
  if (order.token.empty()) {
    return Invalid("TOKEN_MISSING", StrCat("the CSIDriver must ask for tokens (tokenRequests) of "
                                           "the audience ",
                                           audience));
  }
  ASSIGN_OR_RETURN(const int mode, ModeIn(permission));
  ASSIGN_OR_RETURN(order.objects, ParseObjects(TextIn(given, "objects"), mode));
  return order;
}

std::string ObjectVersionOf(const MountObject& object, std::string_view secret_id,
                            uint32_t version) {
  // No field can hold a line feed.
  const std::string what = StrCat(secret_id, "\n", version, "\n", object.path, "\n", object.mode);
  return StrCat("v", version, "-", crypto::Hex(crypto::Sha256(what)).substr(0, kVersionDigits));
}

}  // namespace kasbah::csi_provider
