// From a call that a client makes to the bytes that reach the collectors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "libs/reporting/receiver_fixture.h"
#include "libs/reporting/reporting.h"
#include "libs/rpc/rpc_fixture.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include <nlohmann/json.hpp>

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::IsOk;
using ::testing::Not;
using Span = opentelemetry::proto::trace::v1::Span;
using Json = nlohmann::json;

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kUnsampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-00";
constexpr char kRevoke[] = "kasbah.auth.v1.ApiKeyService/RevokeApiKey";
constexpr char kPing[] = "kasbah.status.v1.StatusService/Ping";

// Fails for a fault of its own, with what it was asked in the error's text, after it has called
// another service on the caller's behalf.
class Failing final : public auth::v1::ApiKeyService::CallbackService {
 public:
  explicit Failing(rpc::Pipeline& pipeline) : pipeline_(pipeline) {}
  grpc::ServerUnaryReactor* RevokeApiKey(grpc::CallbackServerContext* context,
                                         const auth::v1::RevokeApiKeyRequest* request,
                                         auth::v1::RevokeApiKeyResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &Failing::Revoke, this);
  }

  std::shared_ptr<grpc::Channel> next;

 private:
  absl::StatusOr<auth::v1::RevokeApiKeyResponse> Revoke(
      const rpc::Call& call, const auth::v1::RevokeApiKeyRequest& request) {
    status::v1::StatusService::Stub stub(next);
    (void)rpc::Invoke(call, stub, &status::v1::StatusService::Stub::Ping,
                      status::v1::PingRequest());
    return absl::InternalError("cannot revoke " + request.api_key_id());
  }

  rpc::Pipeline& pipeline_;
};

class WholePathTest : public rpc::RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    rpc::Server::Options options;
    options.name = "kasbah-test";
    options.config = config_;
    const auto* auth = auth::v1::GetJwksRequest::descriptor()->file();
    options.descriptors = {auth->FindServiceByName("ApiKeyService")};
    options.own_jwks = [] { return std::string(R"({"keys":[]})"); };
    ASSERT_OK_AND_ASSIGN(server_, rpc::Server::Create(std::move(options)));
    failing_ = std::make_unique<Failing>(server_->pipeline());
    ASSERT_OK(server_->Start({failing_.get()}, nullptr));
    server_->assertions().RevocationsFresh();
    failing_->next = Client(rpc::kWebhook);
  }
  void TearDown() override {
    reporting_.reset();
    RpcTest::TearDown();
  }

  void Report(int sampled_per_thousand = 0) {
    ReportingConfig config;
    config.environment = "test";
    config.otlp_endpoint = traces_.url();
    config.otlp_headers_file = directory_ + "/headers";
    config.otlp_sampled_per_thousand = sampled_per_thousand;
    config.sentry_dsn_file = directory_ + "/dsn";
    std::ofstream(config.otlp_headers_file) << "Authorization: Bearer of-the-collector\n";
    std::ofstream(config.sentry_dsn_file)
        << "http://publickey:hunter2@127.0.0.1:" << errors_.port() << "/7\n";
    auto reporting = Reporting::Start(config, "kasbah-test");
    ASSERT_OK(reporting);
    reporting_ = *std::move(reporting);
  }
  void Flush() { reporting_->Stop(absl::Now() + absl::Seconds(20)); }

  // By method; every request decoded.
  std::multimap<std::string, Span> Spans() {
    std::multimap<std::string, Span> spans;
    for (const http::Request& request : traces_.requests()) {
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest decoded;
      EXPECT_TRUE(decoded.ParseFromString(request.body));
      for (const Span& span : decoded.resource_spans(0).scope_spans(0).spans()) {
        spans.emplace(span.name(), span);
      }
    }
    return spans;
  }

  Receiver traces_;
  Receiver errors_;
  std::unique_ptr<Failing> failing_;
  std::unique_ptr<Reporting> reporting_;
};

TEST_F(WholePathTest, ACallAndTheCallItMakesAreOneTraceWithoutAGap) {
  Report();
  const absl::Time before = absl::Now();
  EXPECT_THAT(RevokeKey(Client(rpc::kOperator),
                        {{"kasbah-tenant", tenant_.ToString()}, {"traceparent", kParent}}),
              Not(IsOk()));
  Flush();
  const auto spans = Spans();
  ASSERT_EQ(spans.size(), 2u);
  const Span& outer = spans.find(kRevoke)->second;
  const Span& inner = spans.find(kPing)->second;
  EXPECT_EQ(absl::BytesToHexString(outer.trace_id()), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(absl::BytesToHexString(outer.parent_span_id()), "00f067aa0ba902b7");
  EXPECT_EQ(inner.trace_id(), outer.trace_id());
  EXPECT_EQ(inner.parent_span_id(), outer.span_id());
  EXPECT_EQ(outer.kind(), Span::SPAN_KIND_SERVER);
  EXPECT_EQ(outer.status().code(), opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_GE(outer.start_time_unix_nano(), static_cast<uint64_t>(absl::ToUnixNanos(before)));
  EXPECT_LE(outer.start_time_unix_nano(), inner.start_time_unix_nano());
  EXPECT_GE(outer.end_time_unix_nano(), inner.end_time_unix_nano());

  const http::Request request = traces_.requests().front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/traces");
  EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer of-the-collector");
}

TEST_F(WholePathTest, TheCallersWordDecidesAndForRootsTheRatio) {
  Report(0);
  const auto client = Client(rpc::kWebhook);
  EXPECT_OK(Ping(client));
  EXPECT_OK(Ping(client, {{"traceparent", kUnsampled}}));
  EXPECT_OK(Ping(client, {{"traceparent", kParent}}));
  Flush();
  EXPECT_EQ(Spans().size(), 1u);

  Report(1000);
  EXPECT_OK(Ping(client));
  EXPECT_OK(Ping(client, {{"traceparent", kUnsampled}}));
  Flush();
  ASSERT_EQ(Spans().size(), 2u);
  bool has_root = false;
  for (const auto& [method, span] : Spans()) has_root |= span.parent_span_id().empty();
  EXPECT_TRUE(has_root);
}

TEST_F(WholePathTest, NothingOfARequestReachesEitherCollector) {
  Report(1000);
  constexpr char kKey[] = "key_01h45ytscbebyvny4gc8cr8ma2";
  const rpc::Metadata metadata = {{"kasbah-tenant", tenant_.ToString()},
                             {"traceparent", kParent},
                             {"x-request-id", "canary.request.id"},
                             {"x-other", "canary-metadata"}};
  EXPECT_THAT(RevokeKey(Client(rpc::kOperator), metadata, kKey), Not(IsOk()));
  // Refused: the assertion is nobody's, the field no id.
  const rpc::Metadata forged = {{"authorization", "Bearer canary.assertion.text"},
                           {"traceparent", kParent}};
  EXPECT_THAT(RevokeKey(Client(rpc::kGateway), forged), Not(IsOk()));
  EXPECT_THAT(RevokeKey(Client(rpc::kOperator), metadata, "canary-field-value"), Not(IsOk()));
  errors_.Await(1);
  Flush();
  ASSERT_GE(Spans().size(), 3u);

  std::string sent;
  for (Receiver* receiver : {&traces_, &errors_}) {
    for (const http::Request& request : receiver->requests()) {
      sent += request.target + "\n" + request.body + "\n";
      for (const auto& [name, value] : request.headers) sent += name + ": " + value + "\n";
    }
  }
  ASSERT_NE(sent.find(kRevoke), std::string::npos) << "the search finds what is there";
  for (const char* secret : {kKey, "canary", "cannot revoke", "operator/ada", "hunter2"}) {
    EXPECT_EQ(sent.find(secret), std::string::npos) << secret;
  }
  for (const http::Request& request : errors_.requests()) {
    EXPECT_EQ(request.body.find(tenant_.ToString()), std::string::npos);
    EXPECT_EQ(request.body.find("127.0.0.1"), std::string::npos);
  }
}

TEST_F(WholePathTest, AFaultOfOursIsReportedOnceAndLeadsToItsTrace) {
  Report();
  const auto client = Client(rpc::kOperator);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(RevokeKey(client,
                          {{"kasbah-tenant", tenant_.ToString()}, {"traceparent", kParent}}),
                Not(IsOk()));
  }
  Flush();
  const auto requests = errors_.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/api/7/envelope/");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/x-sentry-envelope");
  EXPECT_THAT(requests[0].headers.at("x-sentry-auth"),
              ::testing::MatchesRegex("Sentry sentry_version=7, sentry_client=kasbah/[0-9.]+, "
                                      "sentry_key=publickey"));
  const std::vector<std::string> lines = absl::StrSplit(requests[0].body, '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(Json::parse(lines[1])["length"], lines[2].size());
  const Json event = Json::parse(lines[2]);
  EXPECT_EQ(event["logentry"]["formatted"], "a call failed for a fault of ours");
  EXPECT_EQ(event["tags"], (Json{{"method", kRevoke},
                                 {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}}));
  EXPECT_EQ(event["environment"], "test");
}

TEST_F(WholePathTest, CallsAreServedWhileBothCollectorsAreDown) {
  ReportingConfig config;
  config.otlp_endpoint = "http://127.0.0.1:1/v1/traces";
  config.otlp_batch = 1;
  config.otlp_queue = 4;
  config.otlp_sampled_per_thousand = 1000;
  config.sentry_dsn_file = directory_ + "/dsn";
  std::ofstream(config.sentry_dsn_file) << "http://key@127.0.0.1:1/7\n";
  ASSERT_OK_AND_ASSIGN(reporting_, Reporting::Start(config, "kasbah-test"));
  const uint64_t before = SpansDropped("queue full");
  const auto client = Client(rpc::kWebhook);
  for (int i = 0; i < 50; ++i) EXPECT_OK(Ping(client));
  EXPECT_GE(SpansDropped("queue full") - before, 40u);
  const absl::Time stop = absl::Now();
  reporting_->Stop(stop + absl::Milliseconds(200));
  EXPECT_LT(absl::Now() - stop, absl::Seconds(5));
}

// The process that crashes is a second one, which runs this test from its beginning: it finds the
// first one's collector in its environment.
TEST(CrashReport, IsSentBeforeTheProcessEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  static constexpr char kVariable[] = "KASBAH_TEST_DSN";
  Receiver errors;
  setenv(kVariable, StrCat("http://key@127.0.0.1:", errors.port(), "/7").c_str(), 0);
  const auto crash = [] {
    ReportingConfig config;
    config.sentry_dsn_file = ::testing::TempDir() + "/crash-dsn." + std::to_string(getpid());
    std::ofstream(config.sentry_dsn_file) << getenv(kVariable);
    const auto reporting = Reporting::Start(config, "kasbah-test");
    std::filesystem::remove(config.sentry_dsn_file);
    KASBAH_CHECK(reporting.ok());
    KASBAH_CHECK(1 + 1 == 3);
  };
  EXPECT_EXIT(crash(), ::testing::KilledBySignal(SIGABRT), "broken invariant: 1 \\+ 1 == 3");
  unsetenv(kVariable);
  const auto requests = errors.requests();
  ASSERT_EQ(requests.size(), 1u);
  const std::vector<std::string> lines = absl::StrSplit(requests[0].body, '\n');
  const Json event = Json::parse(lines.at(2));
  EXPECT_EQ(event["level"], "fatal");
  EXPECT_EQ(event["tags"]["signal"], "SIGABRT");
  EXPECT_THAT(event["logentry"]["formatted"].get<std::string>(),
              ::testing::MatchesRegex("broken invariant at .*whole_path_test.cc:[0-9]+: "
                                      "1 \\+ 1 == 3"));
}

}  // namespace
}  // namespace kasbah::reporting
