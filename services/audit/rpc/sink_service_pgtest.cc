#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/server_harness.h"
#include "services/audit/rpc/sealed_sinks.h"
#include "services/audit/rpc/sink_service.h"
#include "services/audit/sinks/sink_fixture.h"

namespace kasbah::audit {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using SinkStub = v1::SinkService::Stub;

class SinkServiceTest : public SinkTest, protected testing::ServerHarness {
 protected:
  SinkServiceTest() : ServerHarness("audit") {}

  void SetUp() override {
    SinkTest::SetUp();
    // Sends only what a test asks for: nobody claims.
    process_ =
        std::make_unique<SinkProcess>(*database_, *door_, outbox_, *checkpointer_, *key_, secrets_,
                                      SinkWorkerOptions{.workers = 0}, absl::Seconds(20));
    CreateServer({v1::Sink::descriptor()->file()});
    service_ = std::make_unique<SinkService>(
        server_->pipeline(), SinkService::Parts{*database_,
                                                outbox_,
                                                secrets_,
                                                *process_->courier,
                                                [] {},
                                                {{.allow_http = true}, process_->guard},
                                                Clock::Real()});
    Serve({service_.get()});
  }
  void TearDown() override {
    StopServer();
    SinkTest::TearDown();
  }

  template <typename Method, typename Request>
  auto As(TenantId tenant, Method method, const Request& request) {
    return ServerHarness::As("operator/grace", tenant, method, request);
  }
  static v1::CreateSinkRequest HttpSink(const std::string& name = "siem",
                                        const std::string& url = "https://siem.example.com/in") {
    v1::CreateSinkRequest request;
    request.set_name(name);
    request.mutable_http()->set_url(url);
    request.mutable_http()->set_shape(v1::HttpTarget::SHAPE_SPLUNK_HEC);
    request.mutable_http()->set_authorization("Splunk canary-token");
    return request;
  }
  v1::Sink Made(TenantId tenant, const v1::CreateSinkRequest& request) {
    const auto sink = As(tenant, &SinkStub::CreateSink, request);
    EXPECT_OK(sink);
    return sink.value_or(v1::Sink());
  }
  v1::UpdateSinkRequest UpdateOf(const v1::Sink& sink) {
    v1::UpdateSinkRequest request;
    request.set_sink_id(sink.sink_id());
    request.set_name(sink.name());
    *request.mutable_http() = sink.http();
    return request;
  }
  template <typename Request>
  static Request For(const v1::Sink& sink) {
    Request request;
    request.set_sink_id(sink.sink_id());
    return request;
  }
  std::string Sealed(const v1::Sink& sink) {
    return test_->QueryValue(
        StrCat("SELECT convert_from(sealed_secret, 'UTF8') FROM audit.sink WHERE sink_id = '",
               SinkId::Parse(sink.sink_id())->uuid().ToString(), "'"));
  }
  int Waiting(const std::string& text) {
    return std::stoi(test_->QueryValue(StrCat("SELECT count(*) FROM audit.outbox WHERE position('",
                                              text, "'::bytea IN payload) > 0")));
  }

  std::unique_ptr<SinkService> service_;
};

TEST_F(SinkServiceTest, ASinkIsMadeFromNowOnOrFromTheBeginning) {
  Log(Repeat(a_, 5));
  const v1::Sink now = Made(a_, HttpSink("now"));
  EXPECT_EQ(now.next_sequence(), 5u);
  EXPECT_EQ(now.lag_events(), 0u);
  EXPECT_EQ(now.state(), v1::Sink::STATE_ACTIVE);
  v1::CreateSinkRequest request = HttpSink("all");
  request.set_from_beginning(true);
  const v1::Sink all = Made(a_, request);
  EXPECT_EQ(all.next_sequence(), 0u);
  EXPECT_EQ(all.lag_events(), 5u);
  EXPECT_TRUE(all.has_lag());
  ASSERT_OK_AND_ASSIGN(const auto listed, As(a_, &SinkStub::ListSinks, v1::ListSinksRequest()));
  ASSERT_THAT(listed.sinks(), SizeIs(2));
  EXPECT_EQ(listed.sinks(0).sink_id(), now.sink_id());
  EXPECT_EQ(Waiting("audit.sink.create"), 2);
}

TEST_F(SinkServiceTest, ASecretIsSealedAndNeverShown) {
  const v1::Sink sink = Made(a_, HttpSink());
  EXPECT_THAT(sink.ShortDebugString(), Not(HasSubstr("canary")));
  ASSERT_OK_AND_ASSIGN(const auto got, As(a_, &SinkStub::GetSink, For<v1::GetSinkRequest>(sink)));
  EXPECT_THAT(got.ShortDebugString(), Not(HasSubstr("canary")));
  EXPECT_EQ(Sealed(sink), "sealed:Splunk canary-token");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.sink WHERE "
                              "position('canary'::bytea IN target) > 0"),
            "0");
  EXPECT_EQ(Waiting("canary"), 0);
}

TEST_F(SinkServiceTest, WhatIsWrongIsNamedAndNothingIsMade) {
  v1::CreateSinkRequest request = HttpSink("siem", "http://user@10.0.0.1/");
  request.mutable_http()->set_shape(v1::HttpTarget::SHAPE_ELASTIC_BULK);
  const auto refused = As(a_, &SinkStub::CreateSink, request);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  std::vector<std::string> fields;
  for (const Violation& one : DetailsOf(refused.status()).violations) fields.push_back(one.field);
  EXPECT_THAT(fields, ElementsAre("http.url", "http.index"));
  request = HttpSink();
  request.mutable_http()->set_authorization("Splunk x\r\nHost: elsewhere");
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, request), ReasonIs("INVALID_FIELDS"));
  request.clear_target();
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, request), ReasonIs("INVALID_FIELDS"));
  request.mutable_syslog()->set_host("logs.example.com");
  request.mutable_syslog()->set_ca_certificates("no certificate");
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, request), ReasonIs("INVALID_FIELDS"));
  request.mutable_s3()->set_bucket("trail");
  request.mutable_s3()->set_region("eu-central-1");
  request.mutable_s3()->set_access_key_id("AKID");
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, request), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("sink", a_), "0");
}

TEST_F(SinkServiceTest, ATenantHasSoManySinksAndEachNameOnce) {
  for (int i = 0; i < kMaxSinks; ++i) Made(a_, HttpSink(StrCat("siem ", i)));
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, HttpSink("one more")), ReasonIs("TOO_MANY_SINKS"));
  Made(b_, HttpSink());
  EXPECT_THAT(As(b_, &SinkStub::CreateSink, HttpSink()), ReasonIs("ALREADY_EXISTS"));
}

TEST_F(SinkServiceTest, AnUpdateKeepsCursorAndSecret) {
  Log(Repeat(a_, 5));
  const v1::Sink sink = Made(a_, HttpSink());
  v1::UpdateSinkRequest request = UpdateOf(sink);
  request.mutable_http()->set_url("https://siem.example.com/other");
  request.mutable_filter()->add_actions("secret.");
  request.set_etag(sink.etag());
  ASSERT_OK_AND_ASSIGN(const v1::Sink changed, As(a_, &SinkStub::UpdateSink, request));
  EXPECT_EQ(changed.http().url(), "https://siem.example.com/other");
  EXPECT_EQ(changed.filter().actions(0), "secret.");
  EXPECT_EQ(changed.next_sequence(), 5u);
  EXPECT_NE(changed.etag(), sink.etag());
  EXPECT_EQ(Sealed(sink), "sealed:Splunk canary-token");
  EXPECT_THAT(As(a_, &SinkStub::UpdateSink, request), ReasonIs("ETAG_MISMATCH"));
}

TEST_F(SinkServiceTest, ASecretDoesNotFollowASinkToAnotherHost) {
  const v1::Sink sink = Made(a_, HttpSink());
  v1::UpdateSinkRequest request = UpdateOf(sink);
  request.mutable_http()->set_url("https://evil.example.net/in");
  EXPECT_THAT(As(a_, &SinkStub::UpdateSink, request), ReasonIs("INVALID_FIELDS"));
  v1::UpdateSinkRequest syslog = UpdateOf(sink);
  syslog.mutable_syslog()->set_host("siem.example.com");
  EXPECT_THAT(As(a_, &SinkStub::UpdateSink, syslog), ReasonIs("INVALID_FIELDS"));
  request.mutable_http()->set_authorization("Splunk new");
  EXPECT_OK(As(a_, &SinkStub::UpdateSink, request));
  EXPECT_EQ(Sealed(sink), "sealed:Splunk new");
}

TEST_F(SinkServiceTest, AnothersSinkIsAbsent) {
  const v1::Sink sink = Made(a_, HttpSink());
  EXPECT_THAT(As(b_, &SinkStub::GetSink, For<v1::GetSinkRequest>(sink)), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::UpdateSink, UpdateOf(sink)), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::PauseSink, For<v1::PauseSinkRequest>(sink)), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::ResumeSink, For<v1::ResumeSinkRequest>(sink)),
              ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::TestSink, For<v1::TestSinkRequest>(sink)), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::DeleteSink, For<v1::DeleteSinkRequest>(sink)),
              ReasonIs("NOT_FOUND"));
  EXPECT_THAT(As(b_, &SinkStub::ListRefusedEvents, For<v1::ListRefusedEventsRequest>(sink)),
              ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto listed, As(b_, &SinkStub::ListSinks, v1::ListSinksRequest()));
  EXPECT_THAT(listed.sinks(), IsEmpty());
}

TEST_F(SinkServiceTest, PausedResumedDeleted) {
  const v1::Sink sink = Made(a_, HttpSink());
  ASSERT_OK_AND_ASSIGN(const auto paused,
                       As(a_, &SinkStub::PauseSink, For<v1::PauseSinkRequest>(sink)));
  EXPECT_EQ(paused.state(), v1::Sink::STATE_PAUSED);
  ASSERT_OK_AND_ASSIGN(const auto resumed,
                       As(a_, &SinkStub::ResumeSink, For<v1::ResumeSinkRequest>(sink)));
  EXPECT_EQ(resumed.state(), v1::Sink::STATE_ACTIVE);
  EXPECT_OK(As(a_, &SinkStub::DeleteSink, For<v1::DeleteSinkRequest>(sink)));
  EXPECT_THAT(As(a_, &SinkStub::GetSink, For<v1::GetSinkRequest>(sink)), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Count("sink_cursor", a_), "0");
  for (const char* action : {"audit.sink.pause", "audit.sink.resume", "audit.sink.delete"}) {
    EXPECT_EQ(Waiting(action), 1) << action;
  }
}

TEST_F(SinkServiceTest, OneThatTheLogsBeginningOvertookGoesOnThereAndTheTrailTellsWhatItPassed) {
  Log(Repeat(a_, 5));
  v1::CreateSinkRequest request = HttpSink();
  request.set_from_beginning(true);
  const v1::Sink sink = Made(a_, request);
  Tamper(a_, "UPDATE audit.log_head SET min_index = 3 WHERE tenant_id = $");
  Tamper(a_, "UPDATE audit.sink_cursor SET last_error = 'LOG_PRUNED' WHERE tenant_id = $");
  ASSERT_OK_AND_ASSIGN(const auto resumed,
                       As(a_, &SinkStub::ResumeSink, For<v1::ResumeSinkRequest>(sink)));
  EXPECT_EQ(resumed.next_sequence(), 3u);
  EXPECT_EQ(resumed.state(), v1::Sink::STATE_ACTIVE);
  EXPECT_EQ(Waiting("passed_past_sequence"), 1);
  ASSERT_OK(As(a_, &SinkStub::ResumeSink, For<v1::ResumeSinkRequest>(sink)));
  EXPECT_EQ(Waiting("passed_past_sequence"), 1);
}

TEST_F(SinkServiceTest, ATestSendsOneEventAndMovesNothing) {
  Log(Repeat(a_, 3));
  HttpReceiver receiver([](int number, const http::Request&) {
    return http::Response{.status = number == 1 ? 200 : 403};
  });
  v1::CreateSinkRequest request = HttpSink("siem", receiver.url());
  request.mutable_http()->set_shape(v1::HttpTarget::SHAPE_JSON_ARRAY);
  request.set_from_beginning(true);
  const v1::Sink sink = Made(a_, request);
  ASSERT_OK_AND_ASSIGN(const auto good,
                       As(a_, &SinkStub::TestSink, For<v1::TestSinkRequest>(sink)));
  EXPECT_TRUE(good.accepted());
  ASSERT_OK_AND_ASSIGN(const auto bad, As(a_, &SinkStub::TestSink, For<v1::TestSinkRequest>(sink)));
  EXPECT_FALSE(bad.accepted());
  EXPECT_EQ(bad.error(), "HTTP_403");
  EXPECT_THAT(receiver.arrivals()[0].body, HasSubstr("audit.sink.test"));
  EXPECT_EQ(receiver.arrivals()[0].authorization, "Splunk canary-token");
  EXPECT_EQ(Get(a_, *SinkId::Parse(sink.sink_id())).next, 0u);
}

TEST_F(SinkServiceTest, TheReportIsPaged) {
  const v1::Sink sink = Made(a_, HttpSink());
  test_->Execute(StrCat(
      "INSERT INTO audit.sink_refusal (tenant_id, sink_id, seq, reason, refused_at) "
      "SELECT tenant_id, sink_id, n, 'HTTP_400', now() FROM audit.sink, generate_series(0, 4) n"));
  v1::ListRefusedEventsRequest request = For<v1::ListRefusedEventsRequest>(sink);
  request.set_page_size(3);
  std::vector<uint64_t> sequences;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, As(a_, &SinkStub::ListRefusedEvents, request));
    for (const v1::RefusedEvent& event : page.events()) sequences.push_back(event.sequence());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(sequences, ElementsAre(4, 3, 2, 1, 0));
}

TEST_F(SinkServiceTest, ASuspendedTenantIsToldSoFirst) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(As(a_, &SinkStub::CreateSink, v1::CreateSinkRequest(HttpSink("x", "nonsense"))),
              ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(SinkServiceTest, OlderSecretsAreFoundAndReplaced) {
  const v1::Sink sink = Made(a_, HttpSink());
  SealedSinks sealed(*database_);
  ASSERT_OK_AND_ASSIGN(const auto counts, sealed.Count(Call(a_)));
  // Bytes of another form count as sealed by none.
  EXPECT_EQ(counts, (std::map<uint32_t, uint64_t>{{0, 1}}));
  ASSERT_OK_AND_ASSIGN(const auto rows, sealed.After(Call(a_), 5, "", 10));
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].place, sink.sink_id());
  auto replaced = rows;
  replaced[0].ciphertexts[0].bytes = "newer";
  EXPECT_THAT(sealed.Replace(Call(a_), rows, replaced).value_or(9), 1u);
  EXPECT_THAT(sealed.Replace(Call(a_), rows, replaced).value_or(9), 0u);
  EXPECT_EQ(Sealed(sink), "newer");
}

}  // namespace
}  // namespace kasbah::audit
