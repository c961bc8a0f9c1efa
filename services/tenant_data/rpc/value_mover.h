#pragma once

#include <google/protobuf/struct.pb.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/rpc/call.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// Moves members of JSON values whose names say that they are secrets into the vault, where a call
// wishes it, instead of having them taken out. Thread safe.
class ValueMover {
 public:
  // A channel to the vault.
  explicit ValueMover(std::shared_ptr<grpc::Channel> vault);

  // Secrets are made below `path` (empty: nothing is moved) and named by `request_id`, a UUID;
  // their ids stand in `values` then, which were found valid. What kept_values::Keep says of
  // errors.
  absl::StatusOr<std::vector<v1::MovedValue>> Move(const rpc::Call& call, const RuleTable& rules,
                                                   const std::string& path,
                                                   const std::string& request_id,
                                                   google::protobuf::Struct* values);

 private:
  const std::unique_ptr<vault::v1::SecretService::Stub> vault_;
};

}  // namespace kasbah::tenantdata
