#pragma once

#include "kasbah/vault/v1/vault.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/outbox/audit_event.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/version_hints.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {

// A tenant's secrets, sealed under the tenant's key "secrets". A payload leaves only after the
// event that says so is committed.
class SecretService final : public v1::SecretService::CallbackService {
 public:
  SecretService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                KeyRing& ring, const RootKeys& root, const Clock& clock)
      : pipeline_(pipeline),
        database_(database),
        outbox_(outbox),
        ring_(ring),
        root_(root),
        clock_(clock) {}

  grpc::ServerUnaryReactor* CreateSecret(grpc::CallbackServerContext* context,
                                         const v1::CreateSecretRequest* request,
                                         v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Create, this);
  }
  grpc::ServerUnaryReactor* AddSecretVersion(grpc::CallbackServerContext* context,
                                             const v1::AddSecretVersionRequest* request,
                                             v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::AddVersion, this);
  }
  grpc::ServerUnaryReactor* AccessSecretVersion(grpc::CallbackServerContext* context,
                                                const v1::AccessSecretVersionRequest* request,
                                                v1::AccessSecretVersionResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Access, this);
  }
  grpc::ServerUnaryReactor* GetSecret(grpc::CallbackServerContext* context,
                                      const v1::GetSecretRequest* request,
                                      v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Get, this);
  }
  grpc::ServerUnaryReactor* ListSecrets(grpc::CallbackServerContext* context,
                                        const v1::ListSecretsRequest* request,
                                        v1::ListSecretsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::List, this);
  }
  grpc::ServerUnaryReactor* DestroySecretVersion(grpc::CallbackServerContext* context,
                                                 const v1::DestroySecretVersionRequest* request,
                                                 v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::DestroyVersion, this);
  }

 private:
  absl::StatusOr<v1::Secret> Create(const rpc::Call& call, const v1::CreateSecretRequest& request);
  absl::StatusOr<v1::SecretVersion> AddVersion(const rpc::Call& call,
                                               const v1::AddSecretVersionRequest& request);
  absl::StatusOr<v1::AccessSecretVersionResponse> Access(
      const rpc::Call& call, const v1::AccessSecretVersionRequest& request);
  absl::StatusOr<v1::Secret> Get(const rpc::Call& call, const v1::GetSecretRequest& request);
  absl::StatusOr<v1::ListSecretsResponse> List(const rpc::Call& call,
                                               const v1::ListSecretsRequest& request);
  absl::StatusOr<v1::SecretVersion> DestroyVersion(const rpc::Call& call,
                                                   const v1::DestroySecretVersionRequest& request);

  // Unsealed, and a caller who sees all of the tenant.
  absl::Status Admit(const rpc::Call& call) const;
  absl::StatusOr<KeyRing::Lease> SecretsKey(const rpc::Call& call);
  // The row, its event committed: in one round trip where a hint says what the name means, else in
  // two, leaving a hint.
  absl::StatusOr<SealedVersion> ReadAudited(const rpc::Call& call, const SecretRef& ref,
                                            uint32_t version);
  absl::StatusOr<SealedVersion> ReadExpected(const rpc::Call& call,
                                             const VersionHints::Hint& expected, uint32_t version);
  outbox::v1::AuditEvent EventOf(const rpc::Call& call, std::string_view action, SecretId secret,
                                 const std::string& path, uint32_t version) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  KeyRing& ring_;
  const RootKeys& root_;
  const Clock& clock_;
  VersionHints hints_;
};

}  // namespace kasbah::vault
