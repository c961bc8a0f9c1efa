#include "libs/rpc/policy_table.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/field_rules.h"

namespace kasbah::rpc {
namespace {

using policy::v1::Access;
using policy::v1::ActorKind;

bool IsPeerPattern(std::string_view pattern) {
  if (pattern == "service/*" || pattern == "operator/*" || pattern == "tenant/*") return true;
  const bool named = pattern.starts_with("service/") || pattern.starts_with("operator/");
  return named && !pattern.ends_with("/") && pattern.find('*') == std::string_view::npos;
}

void CheckAccess(const std::string& name, const Access& access, std::vector<std::string>* faults) {
  const auto fault = [&](std::string_view what) { faults->push_back(StrCat(name, " ", what)); };
  if (access.peers().empty()) fault("names no peers");
  for (const std::string& peer : access.peers()) {
    if (!IsPeerPattern(peer)) fault(StrCat("names a peer that cannot be: ", peer));
  }
  for (const std::string& peer : access.forwarders()) {
    if (!IsPeerPattern(peer)) fault(StrCat("names a forwarder that cannot be: ", peer));
  }
  if (access.actors().empty()) fault("names no actors");
  for (int kind : access.actors()) {
    if (kind == policy::v1::ACTOR_KIND_UNSPECIFIED || !policy::v1::ActorKind_IsValid(kind)) {
      fault("names an actor that cannot be");
    }
  }
  if (access.scope() == policy::v1::SCOPE_UNSPECIFIED) fault("has no scope");
  if (access.audit() == policy::v1::AUDIT_CLASS_UNSPECIFIED) fault("has no audit class");
  if (access.rate() == policy::v1::RATE_TIER_UNSPECIFIED) fault("has no rate tier");
  if (HasTenantActor(access) && access.permission() == policy::v1::PERMISSION_UNSPECIFIED) {
    fault("lets a tenant's actor in without a permission");
  }
  if (access.registered_workload() &&
      (access.scope() != policy::v1::SCOPE_TENANT || !access.forwarders().empty())) {
    fault("is for registered workloads, so for one tenant and by nobody who forwards");
  }
}

}  // namespace

bool HasTenantActor(const Access& access) {
  return std::ranges::any_of(access.actors(), [](int kind) {
    return kind == policy::v1::ACTOR_KIND_API_KEY || kind == policy::v1::ACTOR_KIND_USER ||
           kind == policy::v1::ACTOR_KIND_EMBED || kind == policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
  });
}

absl::StatusOr<PolicyTable> PolicyTable::Create(
    const std::vector<const google::protobuf::ServiceDescriptor*>& services) {
  PolicyTable table;
  std::vector<std::string> faults;
  for (const google::protobuf::ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      auto policy = std::make_unique<MethodPolicy>();
      policy->method = service->method(i);
      policy->name = StrCat(service->full_name(), "/", policy->method->name());
      const google::protobuf::MethodOptions& options = policy->method->options();
      if (!options.HasExtension(policy::v1::access)) {
        faults.push_back(StrCat(policy->name, " declares no access"));
        continue;
      }
      policy->access = options.GetExtension(policy::v1::access);
      CheckAccess(policy->name, policy->access, &faults);
      if (absl::Status rules = FieldRules().Add(policy->method->input_type()); !rules.ok()) {
        faults.push_back(std::string(rules.message()));
      }
      const auto [entry, added] =
          table.by_request_.emplace(policy->method->input_type(), policy.get());
      if (!added) {
        faults.push_back(
            StrCat(policy->name, " shares its request type with ", entry->second->name));
      }
      table.methods_.push_back(std::move(policy));
    }
  }
  if (faults.empty()) return table;
  std::string message = "the server cannot start:";
  for (const std::string& fault : faults) StrAppend(&message, " ", fault, ";");
  message.pop_back();
  return Error(absl::StatusCode::kFailedPrecondition, "POLICY_MISSING", message);
}

const MethodPolicy* PolicyTable::Find(const google::protobuf::Descriptor* request) const {
  const auto found = by_request_.find(request);
  return found == by_request_.end() ? nullptr : found->second;
}

}  // namespace kasbah::rpc
