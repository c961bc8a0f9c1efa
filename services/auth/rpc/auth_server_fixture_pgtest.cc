#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "services/auth/rpc/auth_server_fixture.h"

namespace kasbah::auth {
namespace {

constexpr char kIssuer[] = "spiffe://kasbah.dev/service/auth";

// Read once, at the beginning.
std::unique_ptr<KubernetesTokens> TokensOf(const testing::KubernetesCluster& cluster,
                                           const std::string& audience) {
  const std::string path = ::testing::TempDir() + "/jwks-" + std::to_string(getpid());
  std::ofstream(path) << cluster.Jwks();
  auto tokens = KubernetesTokens::Create({{cluster.issuer(), audience, path}}, Clock::Real());
  EXPECT_OK(tokens);
  return *std::move(tokens);
}

}  // namespace

AuthServer::AuthServer()
    : ServerHarness("auth"),
      counted_(std::make_unique<outbox::CountedEvents>(*database_, outbox_, Clock::Real())),
      key_store_(std::make_unique<SigningKeyStore>(*door_)),
      revocation_store_(std::make_unique<RevocationStore>(*door_)),
      users_(std::make_unique<UserDirectory>(*door_)),
      signing_key_(std::make_unique<SigningKey>(kIssuer, certifier_, *key_store_, Clock::Real())),
      key_set_(std::make_unique<KeySet>(kIssuer, certifier_, *key_store_, Clock::Real())) {
  rpc::Server::Options options = ServerOptions("service/auth");
  options.own_jwks = [this] { return key_set_->Jwks(); };
  CreateServer(std::move(options),
               {v1::ApiKey::descriptor()->file(), v1::Workload::descriptor()->file(),
                subject::v1::Subject::descriptor()->file()});
  feed_ = std::make_unique<RevocationFeed>(
      *revocation_store_, Clock::Real(), [this](const std::vector<Revocation>& news) {
        for (const auto& revocation : news) {
          server_->assertions().Revoke(revocation.subject, revocation.not_before);
        }
        server_->assertions().RevocationsFresh();
      });
  EXPECT_OK(signing_key_->RenewIfDue());
  EXPECT_OK(feed_->Poll());

  rpc::Pipeline& pipeline = server_->pipeline();
  const Clock& clock = Clock::Real();
  credentials_ = std::make_unique<CredentialService>(pipeline, *database_, *signing_key_, *feed_,
                                                     *counted_, server_->identity(), clock);
  api_keys_ = std::make_unique<ApiKeyService>(pipeline, *database_, outbox_, clock);
  memberships_ = std::make_unique<MembershipService>(pipeline, *database_, *users_, outbox_, clock);
  kubernetes_ = TokensOf(cluster_, kAudience);
  workloads_ = std::make_unique<WorkloadService>(pipeline, *database_, outbox_,
                                                 server_->identity().domain, clock);
  identities_ = std::make_unique<WorkloadIdentityService>(
      pipeline, *database_, *signing_key_, *kubernetes_, *counted_, server_->identity(), clock);
  trust_ = std::make_unique<TrustService>(pipeline, *key_set_, *feed_, clock);
  subjects_ = std::make_unique<SubjectService>(pipeline, *database_, *users_, outbox_, clock);
  Serve({credentials_.get(), api_keys_.get(), memberships_.get(), workloads_.get(),
         identities_.get(), trust_.get(), subjects_.get()});
}

AuthServer::~AuthServer() {
  StopServer();
  counted_.reset();
}

std::unique_ptr<rpc::Server> AuthServer::StartFollower(const std::string& path) {
  rpc::Server::Options options = ServerOptions(path);
  // Its keys come from auth.
  options.own_jwks = nullptr;
  options.config.auth_address = "127.0.0.1:" + std::to_string(server_->port());
  auto follower = rpc::Server::Create(std::move(options));
  EXPECT_OK(follower);
  EXPECT_OK((*follower)->Start({}, [] { return ""; }));
  return *std::move(follower);
}

absl::StatusOr<v1::CreateApiKeyResponse> AuthServer::MakeKey(TenantId tenant, v1::Role role) {
  v1::CreateApiKeyRequest request;
  request.set_display_name("import");
  request.set_role(role);
  return Call<v1::ApiKeyService>("operator/ada", tenant, &v1::ApiKeyService::Stub::CreateApiKey,
                                 request);
}

absl::StatusOr<v1::ResolveCredentialResponse> AuthServer::Resolve(const std::string& path,
                                                                  const std::string& api_key) {
  v1::ResolveCredentialRequest request;
  request.set_api_key(api_key);
  return Call<v1::CredentialService>(path, TenantId(),
                                     &v1::CredentialService::Stub::ResolveCredential, request);
}

absl::StatusOr<v1::Membership> AuthServer::AddMember(TenantId tenant, const std::string& email,
                                                     v1::Role role) {
  v1::CreateMembershipRequest request;
  request.set_email(email);
  request.set_display_name("Somebody");
  request.set_role(role);
  return Call<v1::MembershipService>("operator/ada", tenant,
                                     &v1::MembershipService::Stub::CreateMembership, request);
}

absl::StatusOr<v1::Workload> AuthServer::MakeWorkload(
    TenantId tenant, const std::string& name,
    const std::vector<v1::KubernetesServiceAccount>& accounts) {
  v1::CreateWorkloadRequest request;
  request.set_name(name);
  for (const auto& account : accounts) *request.add_kubernetes() = account;
  return Call<v1::WorkloadService>("operator/ada", tenant,
                                   &v1::WorkloadService::Stub::CreateWorkload, request);
}

absl::StatusOr<v1::IssueWorkloadAssertionResponse> AuthServer::IssueTo(TenantId tenant,
                                                                       const std::string& name) {
  return Call<v1::WorkloadIdentityService>(
      "tenant/" + tenant.ToString() + "/workload/" + name, TenantId(),
      &v1::WorkloadIdentityService::Stub::IssueWorkloadAssertion,
      v1::IssueWorkloadAssertionRequest());
}

std::string AuthServer::EventsOf(TenantId tenant, const std::string& action) {
  return test_database_->QueryValue("SELECT count(*) FROM auth.outbox WHERE tenant_id = '" +
                                    tenant.uuid().ToString() + "' AND position(convert_to('" +
                                    action + "', 'UTF8') IN payload) > 0");
}

}  // namespace kasbah::auth
