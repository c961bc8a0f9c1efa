#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kasbah::telemetry {

// Metrics of the process, named kasbah_<service>_<thing>_<unit>, without tenant labels. Handles are
// found once and kept: adding to one is an atomic operation. Thread safe; handles live for ever.
using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Seconds, in buckets from 100 µs to 60 s.
class Histogram {
 public:
  static constexpr double kBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                       0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                       1,      2.5,     5,      10,    30,     60};
  static constexpr int kBuckets = sizeof(kBounds) / sizeof(kBounds[0]) + 1;
  void Observe(double seconds);

 private:
  friend void RenderHistogram(std::string_view name, const std::string& labels,
                              const Histogram& histogram, std::string* out);
  std::atomic<uint64_t> buckets_[kBuckets] = {};
  std::atomic<uint64_t> sum_nanos_{0};
};

Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
Histogram& GetHistogram(std::string_view name, std::string_view help, const Labels& labels = {});

// Runs `collect` before each rendering: for values that are read rather than counted. It may set
// gauges and must not block.
void OnRender(std::function<void()> collect);

// Prometheus text format 0.0.4.
std::string RenderMetrics();

}  // namespace kasbah::telemetry
