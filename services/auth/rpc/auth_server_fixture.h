#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/auth/v1/workloads.grpc.pb.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/outbox/denials.h"
#include "libs/outbox/outbox.h"
#include "libs/testing/kubernetes_cluster.h"
#include "libs/testing/server_harness.h"
#include "services/auth/rpc/api_key_service.h"
#include "services/auth/rpc/credential_service.h"
#include "services/auth/rpc/membership_service.h"
#include "services/auth/rpc/subject_service.h"
#include "services/auth/rpc/trust_service.h"
#include "services/auth/rpc/workload_identity_service.h"
#include "services/auth/rpc/workload_service.h"
#include "services/auth/store/auth_database_fixture.h"
#include "services/auth/trust/certifier_fixture.h"

namespace kasbah::auth {

// auth as a server on loopback, with its pipeline, mutual TLS and database; the vault alone is
// stood in for. Readings and renewals happen when a test asks for them.
class AuthServer : public AuthDatabase, protected testing::ServerHarness {
 protected:
  AuthServer();
  ~AuthServer() override;

  // Calls `method` as `path`, for `tenant` unless it is nil, with the assertion unless it is empty.
  template <typename Service, typename Request, typename Reply>
  absl::StatusOr<Reply> Call(const std::string& path, TenantId tenant,
                             grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Reply*),
                             const Request& request, const std::string& assertion = "") {
    return CallOn<Service>(ChannelOf(path), tenant, method, request, assertion);
  }
  template <typename Service, typename Request, typename Reply>
  static absl::StatusOr<Reply> CallOn(const std::shared_ptr<grpc::Channel>& channel,
                                      TenantId tenant,
                                      grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                            const Request&, Reply*),
                                      const Request& request, const std::string& assertion = "") {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Deadline()));
    if (!tenant.is_nil()) context.AddMetadata("kasbah-tenant", tenant.ToString());
    if (!assertion.empty()) context.AddMetadata("authorization", "Bearer " + assertion);
    Reply reply;
    const auto stub = Service::NewStub(channel);
    absl::Status status = rpc::FromGrpcStatus((stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }

  absl::StatusOr<v1::CreateApiKeyResponse> MakeKey(TenantId tenant, v1::Role role);
  absl::StatusOr<v1::ResolveCredentialResponse> Resolve(const std::string& path,
                                                        const std::string& api_key);
  absl::StatusOr<v1::Membership> AddMember(TenantId tenant, const std::string& email,
                                           v1::Role role);
  absl::StatusOr<v1::Workload> MakeWorkload(
      TenantId tenant, const std::string& name,
      const std::vector<v1::KubernetesServiceAccount>& accounts = {});
  // What the program of this name gets by its certificate.
  absl::StatusOr<v1::IssueWorkloadAssertionResponse> IssueTo(TenantId tenant,
                                                             const std::string& name);
  // How many events with this action the tenant's outbox holds.
  std::string EventsOf(TenantId tenant, const std::string& action);

  // Another service's server, which follows auth as all do.
  std::unique_ptr<rpc::Server> StartFollower(const std::string& path);

  static constexpr char kAudience[] = "kasbah";

  // The cluster that auth is set up for.
  testing::KubernetesCluster cluster_{"https://cluster.example",
                                      testing::KubernetesCluster::Algorithm::kEs256};
  std::unique_ptr<KubernetesTokens> kubernetes_;
  CertifierFixture certifier_;
  outbox::Outbox outbox_{"auth"};
  std::unique_ptr<outbox::CountedEvents> counted_;
  std::unique_ptr<SigningKeyStore> key_store_;
  std::unique_ptr<RevocationStore> revocation_store_;
  std::unique_ptr<UserDirectory> users_;
  std::unique_ptr<SigningKey> signing_key_;
  std::unique_ptr<KeySet> key_set_;
  std::unique_ptr<RevocationFeed> feed_;
  std::unique_ptr<CredentialService> credentials_;
  std::unique_ptr<ApiKeyService> api_keys_;
  std::unique_ptr<MembershipService> memberships_;
  std::unique_ptr<WorkloadService> workloads_;
  std::unique_ptr<WorkloadIdentityService> identities_;
  std::unique_ptr<TrustService> trust_;
  std::unique_ptr<SubjectService> subjects_;
};

}  // namespace kasbah::auth
