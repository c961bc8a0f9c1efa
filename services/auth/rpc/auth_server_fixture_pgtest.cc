#include <stdlib.h>

#include "services/auth/rpc/auth_server_fixture.h"

namespace kasbah::auth {
namespace {

constexpr char kTrustDomain[] = "kasbah.dev";
constexpr char kIssuer[] = "spiffe://kasbah.dev/service/auth";

std::string MakeDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "kasbah-auth-XXXXXX";
  KASBAH_CHECK(mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

}  // namespace

AuthServer::AuthServer()
    : directory_(MakeDirectory()),
      counted_(std::make_unique<outbox::CountedEvents>(*database_, outbox_, Clock::Real())),
      key_store_(std::make_unique<SigningKeyStore>(*door_)),
      revocation_store_(std::make_unique<RevocationStore>(*door_)),
      users_(std::make_unique<UserDirectory>(*door_)),
      signing_key_(std::make_unique<SigningKey>(kIssuer, certifier_, *key_store_, Clock::Real())),
      key_set_(std::make_unique<KeySet>(kIssuer, certifier_, *key_store_, Clock::Real())) {
  rpc::Server::Options options = ServerOptions("service/auth");
  for (const auto* file :
       {v1::ApiKey::descriptor()->file(), subject::v1::Subject::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      options.descriptors.push_back(file->service(i));
    }
  }
  options.own_jwks = [this] { return key_set_->Jwks(); };
  auto server = rpc::Server::Create(std::move(options));
  EXPECT_OK(server);
  server_ = *std::move(server);
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
  trust_ = std::make_unique<TrustService>(pipeline, *key_set_, *feed_, clock);
  subjects_ = std::make_unique<SubjectService>(pipeline, *database_, *users_, outbox_, clock);
  EXPECT_OK(server_->Start(
      {credentials_.get(), api_keys_.get(), memberships_.get(), trust_.get(), subjects_.get()},
      [] { return ""; }));
}

AuthServer::~AuthServer() {
  channels_.clear();
  server_->Shutdown();
  counted_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string AuthServer::FilesOf(const std::string& path) {
  std::string name = path;
  for (char& c : name) c = c == '/' ? '-' : c;
  const std::string files = directory_ / name;
  if (!std::filesystem::exists(files)) {
    const auto authority = dev::CertificateAuthority::Open(directory_ / "ca");
    EXPECT_OK(authority);
    EXPECT_OK(
        authority->Issue({.uris = {std::string("spiffe://") + kTrustDomain + "/" + path}}, files));
  }
  return files;
}

rpc::Server::Options AuthServer::ServerOptions(const std::string& path) {
  rpc::Server::Options options;
  options.name = path;
  options.config.listen = "127.0.0.1:0";
  options.config.admin_listen = "127.0.0.1:0";
  options.config.tls_directory = FilesOf(path);
  options.config.trust_domain = kTrustDomain;
  options.config.drain = absl::Seconds(1);
  return options;
}

std::unique_ptr<rpc::Server> AuthServer::StartFollower(const std::string& path) {
  rpc::Server::Options options = ServerOptions(path);
  options.config.auth_address = "127.0.0.1:" + std::to_string(server_->port());
  auto follower = rpc::Server::Create(std::move(options));
  EXPECT_OK(follower);
  EXPECT_OK((*follower)->Start({}, [] { return ""; }));
  return *std::move(follower);
}

std::shared_ptr<grpc::Channel> AuthServer::ChannelAs(const std::string& path) {
  std::shared_ptr<grpc::Channel>& channel = channels_[path];
  if (channel == nullptr) {
    auto made = rpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), kIssuer,
                                   rpc::TlsFiles{FilesOf(path)});
    EXPECT_OK(made);
    channel = *made;
  }
  return channel;
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

std::string AuthServer::EventsOf(TenantId tenant, const std::string& action) {
  return test_database_->QueryValue("SELECT count(*) FROM auth.outbox WHERE tenant_id = '" +
                                    tenant.uuid().ToString() + "' AND position(convert_to('" +
                                    action + "', 'UTF8') IN payload) > 0");
}

}  // namespace kasbah::auth
