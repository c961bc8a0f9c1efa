#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/call_context.h"
#include "services/csi_provider/domain/mount_order.h"

namespace kasbah::csi_provider {

// Where values come from: a pod's token becomes its workload's assertion at auth, and with that the
// vault shows what the workload may read. Keeps nothing. Thread safe.
class SecretSource {
 public:
  SecretSource(std::shared_ptr<grpc::Channel> auth, std::shared_ptr<grpc::Channel> vault)
      : auth_(auth::v1::WorkloadIdentityService::NewStub(auth)),
        vault_(vault::v1::SecretService::NewStub(vault)) {}

  // For the pod of `order`. Deadline and request id are `call`'s.
  absl::StatusOr<std::string> AssertionFor(const CallContext& call, const MountOrder& order) const;
  absl::StatusOr<vault::v1::AccessSecretVersionResponse> Read(const CallContext& call,
                                                              const std::string& assertion,
                                                              const MountObject& object) const;

 private:
  const std::unique_ptr<auth::v1::WorkloadIdentityService::Stub> auth_;
  const std::unique_ptr<vault::v1::SecretService::Stub> vault_;
};

}  // namespace kasbah::csi_provider
