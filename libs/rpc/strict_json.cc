#include "libs/rpc/strict_json.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace kasbah::rpc {

absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text) {
  bool duplicate = false;
  std::vector<absl::flat_hash_set<std::string>> names;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) names.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) names.pop_back();
    if (event == nlohmann::json::parse_event_t::key) {
      duplicate |= !names.back().insert(value.get_ref<const std::string&>()).second;
    }
    return true;
  };
  nlohmann::json object = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
  if (object.is_discarded() || !object.is_object() || duplicate) {
    return absl::InvalidArgumentError("not a strict JSON object");
  }
  return object;
}

const std::string* FindString(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return nullptr;
  return found->get_ptr<const std::string*>();
}

}  // namespace kasbah::rpc
