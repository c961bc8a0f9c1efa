#pragma once

#include <functional>
#include <string>

#include "kasbah/vault/v1/secrets.grpc.pb.h"
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
                KeyRing& ring, const RootKeys& root, const Clock& clock);

  grpc::ServerUnaryReactor* CreateSecret(grpc::CallbackServerContext* context,
                                         const v1::CreateSecretRequest* request,
                                         v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Create, this);
  }
  grpc::ServerUnaryReactor* KeepValues(grpc::CallbackServerContext* context,
                                       const v1::KeepValuesRequest* request,
                                       v1::KeepValuesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Keep, this);
  }
  grpc::ServerUnaryReactor* UpdateSecret(grpc::CallbackServerContext* context,
                                         const v1::UpdateSecretRequest* request,
                                         v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Update, this);
  }
  grpc::ServerUnaryReactor* SetSecretGrants(grpc::CallbackServerContext* context,
                                            const v1::SetSecretGrantsRequest* request,
                                            v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::SetGrants, this);
  }
  grpc::ServerUnaryReactor* DeleteSecret(grpc::CallbackServerContext* context,
                                         const v1::DeleteSecretRequest* request,
                                         v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Delete, this);
  }
  grpc::ServerUnaryReactor* UndeleteSecret(grpc::CallbackServerContext* context,
                                           const v1::UndeleteSecretRequest* request,
                                           v1::Secret* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Undelete, this);
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
  grpc::ServerUnaryReactor* AddSecretVersion(grpc::CallbackServerContext* context,
                                             const v1::AddSecretVersionRequest* request,
                                             v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::AddVersion, this);
  }
  grpc::ServerUnaryReactor* GetSecretVersion(grpc::CallbackServerContext* context,
                                             const v1::GetSecretVersionRequest* request,
                                             v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::GetVersion, this);
  }
  grpc::ServerUnaryReactor* AccessSecretVersion(grpc::CallbackServerContext* context,
                                                const v1::AccessSecretVersionRequest* request,
                                                v1::AccessSecretVersionResponse* reply) override {
    return pipeline_.RunShared(context, *request, reply, &SecretService::StartAccess,
                               &SecretService::Access, this);
  }
  grpc::ServerUnaryReactor* EnableSecretVersion(grpc::CallbackServerContext* context,
                                                const v1::EnableSecretVersionRequest* request,
                                                v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Enable, this);
  }
  grpc::ServerUnaryReactor* DisableSecretVersion(grpc::CallbackServerContext* context,
                                                 const v1::DisableSecretVersionRequest* request,
                                                 v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Disable, this);
  }
  grpc::ServerUnaryReactor* DestroySecretVersion(grpc::CallbackServerContext* context,
                                                 const v1::DestroySecretVersionRequest* request,
                                                 v1::SecretVersion* reply) override {
    return pipeline_.Run(context, *request, reply, &SecretService::Destroy, this);
  }

 private:
  // secret_service.cc
  absl::StatusOr<v1::Secret> Create(const rpc::Call& call, const v1::CreateSecretRequest& request);
  absl::StatusOr<v1::Secret> Update(const rpc::Call& call, const v1::UpdateSecretRequest& request);
  absl::StatusOr<v1::Secret> SetGrants(const rpc::Call& call,
                                       const v1::SetSecretGrantsRequest& request);
  absl::StatusOr<v1::Secret> Delete(const rpc::Call& call, const v1::DeleteSecretRequest& request);
  absl::StatusOr<v1::Secret> Undelete(const rpc::Call& call,
                                      const v1::UndeleteSecretRequest& request);
  absl::StatusOr<v1::Secret> Get(const rpc::Call& call, const v1::GetSecretRequest& request);
  absl::StatusOr<v1::ListSecretsResponse> List(const rpc::Call& call,
                                               const v1::ListSecretsRequest& request);

  // secret_versions.cc
  absl::StatusOr<v1::SecretVersion> AddVersion(const rpc::Call& call,
                                               const v1::AddSecretVersionRequest& request);
  absl::StatusOr<v1::SecretVersion> GetVersion(const rpc::Call& call,
                                               const v1::GetSecretVersionRequest& request);
  absl::StatusOr<v1::AccessSecretVersionResponse> Access(
      const rpc::Call& call, const v1::AccessSecretVersionRequest& request);
  // The same where key and secret are known here, which nearly all are.
  void StartAccess(const rpc::Call& call, const v1::AccessSecretVersionRequest& request,
                   rpc::Answer<v1::AccessSecretVersionResponse> answer);
  absl::StatusOr<v1::SecretVersion> Enable(const rpc::Call& call,
                                           const v1::EnableSecretVersionRequest& request);
  absl::StatusOr<v1::SecretVersion> Disable(const rpc::Call& call,
                                            const v1::DisableSecretVersionRequest& request);
  absl::StatusOr<v1::SecretVersion> Destroy(const rpc::Call& call,
                                            const v1::DestroySecretVersionRequest& request);

  // Unsealed, and a caller who sees all of the tenant.
  absl::Status Admit(const rpc::Call& call) const;
  absl::StatusOr<KeyRing::Lease> SecretsKey(const rpc::Call& call);

  // A secret held for a change that the caller may make, as `etag` (where not empty) says it is.
  absl::StatusOr<v1::KeepValuesResponse> Keep(const rpc::Call& call,
                                              const v1::KeepValuesRequest& request);
  absl::StatusOr<Secret> Hold(postgres::Transaction& tx, const rpc::Call& call,
                              const SecretRef& ref, const std::string& etag) const;
  // Holds a secret, lets `change` change it and saves it, with its event.
  using SecretChange = std::function<absl::Status(postgres::Transaction&, Secret&)>;
  absl::StatusOr<v1::Secret> Change(const rpc::Call& call, const std::string& secret,
                                    const std::string& etag, std::string_view action,
                                    const SecretChange& change);
  // The same for a version. `change` says whether the payload is to be destroyed.
  using VersionChange = std::function<absl::StatusOr<bool>(const Secret&, SecretVersion&)>;
  absl::StatusOr<v1::SecretVersion> ChangeVersion(const rpc::Call& call, const std::string& secret,
                                                  uint32_t version, std::string_view action,
                                                  const VersionChange& change);

  // What a request_id that came before did; nothing where it is new.
  absl::StatusOr<std::optional<v1::Secret>> Replayed(const rpc::Call& call,
                                                     const v1::CreateSecretRequest& request);
  absl::Status CheckSamePayload(const KeyLease& key, const SealedVersion& row,
                                std::string_view payload) const;

  // The row, its event committed: in one round trip where a hint says what the name means, else in
  // two, leaving a hint.
  absl::StatusOr<SealedVersion> ReadAudited(const rpc::Call& call, const SecretRef& ref,
                                            uint32_t version);
  absl::StatusOr<postgres::Pending<SealedVersion>> QueueExpected(postgres::Transaction& tx,
                                                                 const rpc::Call& call,
                                                                 const VersionHints::Hint& expected,
                                                                 uint32_t version);
  // What a caller gets of a row whose event is committed.
  absl::StatusOr<v1::AccessSecretVersionResponse> Show(const rpc::Call& call, KeyRing::Lease key,
                                                       const SealedVersion& row) const;
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
