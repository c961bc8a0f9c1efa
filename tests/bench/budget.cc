#include "tests/bench/budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/error.h"
#include "nlohmann/json.hpp"

namespace kasbah::bench {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

Reading Measure(const Budget& budget, int rounds) {
  std::vector<double> values;
  std::vector<double> baselines;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    // Either first in turn: what was measured before leaves the disk something to do.
    const bool is_first = round % 2 != 0;
    double value = is_first ? budget.measure() : 0;
    const double baseline = budget.measure_baseline();
    if (!is_first) value = budget.measure();
    values.push_back(value);
    baselines.push_back(baseline);
    KASBAH_CHECK(baseline > 0);
    ratios.push_back(value / baseline);
  }
  Reading reading{budget.name,       Median(values), budget.unit,           budget.baseline,
                  Median(baselines), Median(ratios), budget.required_ratio, false};
  reading.ok = reading.ratio >= budget.required_ratio && reading.value >= budget.required_value;
  return reading;
}

std::string Table(const std::vector<Reading>& readings) {
  std::string table = absl::StrFormat("%-22s %12s %-11s %12s  %6s %7s  %-5s %s\n", "NAME", "VALUE",
                                      "UNIT", "AGAINST", "RATIO", "BUDGET", "", "BASELINE");
  for (const Reading& r : readings) {
    absl::StrAppendFormat(&table, "%-22s %12.0f %-11s %12.0f  %6.2f %7.2f  %-5s %s\n", r.name,
                          r.value, r.unit, r.baseline_value, r.ratio, r.budget,
                          r.ok ? "ok" : "SHORT", r.baseline);
  }
  return table;
}

std::string Json(const std::vector<Reading>& readings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Reading& r : readings) {
    list.push_back({{"name", r.name},
                    {"value", r.value},
                    {"unit", r.unit},
                    {"baseline", r.baseline},
                    {"baseline_value", r.baseline_value},
                    {"ratio", r.ratio},
                    {"budget", r.budget},
                    {"ok", r.ok}});
  }
  return list.dump(2);
}

double Parts(double a, double b) { return 1 / (1 / a + 1 / b); }

}  // namespace kasbah::bench
