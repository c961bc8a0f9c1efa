#include "libs/kept_values/kept_values.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/rpc/channel.h"

namespace kasbah::kept_values {
namespace {

using google::protobuf::Value;

constexpr size_t kMost = 100;
constexpr size_t kLargest = 65'536;

absl::StatusOr<std::string> TextOf(const Value& value, const Wish& wish) {
  std::string text;
  if (value.has_string_value()) {
    text = value.string_value();
  } else if (!google::protobuf::util::MessageToJsonString(value, &text).ok()) {
    return InvalidField(wish.field, "holds a value that is not JSON");
  }
  return text;
}

}  // namespace

absl::Status CheckWish(const rpc::Call& call, const Wish& wish) {
  if (wish.request_id.empty()) {
    return InvalidFields({{"request_id", "is needed beside move_to_vault", "REQUIRED"}});
  }
  if (call.Has(policy::v1::PERMISSION_SECRET_WRITE)) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
               "moving values into the vault takes the permission to write secrets");
}

absl::StatusOr<std::vector<Kept>> Keep(const rpc::Call& call, vault::v1::SecretService::Stub& vault,
                                       const Wish& wish, const std::vector<payload::Found>& found) {
  std::vector<Kept> all;
  if (found.empty()) return all;
  if (found.size() > kMost) {
    return InvalidField(wish.field, StrCat("has more than ", kMost, " values to move"));
  }
  vault::v1::KeepValuesRequest keep;
  keep.set_actor_kind(call.actor.kind);
  keep.set_actor_id(call.actor.id);
  keep.set_request_id(wish.request_id);
  for (size_t i = 0; i < found.size(); ++i) {
    auto* value = keep.add_values();
    value->set_path(StrCat(wish.path, "/", wish.request_id, "/", i + 1));
    ASSIGN_OR_RETURN(*value->mutable_payload(), TextOf(*found[i].value, wish));
    if (value->payload().empty() || value->payload().size() > kLargest) {
      return InvalidField(wish.field, StrCat("cannot be kept at ", found[i].path,
                                             ": a secret has 1 to ", kLargest, " bytes"));
    }
  }
  const absl::StatusOr<vault::v1::KeepValuesResponse> kept =
      rpc::Invoke(call, vault, &vault::v1::SecretService::Stub::KeepValues, keep);
  for (auto& value : *keep.mutable_values()) crypto::Wipe(*value.mutable_payload());
  RETURN_IF_ERROR(kept.status());
  if (static_cast<size_t>(kept->secret_ids_size()) != found.size()) {
    return absl::InternalError("the vault kept another number of values");
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const std::string& id = kept->secret_ids(static_cast<int>(i));
    found[i].value->set_string_value(id);
    all.push_back({found[i].path, id});
  }
  return all;
}

}  // namespace kasbah::kept_values
