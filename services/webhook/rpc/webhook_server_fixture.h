#pragma once

#include <memory>
#include <string>

#include "libs/testing/server_harness.h"
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
class WebhookServerTest : public WebhookTest, protected testing::ServerHarness {
 protected:
  WebhookServerTest() : ServerHarness("webhook") {}

  void SetUp() override {
    WebhookTest::SetUp();
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
    StopServer();
    vault_server_->Shutdown();
  }

  void StartServer() {
    CreateServer({v1::Endpoint::descriptor()->file(), outbox::v1::Entry::descriptor()->file(),
                  subject::v1::Subject::descriptor()->file()});
    rpc::Pipeline& pipeline = server_->pipeline();
    endpoint_service_ = std::make_unique<EndpointService>(
        pipeline, *database_, outbox_, vault_channel_, http::UrlRules{},
        http::AddressGuard::Create({}).value(), Clock::Real());
    delivery_service_ = std::make_unique<DeliveryService>(pipeline, *database_);
    receiver_service_ = std::make_unique<ReceiverService>(
        pipeline, *queue_, [this] { ++received_; }, Clock::Real());
    subject_service_ =
        std::make_unique<SubjectService>(pipeline, *database_, outbox_, Clock::Real());
    Serve({endpoint_service_.get(), delivery_service_.get(), receiver_service_.get(),
           subject_service_.get()});
  }

  RecordingVault vault_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::shared_ptr<grpc::Channel> vault_channel_;
  std::unique_ptr<EndpointService> endpoint_service_;
  std::unique_ptr<DeliveryService> delivery_service_;
  std::unique_ptr<ReceiverService> receiver_service_;
  std::unique_ptr<SubjectService> subject_service_;
  std::atomic<int> received_{0};
};

}  // namespace kasbah::webhook
