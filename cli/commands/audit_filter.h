#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/audit/v1/audit.pb.h"
#include <CLI/CLI.hpp>

namespace kasbah::cli {

// What a command about the trail can be narrowed to.
struct EventFilterOptions {
  std::vector<std::string> actors;
  std::vector<std::string> actions;
  std::string target;
  std::string outcome;
  std::string source;
  std::string request;
  std::string since;
  std::string until;

  // `with_times`: also --since and --until.
  void AddTo(CLI::App* leaf, bool with_times = true);
  absl::StatusOr<audit::v1::EventFilter> Read() const;
};

}  // namespace kasbah::cli
