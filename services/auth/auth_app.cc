#include "services/auth/auth_app.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
#include "services/auth/rpc/api_key_service.h"
#include "services/auth/rpc/credential_service.h"
#include "services/auth/rpc/membership_service.h"
#include "services/auth/rpc/subject_service.h"
#include "services/auth/rpc/trust_service.h"
#include "services/auth/rpc/workload_identity_service.h"
#include "services/auth/rpc/workload_service.h"
#include "services/auth/store/revocation_store.h"
#include "services/auth/store/signing_key_store.h"
#include "services/auth/store/user_directory.h"
#include "services/auth/trust/key_set.h"
#include "services/auth/trust/kubernetes_tokens.h"
#include "services/auth/trust/revocation_feed.h"
#include "services/auth/trust/signing_key.h"
#include "services/auth/trust/vault_certifier.h"

namespace kasbah::auth {
namespace {

// auth's own verifier reads auth's own keys, but is built before them.
class OwnJwks {
 public:
  void Set(KeySet* keys) {
    absl::MutexLock lock(&mutex_);
    keys_ = keys;
  }
  absl::StatusOr<std::string> Fetch() {
    absl::MutexLock lock(&mutex_);
    if (keys_ == nullptr) {
      return Error(absl::StatusCode::kUnavailable, "SIGNING_KEY_UNAVAILABLE", "auth is starting");
    }
    return keys_->Jwks();
  }

 private:
  absl::Mutex mutex_;
  KeySet* keys_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  const auto* auth = v1::ApiKey::descriptor()->file();
  const auto* workloads = v1::Workload::descriptor()->file();
  const auto* subject = subject::v1::Subject::descriptor()->file();
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const auto* file : {auth, workloads, subject}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

}  // namespace

absl::Status Run(const AuthConfig& config) {
  OwnJwks own_jwks;
  ASSIGN_OR_RETURN(const auto service,
                   service::Service::Create({.schema = "auth",
                                             .config = config.service,
                                             .descriptors = Descriptors(),
                                             .own_jwks = [&] { return own_jwks.Fetch(); }}));
  const Clock& clock = service->clock();
  ASSIGN_OR_RETURN(const auto door,
                   service->OpenDoor(config.resolver, postgres::DoorToken::AuthResolver()));
  ASSIGN_OR_RETURN(const auto vault, service->ChannelTo("vault", config.service.vault_address));
  const rpc::SpiffeId identity = service->server().identity();
  ASSIGN_OR_RETURN(const auto kubernetes, KubernetesTokens::Create(config.kubernetes, clock));

  UserDirectory users(*door);
  RevocationStore revocation_store(*door);
  SigningKeyStore key_store(*door);
  VaultCertifier certifier(vault);
  SigningKey signing_key(identity.ToString(), certifier, key_store, clock);
  KeySet key_set(identity.ToString(), certifier, key_store, clock);
  own_jwks.Set(&key_set);

  rpc::AssertionVerifier& verifier = service->server().assertions();
  RevocationFeed feed(revocation_store, clock, [&](const std::vector<Revocation>& news) {
    for (const Revocation& revocation : news) {
      verifier.Revoke(revocation.subject, revocation.not_before);
    }
    verifier.RevocationsFresh();
  });

  // The vault may start after us: the first key is made when it answers.
  const service::Periodic renew(absl::Seconds(1), "signing key renewal",
                                [&] { return signing_key.RenewIfDue(); });
  const service::Periodic read(absl::Seconds(1), "reading revocations",
                               [&] { return feed.Poll(); });
  const service::Periodic prune(absl::Minutes(1), "pruning revocations",
                                [&] { return feed.Prune(); });

  CredentialService credentials(service->pipeline(), service->database(), signing_key, feed,
                                service->counted(), identity, clock);
  ApiKeyService api_keys(service->pipeline(), service->database(), service->outbox(), clock);
  MembershipService memberships(service->pipeline(), service->database(), users, service->outbox(),
                                clock);
  WorkloadService workloads(service->pipeline(), service->database(), service->outbox(),
                            identity.domain, clock);
  WorkloadIdentityService identities(service->pipeline(), service->database(), signing_key,
                                     *kubernetes, service->counted(), identity, clock);
  TrustService trust(service->pipeline(), key_set, feed, clock);
  SubjectService subjects(service->pipeline(), service->database(), users, service->outbox(),
                          clock);

  const absl::Status served = service->Run(
      {&credentials, &api_keys, &memberships, &workloads, &identities, &trust, &subjects});
  own_jwks.Set(nullptr);
  return served;
}

}  // namespace kasbah::auth
