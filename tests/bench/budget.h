#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kasbah::bench {

// A path measured against what it is made of, in the same run.
struct Budget {
  std::string name;
  std::string unit;
  // What stands on the other side: "bare echo over mTLS".
  std::string baseline;
  double required_ratio = 0;
  // Rates of one round, a few seconds each.
  std::function<double()> measure;
  std::function<double()> measure_baseline;
  // A rate that must be reached besides; 0: none.
  double required_value = 0;
};

struct Reading {
  std::string name;
  double value = 0;
  std::string unit;
  std::string baseline;
  double baseline_value = 0;
  double ratio = 0;
  double budget = 0;
  bool ok = false;
};

// Rounds alternate between path and baseline, either first in turn, so that a noisy neighbour hits
// both; the medians count.
Reading Measure(const Budget& budget, int rounds);

std::string Table(const std::vector<Reading>& readings);
std::string Json(const std::vector<Reading>& readings);

// 1 / (1 / a + 1 / b): what two parts used one after the other allow together.
double Parts(double a, double b);

}  // namespace kasbah::bench
