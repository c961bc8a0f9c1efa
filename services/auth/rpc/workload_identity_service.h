#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/denials.h"
#include "libs/postgres/database.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/store/workload_store.h"
#include "services/auth/trust/kubernetes_tokens.h"
#include "services/auth/trust/signing_key.h"

namespace kasbah::auth {

// Registered programs in, by certificate or by their pod's token; assertions out.
class WorkloadIdentityService : public v1::WorkloadIdentityService::CallbackService {
 public:
  // `identity` is auth's own: the issuer.
  WorkloadIdentityService(rpc::Pipeline& pipeline, postgres::Database& database,
                          const SigningKey& signing_key, KubernetesTokens& kubernetes,
                          outbox::CountedEvents& counted, rpc::SpiffeId identity,
                          const Clock& clock);

  grpc::ServerUnaryReactor* IssueWorkloadAssertion(
      grpc::CallbackServerContext* context, const v1::IssueWorkloadAssertionRequest* request,
      v1::IssueWorkloadAssertionResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadIdentityService::Issue, this);
  }
  grpc::ServerUnaryReactor* ExchangeKubernetesToken(
      grpc::CallbackServerContext* context, const v1::ExchangeKubernetesTokenRequest* request,
      v1::ExchangeKubernetesTokenResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &WorkloadIdentityService::Exchange, this);
  }

 private:
  using Known = WorkloadStore::Known;

  absl::StatusOr<v1::IssueWorkloadAssertionResponse> Issue(
      const rpc::Call& call, const v1::IssueWorkloadAssertionRequest& request);
  absl::StatusOr<v1::ExchangeKubernetesTokenResponse> Exchange(
      const rpc::Call& call, const v1::ExchangeKubernetesTokenRequest& request);

  // For `workload`, to the caller, dated `issue_time`: before the workload was looked up, so that
  // no revocation that the look missed is older. Counted under `action`.
  template <typename Response>
  absl::StatusOr<Response> Answer(const rpc::Call& call, const Known& workload,
                                  std::string_view action, const SigningKey::InUse& signer,
                                  absl::Time issue_time) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  const SigningKey& signing_key_;
  KubernetesTokens& kubernetes_;
  outbox::CountedEvents& counted_;
  const rpc::SpiffeId identity_;
  const Clock& clock_;
  const WorkloadStore workloads_{};
};

}  // namespace kasbah::auth
