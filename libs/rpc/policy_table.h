#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "kasbah/policy/v1/policy.pb.h"

namespace kasbah::rpc {

// One method and what its proto demands.
struct MethodPolicy {
  // "kasbah.vault.v1.SecretService/AddSecretVersion".
  std::string name;
  const google::protobuf::MethodDescriptor* method = nullptr;
  policy::v1::Access access;
};

// Whether any actor that comes with an assertion is among them.
bool HasTenantActor(const policy::v1::Access& access);

// The policies of the services that a process serves, read from their descriptors once. Immutable.
class PolicyTable {
 public:
  // FAILED_PRECONDITION, naming each, when a method has no policy, one without peers, actors,
  // scope, audit class or rate tier, a tenant's actor without a permission, registered workloads
  // outside one tenant's scope, a rule that does not fit its field, or a request type that another
  // method uses too.
  static absl::StatusOr<PolicyTable> Create(
      const std::vector<const google::protobuf::ServiceDescriptor*>& services);

  // By the request's type, which one method alone has. Null when not served.
  const MethodPolicy* Find(const google::protobuf::Descriptor* request) const;
  const std::vector<std::unique_ptr<MethodPolicy>>& methods() const { return methods_; }

 private:
  std::vector<std::unique_ptr<MethodPolicy>> methods_;
  absl::flat_hash_map<const google::protobuf::Descriptor*, const MethodPolicy*> by_request_;
};

}  // namespace kasbah::rpc
