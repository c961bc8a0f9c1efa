#include "libs/reporting/error_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "libs/reporting/receiver_fixture.h"
#include "libs/testing/fake_clock.h"
#include <nlohmann/json.hpp>

namespace kasbah::reporting {
namespace {

using Json = nlohmann::json;

Json EventIn(const http::Request& request) {
  const std::vector<std::string> lines = absl::StrSplit(request.body, '\n');
  return lines.size() < 3 ? Json() : Json::parse(lines[2]);
}

class ErrorReporterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    reporter_ = std::make_unique<ErrorReporter>(
        Origin{.service = "kasbah-test", .version = "0.1.0"}, receiver_.NewCollector(), clock_);
  }
  void Flush() {
    reporter_->Stop(absl::Now() + absl::Seconds(20));
    reporter_.reset();
  }

  Receiver receiver_;
  testing::FakeClock clock_;
  std::unique_ptr<ErrorReporter> reporter_;
};

TEST_F(ErrorReporterTest, AMessageIsReportedOnceAMinuteWithItsRepeats) {
  for (int i = 0; i < 100; ++i) reporter_->Note("a statement failed", {{"sqlstate", "23505"}});
  EXPECT_FALSE(EventIn(receiver_.Await(1)[0]).contains("extra"));
  reporter_->Note("another", {});
  EXPECT_EQ(EventIn(receiver_.Await(2)[1])["logentry"]["formatted"], "another");
  clock_.Advance(absl::Seconds(61));
  reporter_->Note("a statement failed", {{"sqlstate", "40001"}});
  Json again = EventIn(receiver_.Await(3)[2]);
  EXPECT_EQ(again["extra"]["repeats"], 99);
  EXPECT_EQ(again["tags"]["sqlstate"], "40001");
  Flush();
  EXPECT_EQ(receiver_.requests().size(), 3u);
}

TEST_F(ErrorReporterTest, WhileSentryAsksForQuietNothingIsSent) {
  const uint64_t before = ErrorsDropped("rate limited");
  receiver_.WillAnswer({{.status = 429, .headers = {{"x-sentry-rate-limits", "300:error:key"}}}});
  reporter_->Note("first", {});
  EXPECT_TRUE(Becomes([&] { return ErrorsDropped("rate limited") - before; }, 1));
  reporter_->Note("second", {});
  EXPECT_TRUE(Becomes([&] { return ErrorsDropped("rate limited") - before; }, 2));
  EXPECT_EQ(receiver_.requests().size(), 1u);
  clock_.Advance(absl::Seconds(301));
  reporter_->Note("third", {});
  EXPECT_EQ(EventIn(receiver_.Await(2)[1])["logentry"]["formatted"], "third");
}

TEST_F(ErrorReporterTest, ALimitThatCameWithASuccessHoldsToo) {
  const uint64_t before = ErrorsReported();
  const uint64_t dropped = ErrorsDropped("rate limited");
  receiver_.WillAnswer({{.headers = {{"x-sentry-rate-limits", "300::organization"}}}});
  reporter_->Note("first", {});
  EXPECT_TRUE(Becomes([&] { return ErrorsReported() - before; }, 1));
  reporter_->Note("second", {});
  EXPECT_TRUE(Becomes([&] { return ErrorsDropped("rate limited") - dropped; }, 1));
  EXPECT_EQ(receiver_.requests().size(), 1u);
}

TEST_F(ErrorReporterTest, ARefusalIsCountedAndNotRepeated) {
  const uint64_t before = ErrorsDropped("refused");
  receiver_.WillAnswer({{.status = 413}});
  reporter_->Note("first", {});
  EXPECT_TRUE(Becomes([&] { return ErrorsDropped("refused") - before; }, 1));
  reporter_->Note("second", {});
  EXPECT_EQ(EventIn(receiver_.Await(2)[1])["logentry"]["formatted"], "second");
  Flush();
  EXPECT_EQ(receiver_.requests().size(), 2u);
}

TEST_F(ErrorReporterTest, WhatWaitsIsFlushed) {
  for (int i = 0; i < 40; ++i) reporter_->Note(StrCat("message ", i), {});
  Flush();
  EXPECT_EQ(receiver_.requests().size(), 40u);
}

TEST_F(ErrorReporterTest, AMuteReceiverDelaysNeitherWhoLogsNorTheEndAndWhatWaitsIsBounded) {
  const testing::LoopbackListener mute;
  reporter_ = std::make_unique<ErrorReporter>(
      Origin{.service = "kasbah-test"},
      Collector::Create(Endpoint::Parse(StrCat("http://127.0.0.1:", mute.port(), "/"), {}).value(),
                        {}, "")
          .value(),
      clock_);
  const uint64_t full = ErrorsDropped("queue full");
  const uint64_t unanswered = ErrorsDropped("no answer");
  const absl::Time start = absl::Now();
  for (int i = 0; i < 900; ++i) reporter_->Note(StrCat("message ", i), {});
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  // 64 wait, and one is on its way.
  const uint64_t overflowed = ErrorsDropped("queue full") - full;
  EXPECT_GE(overflowed, 900u - 65u);
  const absl::Time stop = absl::Now();
  reporter_->Stop(stop + absl::Milliseconds(300));
  reporter_.reset();
  EXPECT_LT(absl::Now() - stop, absl::Seconds(5));
  EXPECT_EQ(overflowed + ErrorsDropped("no answer") - unanswered, 900u);
}

}  // namespace
}  // namespace kasbah::reporting
