#include "libs/telemetry/span.h"

#include <gtest/gtest.h>

#include <thread>

#include "libs/telemetry/metrics.h"
#include "libs/telemetry/trace.h"

namespace kasbah::telemetry {
namespace {

constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kUnsampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

Span Of(const char* traceparent, const char* method = "a/B") {
  return Span{.traceparent = traceparent, .method = method};
}

uint64_t Dropped() {
  return GetCounter("kasbah_telemetry_spans_dropped_total", "", {{"cause", "queue full"}}).value();
}

class SpanTest : public ::testing::Test {
 protected:
  ~SpanTest() override { CloseSpans(); }
};

TEST_F(SpanTest, NothingIsKeptWhileNobodyExports) {
  EXPECT_FALSE(KeepsSpan(kSampled));
  RecordSpan(Of(kSampled));
  EXPECT_TRUE(TakeSpans(8, absl::ZeroDuration()).empty());
  EXPECT_FALSE(IsSampled(StartSpan("")));
  EXPECT_TRUE(IsSampled(StartSpan(kSampled))) << "the caller's word travels on";
}

TEST_F(SpanTest, SampledSpansAreTakenInTheirOrder) {
  OpenSpans(8, 1);
  EXPECT_TRUE(IsSampled(StartSpan("")));
  RecordSpan(Of(kSampled, "a/First"));
  RecordSpan(Of(kUnsampled));
  RecordSpan(Of(""));
  RecordSpan(Of(kSampled, "a/Second"));
  RecordSpan(Of(kSampled, "a/Third"));
  const std::vector<Span> two = TakeSpans(2, absl::InfiniteDuration());
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].method, "a/First");
  EXPECT_EQ(two[1].method, "a/Second");
  EXPECT_EQ(TakeSpans(2, absl::ZeroDuration()).size(), 1u);
}

TEST_F(SpanTest, AFullQueueDropsAndCounts) {
  OpenSpans(3, 0);
  const uint64_t before = Dropped();
  for (int i = 0; i < 10; ++i) RecordSpan(Of(kSampled));
  EXPECT_EQ(Dropped() - before, 7u);
  // A batch larger than the queue is not waited for.
  EXPECT_EQ(TakeSpans(100, absl::InfiniteDuration()).size(), 3u);
}

TEST_F(SpanTest, ClosingEndsTheWaitAndKeepsWhatWaits) {
  OpenSpans(8, 0);
  RecordSpan(Of(kSampled));
  std::thread closer([] { CloseSpans(); });
  EXPECT_EQ(TakeSpans(8, absl::InfiniteDuration()).size(), 1u);
  closer.join();
  RecordSpan(Of(kSampled));
  EXPECT_TRUE(TakeSpans(8, absl::InfiniteDuration()).empty());
}

}  // namespace
}  // namespace kasbah::telemetry
