#include <gmock/gmock.h>

#include "libs/crypto/encoding.h"
#include "libs/testing/server_harness.h"
#include "services/webhook/domain/message.h"
#include "services/webhook/rpc/message_service.h"
#include "services/webhook/store/webhook_fixture.h"
#include <nlohmann/json.hpp>

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Stub = v1::MessageService::Stub;

// Keeps what it is given, the same for the same request.
class KeepingVault final : public vault::v1::SecretService::Service {
 public:
  grpc::Status KeepValues(grpc::ServerContext*, const vault::v1::KeepValuesRequest* request,
                          vault::v1::KeepValuesResponse* reply) override {
    if (is_down) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
    last = *request;
    for (const auto& value : request->values()) {
      std::string& id = ids[value.path()];
      if (id.empty()) id = SecretId::New(absl::Now()).ToString();
      reply->add_secret_ids(id);
    }
    return grpc::Status::OK;
  }
  bool is_down = false;
  vault::v1::KeepValuesRequest last;
  std::map<std::string, std::string> ids;
};

class MessageServiceTest : public WebhookTest, protected testing::ServerHarness {
 protected:
  MessageServiceTest() : ServerHarness("webhook") {}

  void SetUp() override {
    WebhookTest::SetUp();
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&vault_);
    vault_server_ = builder.BuildAndStart();
    CreateServer({v1::Endpoint::descriptor()->file()});
    messages_ =
        std::make_unique<MessageService>(server_->pipeline(), *database_, outbox_,
                                         grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                             grpc::InsecureChannelCredentials()),
                                         Clock::Real());
    Serve({messages_.get()});
  }
  void TearDown() override {
    StopServer();
    vault_server_->Shutdown();
  }

  static google::protobuf::Struct Data() {
    google::protobuf::Struct data;
    auto& fields = *data.mutable_fields();
    fields["amount"].set_number_value(12);
    fields["api_token"].set_string_value("hunter2");
    auto& env = *fields["steps"].mutable_list_value()->add_values()->mutable_struct_value();
    (*env.mutable_fields())["db_password"].set_number_value(7);
    (*env.mutable_fields())["name"].set_string_value("build");
    return data;
  }
  absl::StatusOr<v1::CreateMessageResponse> Create(const std::string& move_to = "",
                                                   const std::string& request_id = "") {
    v1::CreateMessageRequest request;
    request.set_event_type("deploy.finished");
    *request.mutable_data() = Data();
    request.set_move_to_vault(move_to);
    request.set_request_id(request_id);
    return AsUser(a_, &Stub::CreateMessage, request);
  }
  int64_t Changes() {
    return std::stoll(
        test_->QueryValue("SELECT count(*) FROM webhook.outbox WHERE topic = 'change'"));
  }
  // What subscribers would be sent.
  std::string LastBody() {
    const std::string hex = test_->QueryValue(
        "SELECT encode(payload, 'hex') FROM webhook.outbox WHERE topic = 'change' "
        "ORDER BY id DESC LIMIT 1");
    const auto message = ParseMessage(a_, MessageId::New(absl::Now()), *crypto::ParseHex(hex));
    EXPECT_OK(message);
    return message.ok() ? message->body : "";
  }

  KeepingVault vault_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::unique_ptr<MessageService> messages_;
};

TEST_F(MessageServiceTest, SecretsAreTakenOutBeforeStorageAndNamed) {
  ASSERT_OK_AND_ASSIGN(const auto reply, Create());
  EXPECT_THAT(reply.stripped_paths(), ElementsAre("/api_token", "/steps/0/db_password"));
  EXPECT_THAT(reply.moved(), IsEmpty());
  const nlohmann::json body = nlohmann::json::parse(LastBody());
  EXPECT_EQ(body["data"], nlohmann::json::parse(R"({"amount": 12, "steps": [{"name": "build"}]})"));
  EXPECT_EQ(body["event_id"], reply.event_id());
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.outbox"
                              " WHERE position('hunter2'::bytea IN payload) > 0"),
            "0");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.outbox WHERE topic = 'audit'"
                              " AND position('message.create'::bytea IN payload) > 0"),
            "1");
}

TEST_F(MessageServiceTest, TheirValuesAreMovedIntoTheVaultInOneCall) {
  ASSERT_OK_AND_ASSIGN(const auto reply, Create("ci/deploys", "r-1"));
  EXPECT_THAT(reply.stripped_paths(), IsEmpty());
  ASSERT_EQ(reply.moved_size(), 2);
  EXPECT_EQ(reply.moved(0).path(), "/api_token");
  EXPECT_EQ(vault_.ids.at("ci/deploys/r-1/1"), reply.moved(0).secret_id());
  EXPECT_EQ(vault_.last.values(0).payload(), "hunter2");
  EXPECT_EQ(vault_.last.values(1).payload(), "7");
  EXPECT_EQ(vault_.last.actor_id(), testing::kUser);
  const std::string body = LastBody();
  EXPECT_NE(body.find("\"api_token\":\"" + reply.moved(0).secret_id() + "\""), std::string::npos)
      << body;
  EXPECT_EQ(body.find("hunter2"), std::string::npos);
}

TEST_F(MessageServiceTest, TheSameRequestAgainIsTheSameEventAndTheSameSecrets) {
  ASSERT_OK_AND_ASSIGN(const auto first, Create("ci", "r-1"));
  ASSERT_OK_AND_ASSIGN(const auto again, Create("ci", "r-1"));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  ASSERT_OK_AND_ASSIGN(const auto other, Create("ci", "r-2"));
  EXPECT_NE(first.event_id(), other.event_id());
}

TEST_F(MessageServiceTest, WithoutTheVaultTheWholeCallIsRefused) {
  vault_.is_down = true;
  EXPECT_TRUE(absl::IsUnavailable(Create("ci", "r-1").status()));
  EXPECT_EQ(Changes(), 0);
}

TEST_F(MessageServiceTest, MovingTakesThePermissionToWriteSecretsAndARequestId) {
  EXPECT_THAT(Create("ci"), ReasonIs("INVALID_FIELDS"));
  permissions_.reset(policy::v1::PERMISSION_SECRET_WRITE);
  EXPECT_THAT(Create("ci", "r-1"), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(vault_.ids, IsEmpty());
  EXPECT_OK(Create("", "r-1"));
}

TEST_F(MessageServiceTest, WhatIsNoEventIsRefused) {
  v1::CreateMessageRequest request;
  request.set_event_type("Deploy");
  EXPECT_THAT(AsUser(a_, &Stub::CreateMessage, request), ReasonIs("INVALID_FIELDS"));
  request.set_event_type("deploy.finished");
  (*request.mutable_data()->mutable_fields())["x"].set_string_value(std::string(600'000, 'x'));
  EXPECT_THAT(AsUser(a_, &Stub::CreateMessage, request), ReasonIs("PAYLOAD_TOO_LARGE"));
  EXPECT_EQ(Changes(), 0);
}

TEST_F(MessageServiceTest, WhenAMonthsDeliveriesAreUsedUpItIsRefusedUntilTheNext) {
  test_->Execute(
      "INSERT INTO webhook.quotas (tenant_id, meter, most, used, month_start) VALUES ('" +
      a_.uuid().ToString() + "', 'deliveries', 10, 9, date_trunc('month', now(), 'UTC'))");
  ASSERT_OK(Create());
  test_->Execute("UPDATE webhook.quotas SET used = 10");
  const auto refused = Create();
  EXPECT_THAT(refused, ReasonIs("QUOTA_EXCEEDED"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Changes(), 1);
  test_->Execute("UPDATE webhook.quotas SET month_start = month_start - interval '1 month'");
  EXPECT_OK(Create());
  test_->Execute("UPDATE webhook.quotas SET most = 0");
  EXPECT_THAT(Create(), ReasonIs("QUOTA_EXCEEDED"));
}

}  // namespace
}  // namespace kasbah::webhook
