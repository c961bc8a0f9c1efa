#include "libs/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::telemetry {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, SameNameAndLabelsAreOneCounter) {
  GetCounter("kasbah_test_calls_total", "Calls", {{"method", "Get"}}).Add();
  GetCounter("kasbah_test_calls_total", "Calls", {{"method", "Get"}}).Add(2);
  GetCounter("kasbah_test_calls_total", "Calls", {{"method", "List"}}).Add();
  const std::string text = RenderMetrics();
  EXPECT_THAT(text, HasSubstr("# HELP kasbah_test_calls_total Calls\n"
                              "# TYPE kasbah_test_calls_total counter\n"
                              "kasbah_test_calls_total{method=\"Get\"} 3\n"
                              "kasbah_test_calls_total{method=\"List\"} 1\n"));
}

TEST(Metrics, HistogramBucketsAccumulate) {
  Histogram& histogram = GetHistogram("kasbah_test_seconds", "Time", {{"a", "b"}});
  histogram.Observe(0.0001);  // on the bound: inside
  histogram.Observe(0.3);
  histogram.Observe(100);
  const std::string text = RenderMetrics();
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_bucket{a=\"b\",le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_bucket{a=\"b\",le=\"0.25\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_bucket{a=\"b\",le=\"0.5\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_bucket{a=\"b\",le=\"60\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_sum{a=\"b\"} 100.3001\n"));
  EXPECT_THAT(text, HasSubstr("kasbah_test_seconds_count{a=\"b\"} 3\n"));
}

TEST(Metrics, LabelValuesCannotBreakTheFormat) {
  GetCounter("kasbah_test_quoted_total", "Q", {{"v", "a\"b\\c\nd"}}).Add();
  EXPECT_THAT(RenderMetrics(), HasSubstr("kasbah_test_quoted_total{v=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Metrics, CollectorsRunBeforeRendering) {
  OnRender([] { GetGauge("kasbah_test_depth", "Depth").Set(7.5); });
  EXPECT_THAT(RenderMetrics(), HasSubstr("kasbah_test_depth 7.5\n"));
}

TEST(Metrics, AMomentKeepsItsSeconds) {
  GetGauge("kasbah_test_moment_seconds", "Moment").Set(1795892461);
  EXPECT_THAT(RenderMetrics(), HasSubstr("kasbah_test_moment_seconds 1795892461\n"));
}

}  // namespace
}  // namespace kasbah::telemetry
