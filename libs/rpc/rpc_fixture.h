#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "kasbah/status/v1/status.grpc.pb.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::rpc {

inline constexpr char kVault[] = "spiffe://kasbah.dev/service/vault";
inline constexpr char kGateway[] = "spiffe://kasbah.dev/service/gateway";
inline constexpr char kWebhook[] = "spiffe://kasbah.dev/service/webhook";
inline constexpr char kOperator[] = "spiffe://kasbah.dev/operator/ada";

// Handlers that tests hold and count: a call that waits, one that changes something, and a stream.
class TestServices {
 public:
  explicit TestServices(Pipeline& pipeline) : trust(pipeline, *this), keys(pipeline, *this) {}

  class Trust final : public auth::v1::TrustService::CallbackService {
   public:
    Trust(Pipeline& pipeline, TestServices& test) : pipeline_(pipeline), test_(test) {}
    grpc::ServerUnaryReactor* GetJwks(grpc::CallbackServerContext* context,
                                      const auth::v1::GetJwksRequest* request,
                                      auth::v1::GetJwksResponse* reply) override {
      return pipeline_.Run(context, *request, reply, &Trust::Wait, this);
    }
    grpc::ServerWriteReactor<auth::v1::WatchRevocationsResponse>* WatchRevocations(
        grpc::CallbackServerContext* context,
        const auth::v1::WatchRevocationsRequest* request) override {
      return pipeline_.RunStream(context, *request, &Trust::Beat, this);
    }

   private:
    absl::StatusOr<auth::v1::GetJwksResponse> Wait(const Call&, const auth::v1::GetJwksRequest&) {
      ++test_.entered;
      test_.gate.WaitForNotification();
      return auth::v1::GetJwksResponse();
    }
    absl::Status Beat(const Call&, const auth::v1::WatchRevocationsRequest&,
                      StreamWriter<auth::v1::WatchRevocationsResponse>& writer) {
      auth::v1::WatchRevocationsResponse message;
      message.set_caught_up(true);
      while (true) {
        absl::Status status = writer.Write(message);
        if (!status.ok()) return status;
        if (writer.DoneWithin(absl::Milliseconds(5))) return absl::CancelledError("over");
      }
    }

    Pipeline& pipeline_;
    TestServices& test_;
  };

  class Keys final : public auth::v1::ApiKeyService::CallbackService {
   public:
    Keys(Pipeline& pipeline, TestServices& test) : pipeline_(pipeline), test_(test) {}
    grpc::ServerUnaryReactor* RevokeApiKey(grpc::CallbackServerContext* context,
                                           const auth::v1::RevokeApiKeyRequest* request,
                                           auth::v1::RevokeApiKeyResponse* reply) override {
      return pipeline_.RunShared(context, *request, reply, &Keys::Start, &Keys::Revoke, this);
    }

   private:
    void Start(const Call&, const auth::v1::RevokeApiKeyRequest&,
               Answer<auth::v1::RevokeApiKeyResponse> answer) {
      ++test_.begun;
      if (test_.begins_and_ends) return answer.Give(auth::v1::RevokeApiKeyResponse());
      answer.Defer();
    }
    absl::StatusOr<auth::v1::RevokeApiKeyResponse> Revoke(const Call& call,
                                                          const auth::v1::RevokeApiKeyRequest&) {
      absl::MutexLock lock(&test_.mutex);
      ++test_.handled;
      test_.last_call = call;
      return auth::v1::RevokeApiKeyResponse();
    }

    Pipeline& pipeline_;
    TestServices& test_;
  };

  absl::Notification gate;
  std::atomic<int> entered{0};
  // Of RevokeApiKey: it answers where it was begun, or its handler does.
  std::atomic<bool> begins_and_ends{false};
  std::atomic<int> begun{0};
  std::atomic<int> handled{0};
  absl::Mutex mutex;
  Call last_call;
  Trust trust;
  Keys keys;
};

// What the pipeline told of refusals.
class Refusals : public DecisionSink {
 public:
  void Denied(const Call& call, std::string_view reason) override {
    absl::MutexLock lock(&mutex_);
    reasons_.push_back(std::string(call.method) + " " + call.actor.id + " " + std::string(reason));
  }
  std::vector<std::string> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(reasons_, {});
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> reasons_;
};

using Metadata = std::multimap<std::string, std::string>;

// A server on loopback with mutual TLS, and clients of any identity.
class RpcTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/rpc.XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    auto authority = dev::CertificateAuthority::Open(directory_ + "/ca");
    ASSERT_OK(authority);
    authority_ = std::make_unique<dev::CertificateAuthority>(*std::move(authority));
    ASSERT_OK(authority_->Issue({.uris = {kVault}}, ServerDirectory()));
    config_.listen = "127.0.0.1:0";
    config_.admin_listen = "127.0.0.1:0";
    config_.tls_directory = ServerDirectory();
    config_.trust_domain = "kasbah.dev";
    config_.threads = 2;
    config_.drain = absl::Seconds(5);
  }
  void TearDown() override {
    if (services_ != nullptr && !services_->gate.HasBeenNotified()) services_->gate.Notify();
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string ServerDirectory() const { return directory_ + "/server"; }

  void StartServer() {
    Server::Options options;
    options.name = "kasbah-test";
    options.config = config_;
    const auto* auth = auth::v1::GetJwksRequest::descriptor()->file();
    options.descriptors = {auth->FindServiceByName("TrustService"),
                           auth->FindServiceByName("ApiKeyService")};
    options.decisions = &refusals_;
    options.own_jwks = [this] {
      return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":")" +
             crypto::Base64Url(key_.public_key()) + R"("}]})";
    };
    ASSERT_OK_AND_ASSIGN(server_, Server::Create(std::move(options)));
    services_ = std::make_unique<TestServices>(server_->pipeline());
    ASSERT_OK(server_->Start({&services_->trust, &services_->keys}, nullptr));
    server_->assertions().RevocationsFresh();
  }
  std::string Address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  // A client with a certificate of the server's authority that carries `uris`. It needs an id of
  // ours itself, which CreateChannel looks for, unless it goes around it.
  std::shared_ptr<grpc::Channel> Client(const std::string& uri,
                                        const std::string& server_id = kVault) {
    const std::string directory = directory_ + "/client" + std::to_string(++clients_);
    EXPECT_OK(authority_->Issue({.uris = {uri}}, directory));
    auto channel = CreateChannel(Address(), server_id, TlsFiles{directory});
    EXPECT_OK(channel);
    return *channel;
  }

  // One call with the given metadata; deadline 5 s.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> Send(Stub& stub,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                             const Metadata& metadata = {}, const Request& request = {}) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    Reply reply;
    const absl::Status status = FromGrpcStatus((stub.*method)(&context, request, &reply));
    const auto echoed = context.GetServerInitialMetadata().find("x-request-id");
    echoed_ = echoed == context.GetServerInitialMetadata().end()
                  ? ""
                  : std::string(echoed->second.data(), echoed->second.size());
    if (!status.ok()) return status;
    return reply;
  }
  absl::StatusOr<status::v1::PingResponse> Ping(const std::shared_ptr<grpc::Channel>& channel,
                                                const Metadata& metadata = {}) {
    const auto stub = status::v1::StatusService::NewStub(channel);
    return Send(*stub, &status::v1::StatusService::Stub::Ping, metadata);
  }
  absl::StatusOr<status::v1::WhoAmIResponse> WhoAmI(const std::shared_ptr<grpc::Channel>& channel,
                                                    const Metadata& metadata = {}) {
    const auto stub = status::v1::StatusService::NewStub(channel);
    return Send(*stub, &status::v1::StatusService::Stub::WhoAmI, metadata);
  }
  absl::StatusOr<auth::v1::RevokeApiKeyResponse> RevokeKey(
      const std::shared_ptr<grpc::Channel>& channel, const Metadata& metadata,
      const std::string& id = "key_01h45ytscbebyvny4gc8cr8ma2") {
    const auto stub = auth::v1::ApiKeyService::NewStub(channel);
    auth::v1::RevokeApiKeyRequest request;
    request.set_api_key_id(id);
    return Send(*stub, &auth::v1::ApiKeyService::Stub::RevokeApiKey, metadata, request);
  }

  // An API key's assertion with everything that WhoAmI asks for, issued to `azp`.
  Assertion KeyAssertion(const std::string& azp) const {
    Assertion assertion;
    assertion.actor_id = "key_01h45ytscbebyvny4gc8cr8ma2";
    assertion.kind = policy::v1::ACTOR_KIND_API_KEY;
    assertion.azp = azp;
    assertion.tenant = tenant_;
    assertion.session_id = assertion.actor_id;
    assertion.permissions.set(policy::v1::PERMISSION_TENANT_READ);
    assertion.issue_time = absl::Now();
    assertion.expire_time = assertion.issue_time + absl::Seconds(50);
    return assertion;
  }
  // Of somebody who may revoke keys.
  Assertion UserAssertion() const {
    Assertion assertion = KeyAssertion(kGateway);
    assertion.kind = policy::v1::ACTOR_KIND_USER;
    assertion.actor_id = "usr_01h45ytscbebyvny4gc8cr8ma2";
    assertion.permissions.set(policy::v1::PERMISSION_API_KEY_MANAGE);
    assertion.assurance = policy::v1::ASSURANCE_MULTI;
    return assertion;
  }
  std::string Bearer(const Assertion& assertion) const {
    return "Bearer " + *EncodeAssertion(assertion, "spiffe://kasbah.dev/service/auth", "kasbah.dev",
                                        "k1", "t-1",
                                        [this](std::string_view in) { return key_.Sign(in); });
  }

  std::string directory_;
  std::unique_ptr<dev::CertificateAuthority> authority_;
  ServerConfig config_;
  crypto::Ed25519Key key_ = crypto::Ed25519Key::Generate();
  const TenantId tenant_ = TenantId::New(absl::Now());
  const TenantId other_tenant_ = TenantId::New(absl::Now());
  Refusals refusals_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestServices> services_;
  std::string echoed_;
  int clients_ = 0;
};

// One that runs.
class ServerTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    StartServer();
  }
  void Restart() {
    server_.reset();
    StartServer();
  }
};

}  // namespace kasbah::rpc
