#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/certificate_authority.h"
#include "libs/outbox/denials.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/key_service.h"
#include "services/vault/rpc/seal_service.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/subject_service.h"
#include "services/vault/store/vault_fixture.h"

namespace kasbah::vault {

// The vault's handlers behind the real pipeline and mutual TLS, over a real database. Callers are
// made by certificate; the gateway's calls carry an assertion of a user who may do everything.
class VaultServerTest : public VaultTest {
 protected:
  static constexpr char kDomain[] = "kasbah.dev";

  void SetUp() override {
    VaultTest::SetUp();
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-vault-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    authority_ = std::make_unique<dev::CertificateAuthority>(
        *dev::CertificateAuthority::Open(directory_ + "/ca"));
    counted_ =
        std::make_unique<outbox::CountedEvents>(*vault_->database, vault_->outbox, Clock::Real());
    StartServer();
  }
  void TearDown() override {
    channels_.clear();
    server_.reset();
    counted_.reset();
    std::filesystem::remove_all(directory_);
  }

  void StartServer() {
    rpc::Server::Options options;
    options.name = "kasbah-vault";
    options.config.listen = "127.0.0.1:0";
    options.config.admin_listen = "127.0.0.1:0";
    options.config.trust_domain = kDomain;
    options.config.tls_directory = Certificate("service/vault");
    const auto* file = v1::Secret::descriptor()->file();
    for (int i = 0; i < file->service_count(); ++i) options.descriptors.push_back(file->service(i));
    options.descriptors.push_back(subject::v1::Subject::descriptor()->file()->service(0));
    options.own_jwks = [this]() -> absl::StatusOr<std::string> {
      return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","x":")" +
             crypto::Base64Url(signer_.public_key()) + "\"}]}";
    };
    auto server = rpc::Server::Create(std::move(options));
    ASSERT_OK(server);
    server_ = *std::move(server);
    rpc::Pipeline& pipeline = server_->pipeline();
    secrets_ = std::make_unique<SecretService>(pipeline, *vault_->database, vault_->outbox,
                                               *vault_->ring, *vault_->root, Clock::Real());
    crypto_ = std::make_unique<CryptoService>(pipeline, *vault_->ring, *counted_);
    keys_ = std::make_unique<KeyService>(pipeline, *vault_->root, *vault_->ring, *vault_->keys);
    seal_ = std::make_unique<SealService>(pipeline, *vault_->root);
    subjects_ = std::make_unique<SubjectService>(pipeline, *vault_->database, vault_->outbox,
                                                 Clock::Real());
    ASSERT_OK(
        server_->Start({secrets_.get(), crypto_.get(), keys_.get(), seal_.get(), subjects_.get()},
                       [] { return ""; }));
  }

  // A directory with the certificate of `path`.
  std::string Certificate(const std::string& path) {
    std::string directory = directory_ + "/" + path;
    std::filesystem::create_directories(directory);
    EXPECT_OK(
        authority_->Issue({.uris = {std::string("spiffe://") + kDomain + "/" + path}}, directory));
    return directory;
  }

  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& path) {
    std::shared_ptr<grpc::Channel>& channel = channels_[path];
    if (channel == nullptr) {
      channel = *rpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                    std::string("spiffe://") + kDomain + "/service/vault",
                                    rpc::TlsFiles{Certificate(path)});
    }
    return channel;
  }

  // As the workload itself, for a tenant.
  template <typename Service, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> As(const std::string& path, TenantId tenant,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Reply*),
                           const Request& request) {
    const auto stub = Service::NewStub(ChannelOf(path));
    return rpc::Invoke(Call(tenant, path), *stub, method, request);
  }

  // As a user of the tenant, through the gateway.
  template <typename Service, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsUser(TenantId tenant,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Reply*),
                               const Request& request) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant));
    const auto stub = Service::NewStub(ChannelOf("service/gateway"));
    Reply reply;
    const absl::Status status =
        rpc::FromGrpcStatus((stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }

  std::string AssertionFor(TenantId tenant) {
    std::string& text = assertions_[tenant];
    if (!text.empty()) return text;
    rpc::Assertion assertion;
    assertion.actor_id = kUser;
    assertion.kind = policy::v1::ACTOR_KIND_USER;
    assertion.azp = std::string("spiffe://") + kDomain + "/service/gateway";
    assertion.tenant = tenant;
    assertion.customer = customer_;
    assertion.session_id = "ses_x";
    assertion.assurance = policy::v1::ASSURANCE_MULTI;
    assertion.permissions.set();
    assertion.issue_time = absl::Now();
    assertion.expire_time = assertion.issue_time + rpc::kAssertionLifetime;
    text = *rpc::EncodeAssertion(assertion, std::string("spiffe://") + kDomain + "/service/auth",
                                 kDomain, "test", Uuid::V7(absl::Now()).ToString(),
                                 [this](std::string_view input) -> absl::StatusOr<std::string> {
                                   return signer_.Sign(input);
                                 });
    return text;
  }

  static constexpr char kUser[] = "usr_01h455vb4pex5vsknk084sn02q";
  // Limits the user to one customer, when set before the first call.
  std::optional<CustomerId> customer_;
  std::string directory_;
  std::unique_ptr<dev::CertificateAuthority> authority_;
  const crypto::Ed25519Key signer_ = crypto::Ed25519Key::Generate();
  std::map<TenantId, std::string> assertions_;
  std::unique_ptr<outbox::CountedEvents> counted_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<SecretService> secrets_;
  std::unique_ptr<CryptoService> crypto_;
  std::unique_ptr<KeyService> keys_;
  std::unique_ptr<SealService> seal_;
  std::unique_ptr<SubjectService> subjects_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kasbah::vault
