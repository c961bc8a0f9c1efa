#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "kubernetes/secretsstore/v1alpha1/provider.grpc.pb.h"
#include "libs/base/call_context.h"
#include "services/csi_provider/domain/mount_order.h"
#include "services/csi_provider/rpc/secret_source.h"

namespace kasbah::csi_provider {

// The provider as the Secrets Store CSI driver calls it, on a Unix socket and without TLS or an
// identity: what a caller gets is decided by the pod's token that it brings. A volume is mounted
// whole or not at all.
//
// What may go away by itself (a service that restarts) is answered UNAVAILABLE, at which the driver
// tries again; anything else is MountResponse.error.code, the reason in UPPER_SNAKE, and said in
// full in the log. Neither holds a value or a token.
class ProviderService final : public v1alpha1::CSIDriverProvider::Service {
 public:
  ProviderService(const SecretSource& source, std::string audience)
      : source_(source), audience_(std::move(audience)) {}

  grpc::Status Version(grpc::ServerContext* context, const v1alpha1::VersionRequest* request,
                       v1alpha1::VersionResponse* reply) override;
  grpc::Status Mount(grpc::ServerContext* context, const v1alpha1::MountRequest* request,
                     v1alpha1::MountResponse* reply) override;

 private:
  // `order` is filled as far as it could be read, for the log.
  absl::Status Fill(const CallContext& call, const v1alpha1::MountRequest& request,
                    MountOrder* order, v1alpha1::MountResponse* reply) const;

  const SecretSource& source_;
  const std::string audience_;
};

}  // namespace kasbah::csi_provider
