#include "libs/telemetry/metrics.h"

#include <map>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::telemetry {
namespace {

enum class Kind { kCounter, kGauge, kHistogram };

// Every series of one name.
struct Family {
  Kind kind;
  std::string help;
  // By rendered labels, so that output is in a stable order.
  std::map<std::string, std::unique_ptr<Counter>> counters;
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<Histogram>> histograms;
};

struct Registry {
  absl::Mutex mutex;
  std::map<std::string, Family, std::less<>> families ABSL_GUARDED_BY(mutex);
  std::vector<std::function<void()>> collectors ABSL_GUARDED_BY(mutex);
};

Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

// name="value" pairs joined by commas, without braces.
std::string RenderLabels(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    StrAppend(&out, out.empty() ? "" : ",", name, "=\"",
              absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
  }
  return out;
}

std::string Braced(const std::string& labels) {
  return labels.empty() ? "" : StrCat("{", labels, "}");
}

// With every digit: a time is ten of them before the point, and StrCat writes six.
std::string Number(double value) { return absl::StrFormat("%.15g", value); }

template <typename T>
T& Find(std::map<std::string, std::unique_ptr<T>> Family::*series, Kind kind, std::string_view name,
        std::string_view help, const Labels& labels) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  auto [family, inserted] = registry.families.try_emplace(std::string(name));
  if (inserted) {
    family->second.kind = kind;
    family->second.help = std::string(help);
  }
  // One name, one kind: anything else is a mistake in this program.
  KASBAH_CHECK(family->second.kind == kind);
  std::unique_ptr<T>& metric = (family->second.*series)[RenderLabels(labels)];
  if (metric == nullptr) metric = std::make_unique<T>();
  return *metric;
}

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

void Histogram::Observe(double seconds) {
  int bucket = 0;
  while (bucket < kBuckets - 1 && seconds > kBounds[bucket]) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  if (seconds > 0) {
    sum_nanos_.fetch_add(static_cast<uint64_t>(seconds * 1e9), std::memory_order_relaxed);
  }
}

void RenderHistogram(std::string_view name, const std::string& labels, const Histogram& histogram,
                     std::string* out) {
  const std::string before = labels.empty() ? "" : StrCat(labels, ",");
  uint64_t count = 0;
  for (int i = 0; i < Histogram::kBuckets; ++i) {
    count += histogram.buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < Histogram::kBuckets - 1 ? StrCat(Histogram::kBounds[i]) : "+Inf";
    StrAppend(out, name, "_bucket{", before, "le=\"", bound, "\"} ", count, "\n");
  }
  const double sum =
      static_cast<double>(histogram.sum_nanos_.load(std::memory_order_relaxed)) / 1e9;
  StrAppend(out, name, "_sum", Braced(labels), " ", Number(sum), "\n");
  StrAppend(out, name, "_count", Braced(labels), " ", count, "\n");
}

Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return Find(&Family::counters, Kind::kCounter, name, help, labels);
}
Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Find(&Family::gauges, Kind::kGauge, name, help, labels);
}
Histogram& GetHistogram(std::string_view name, std::string_view help, const Labels& labels) {
  return Find(&Family::histograms, Kind::kHistogram, name, help, labels);
}

void OnRender(std::function<void()> collect) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  registry.collectors.push_back(std::move(collect));
}

std::string RenderMetrics() {
  Registry& registry = TheRegistry();
  std::vector<std::function<void()>> collectors;
  {
    absl::MutexLock lock(&registry.mutex);
    collectors = registry.collectors;
  }
  for (const auto& collect : collectors) collect();

  std::string out;
  absl::MutexLock lock(&registry.mutex);
  for (const auto& [name, family] : registry.families) {
    StrAppend(&out, "# HELP ", name, " ",
              absl::StrReplaceAll(family.help, {{"\\", "\\\\"}, {"\n", "\\n"}}), "\n# TYPE ", name,
              " ", TypeName(family.kind), "\n");
    for (const auto& [labels, counter] : family.counters) {
      StrAppend(&out, name, Braced(labels), " ", counter->value(), "\n");
    }
    for (const auto& [labels, gauge] : family.gauges) {
      StrAppend(&out, name, Braced(labels), " ", Number(gauge->value()), "\n");
    }
    for (const auto& [labels, histogram] : family.histograms) {
      RenderHistogram(name, labels, *histogram, &out);
    }
  }
  return out;
}

}  // namespace kasbah::telemetry
