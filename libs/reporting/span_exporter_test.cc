#include "libs/reporting/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/reporting/receiver_fixture.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace kasbah::reporting {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

void Record(const std::string& method) {
  telemetry::RecordSpan({.traceparent = kSampled, .method = method});
}

std::vector<std::string> MethodsIn(const http::Request& request) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest decoded;
  EXPECT_TRUE(decoded.ParseFromString(request.body));
  std::vector<std::string> methods;
  for (const auto& span : decoded.resource_spans(0).scope_spans(0).spans()) {
    methods.push_back(span.name());
  }
  return methods;
}

class SpanExporterTest : public ::testing::Test {
 protected:
  std::unique_ptr<SpanExporter> Start(SpanExporterOptions options = {}) {
    options.first_wait = absl::Milliseconds(20);
    return std::make_unique<SpanExporter>(options, Origin{.service = "kasbah-test"},
                                          receiver_.NewCollector());
  }
  void Flush(std::unique_ptr<SpanExporter> exporter) {
    exporter->Stop(absl::Now() + absl::Seconds(20));
  }

  Receiver receiver_;
};

TEST_F(SpanExporterTest, AFullBatchGoesAtOnceAndTheRestWhenTheProcessStops) {
  const uint64_t before = SpansExported();
  auto exporter = Start({.batch = 2, .interval = absl::Hours(1)});
  for (const char* method : {"a/1", "a/2", "a/3"}) Record(method);
  EXPECT_THAT(MethodsIn(receiver_.Await(1)[0]), ElementsAre("a/1", "a/2"));
  EXPECT_EQ(receiver_.requests().size(), 1u);
  Flush(std::move(exporter));
  const auto requests = receiver_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(MethodsIn(requests[1]), ElementsAre("a/3"));
  EXPECT_EQ(SpansExported() - before, 3u);
  EXPECT_FALSE(telemetry::KeepsSpan(kSampled));
}

TEST_F(SpanExporterTest, ASpanWaitsNoLongerThanTheInterval) {
  auto exporter = Start({.interval = absl::Milliseconds(20)});
  Record("a/1");
  EXPECT_THAT(MethodsIn(receiver_.Await(1)[0]), ElementsAre("a/1"));
}

TEST_F(SpanExporterTest, ABusyCollectorGetsTheSameBatchAgainAndNotBeforeItAskedFor) {
  receiver_.WillAnswer({{.status = 503}, {.status = 429, .headers = {{"retry-after", "1"}}}});
  auto exporter = Start({.batch = 1});
  Record("a/1");
  receiver_.Await(2);
  const absl::Time refused = absl::Now();
  const auto requests = receiver_.Await(3);
  EXPECT_GE(absl::Now() - refused, absl::Milliseconds(900));
  for (const http::Request& request : requests) {
    EXPECT_THAT(MethodsIn(request), ElementsAre("a/1"));
  }
}

TEST_F(SpanExporterTest, ACollectorThatNeverTakesABatchLosesItAfterFiveTries) {
  const uint64_t before = SpansDropped("no answer");
  receiver_.WillAnswer(std::vector<http::Response>(5, {.status = 502}));
  auto exporter = Start({.batch = 1});
  Record("a/1");
  EXPECT_TRUE(Becomes([&] { return SpansDropped("no answer") - before; }, 1));
  Record("a/2");
  const auto requests = receiver_.Await(6);
  EXPECT_THAT(MethodsIn(requests[4]), ElementsAre("a/1"));
  EXPECT_THAT(MethodsIn(requests[5]), ElementsAre("a/2"));
}

TEST_F(SpanExporterTest, ARefusalIsFinal) {
  const uint64_t before = SpansDropped("refused");
  receiver_.WillAnswer({{.status = 400}, {.status = 302, .headers = {{"location", "/other"}}}});
  auto exporter = Start({.batch = 1});
  Record("a/1");
  Record("a/2");
  Record("a/3");
  EXPECT_THAT(MethodsIn(receiver_.Await(3)[2]), ElementsAre("a/3"));
  EXPECT_EQ(SpansDropped("refused") - before, 2u);
}

TEST_F(SpanExporterTest, WhatAPartialSuccessLeavesOutIsCountedAndNotSentAgain) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse answer;
  answer.mutable_partial_success()->set_rejected_spans(2);
  answer.mutable_partial_success()->set_error_message("too old");
  const uint64_t exported = SpansExported();
  const uint64_t refused = SpansDropped("refused");
  receiver_.WillAnswer({{.body = answer.SerializeAsString()}});
  auto exporter = Start({.batch = 3});
  for (const char* method : {"a/1", "a/2", "a/3"}) Record(method);
  EXPECT_TRUE(Becomes([&] { return SpansDropped("refused") - refused; }, 2));
  EXPECT_TRUE(Becomes([&] { return SpansExported() - exported; }, 1));
  EXPECT_EQ(receiver_.requests().size(), 1u);
}

TEST_F(SpanExporterTest, ACollectorThatLiesAboutWhatItLeftOutCountsNoMoreThanItWasSent) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse answer;
  answer.mutable_partial_success()->set_rejected_spans(1'000'000'000'000);
  const uint64_t refused = SpansDropped("refused");
  receiver_.WillAnswer({{.body = answer.SerializeAsString()}, {.body = std::string(100'000, 'x')}});
  auto exporter = Start({.batch = 1});
  Record("a/1");
  Record("a/2");
  receiver_.Await(2);
  EXPECT_TRUE(Becomes([&] { return SpansDropped("refused") - refused; }, 1));
}

TEST_F(SpanExporterTest, AMuteCollectorDelaysNeitherWhoRecordsNorTheEnd) {
  const testing::LoopbackListener mute;
  const uint64_t full = SpansDropped("queue full");
  const uint64_t stopped = SpansDropped("stopped");
  auto exporter = std::make_unique<SpanExporter>(
      SpanExporterOptions{.batch = 1, .queue = 10}, Origin{},
      Collector::Create(Endpoint::Parse(StrCat("http://127.0.0.1:", mute.port(), "/"), {}).value(),
                        {}, "")
          .value());
  const absl::Time before = absl::Now();
  for (int i = 0; i < 10'000; ++i) Record("a/1");
  EXPECT_LT(absl::Now() - before, absl::Seconds(5)) << "10,000 spans take some 10 ms";
  const uint64_t overflowed = SpansDropped("queue full") - full;
  EXPECT_GE(overflowed, 10'000u - 12u);
  const absl::Time stop = absl::Now();
  exporter->Stop(stop + absl::Milliseconds(300));
  exporter.reset();
  EXPECT_LT(absl::Now() - stop, absl::Seconds(5)) << "a request alone may take ten";
  EXPECT_EQ(overflowed + SpansDropped("stopped") - stopped, 10'000u)
      << "every span is accounted for";
}

}  // namespace
}  // namespace kasbah::reporting
