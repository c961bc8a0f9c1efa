#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "services/webhook/rpc/delivery_service.h"
#include "services/webhook/rpc/endpoint_service.h"
#include "services/webhook/rpc/receiver_service.h"
#include "services/webhook/rpc/subject_service.h"
#include "services/webhook/store/webhook_fixture.h"

namespace kasbah::webhook {

// Stands where the vault would: seals nothing, but keeps what it was asked.
class RecordingVault final : public vault::v1::CryptoService::Service {
 public:
  grpc::Status Encrypt(grpc::ServerContext* context, const vault::v1::EncryptRequest* request,
                       vault::v1::EncryptResponse* reply) override {
    const auto tenant = context->client_metadata().find("kasbah-tenant");
    if (tenant != context->client_metadata().end()) {
      last_tenant = std::string(tenant->second.data(), tenant->second.size());
    }
    last = *request;
    reply->set_ciphertext("sealed:" + request->plaintext());
    return grpc::Status::OK;
  }
  vault::v1::EncryptRequest last;
  std::string last_tenant;
};

// The handlers behind the real pipeline and mutual TLS, over a real database.
class WebhookServerTest : public WebhookTest {
 protected:
  static constexpr char kDomain[] = "kasbah.dev";

  void SetUp() override {
    WebhookTest::SetUp();
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-webhook-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    authority_ = std::make_unique<dev::CertificateAuthority>(
        *dev::CertificateAuthority::Open(directory_ + "/ca"));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&vault_);
    vault_server_ = builder.BuildAndStart();
    vault_channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials());
    StartServer();
  }
  void TearDown() override {
    channels_.clear();
    server_.reset();
    vault_server_->Shutdown();
    std::filesystem::remove_all(directory_);
  }

  void StartServer() {
    rpc::Server::Options options;
    options.name = "kasbah-webhook";
    options.config.listen = "127.0.0.1:0";
    options.config.admin_listen = "127.0.0.1:0";
    options.config.trust_domain = kDomain;
    options.config.tls_directory = Certificate("service/webhook");
    const auto* file = v1::Endpoint::descriptor()->file();
    for (int i = 0; i < file->service_count(); ++i) options.descriptors.push_back(file->service(i));
    options.descriptors.push_back(outbox::v1::Entry::descriptor()->file()->service(0));
    options.descriptors.push_back(subject::v1::Subject::descriptor()->file()->service(0));
    options.own_jwks = [this]() -> absl::StatusOr<std::string> {
      return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","x":")" +
             crypto::Base64Url(signer_.public_key()) + "\"}]}";
    };
    auto server = rpc::Server::Create(std::move(options));
    ASSERT_OK(server);
    server_ = *std::move(server);
    rpc::Pipeline& pipeline = server_->pipeline();
    endpoint_service_ = std::make_unique<EndpointService>(
        pipeline, *database_, outbox_, vault_channel_, http::UrlRules{},
        http::AddressGuard::Create({}).value(), Clock::Real());
    delivery_service_ = std::make_unique<DeliveryService>(pipeline, *database_);
    receiver_service_ = std::make_unique<ReceiverService>(
        pipeline, *queue_, [this] { ++received_; }, Clock::Real());
    subject_service_ =
        std::make_unique<SubjectService>(pipeline, *database_, outbox_, Clock::Real());
    ASSERT_OK(server_->Start({endpoint_service_.get(), delivery_service_.get(),
                              receiver_service_.get(), subject_service_.get()},
                             [] { return ""; }));
  }

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
                                    std::string("spiffe://") + kDomain + "/service/webhook",
                                    rpc::TlsFiles{Certificate(path)});
    }
    return channel;
  }

  // As the workload itself, for a tenant or none.
  template <typename Service, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> As(const std::string& path, TenantId tenant,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Reply*),
                           const Request& request) {
    const auto stub = Service::NewStub(ChannelOf(path));
    return rpc::Invoke(CallContext::ForBackground(path, tenant, Soon()), *stub, method, request);
  }

  // As a user of the tenant, through the gateway.
  template <typename Service, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsUser(TenantId tenant,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Reply*),
                               const Request& request) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Soon()));
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant));
    const auto stub = Service::NewStub(ChannelOf("service/gateway"));
    Reply reply;
    const absl::Status status =
        rpc::FromGrpcStatus((stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }

  std::string AssertionFor(TenantId tenant) {
    rpc::Assertion assertion;
    assertion.actor_id = "usr_01h455vb4pex5vsknk084sn02q";
    assertion.kind = policy::v1::ACTOR_KIND_USER;
    assertion.azp = std::string("spiffe://") + kDomain + "/service/gateway";
    assertion.tenant = tenant;
    assertion.customer = customer_;
    assertion.session_id = "ses_x";
    assertion.assurance = policy::v1::ASSURANCE_MULTI;
    assertion.permissions.set();
    assertion.issue_time = absl::Now();
    assertion.expire_time = assertion.issue_time + rpc::kAssertionLifetime;
    return *rpc::EncodeAssertion(assertion, std::string("spiffe://") + kDomain + "/service/auth",
                                 kDomain, "test", Uuid::V7(absl::Now()).ToString(),
                                 [this](std::string_view input) -> absl::StatusOr<std::string> {
                                   return signer_.Sign(input);
                                 });
  }

  // Limits the user to one customer.
  std::optional<CustomerId> customer_;
  std::string directory_;
  std::unique_ptr<dev::CertificateAuthority> authority_;
  const crypto::Ed25519Key signer_ = crypto::Ed25519Key::Generate();
  RecordingVault vault_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::shared_ptr<grpc::Channel> vault_channel_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<EndpointService> endpoint_service_;
  std::unique_ptr<DeliveryService> delivery_service_;
  std::unique_ptr<ReceiverService> receiver_service_;
  std::unique_ptr<SubjectService> subject_service_;
  std::atomic<int> received_{0};
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kasbah::webhook
