#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/denials.h"
#include "libs/postgres/database.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/pipeline.h"
#include "services/auth/domain/api_key_text.h"
#include "services/auth/rpc/assertion_cache.h"
#include "services/auth/store/api_key_store.h"
#include "services/auth/store/workload_store.h"
#include "services/auth/trust/revocation_feed.h"
#include "services/auth/trust/signing_key.h"

namespace kasbah::auth {

// Credentials in, assertions out.
class CredentialService : public v1::CredentialService::CallbackService {
 public:
  // `identity` is auth's own: the issuer.
  CredentialService(rpc::Pipeline& pipeline, postgres::Database& database,
                    const SigningKey& signing_key, const RevocationFeed& revocations,
                    outbox::CountedEvents& counted, rpc::SpiffeId identity, const Clock& clock);

  grpc::ServerUnaryReactor* ResolveCredential(grpc::CallbackServerContext* context,
                                              const v1::ResolveCredentialRequest* request,
                                              v1::ResolveCredentialResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &CredentialService::Resolve, this);
  }

 private:
  using Issued = AssertionCache::Issued;
  struct Known {
    ApiKey key;
    // The registered workload that the caller is.
    std::optional<WorkloadId> workload;
  };

  absl::StatusOr<v1::ResolveCredentialResponse> Resolve(
      const rpc::Call& caller, const v1::ResolveCredentialRequest& request);
  absl::StatusOr<Issued> ResolveApiKey(const rpc::Call& call, const ApiKeyText& presented);
  // The key that was presented, if it is one; UNAUTHENTICATED otherwise, and counted.
  absl::StatusOr<Known> Authenticate(const rpc::Call& call, const ApiKeyText& presented,
                                     const std::string& hash);
  // The key, and the caller's workload, where it is a tenant's and registered: one round trip.
  absl::StatusOr<std::optional<ApiKeyStore::Credential>> Look(const CallContext& call,
                                                              const ApiKeyText& presented,
                                                              std::optional<WorkloadId>* workload);
  absl::StatusOr<Issued> Sign(const Known& known, TenantId tenant, const std::string& azp,
                              const SigningKey::InUse& signer, absl::Time issue_time) const;
  absl::Status Refuse(const CallContext& call, TenantId tenant);

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  const SigningKey& signing_key_;
  const RevocationFeed& revocations_;
  outbox::CountedEvents& counted_;
  const rpc::SpiffeId identity_;
  const Clock& clock_;
  const ApiKeyStore keys_{};
  const WorkloadStore workloads_{};
  AssertionCache cache_;
};

}  // namespace kasbah::auth
