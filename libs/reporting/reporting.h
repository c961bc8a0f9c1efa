#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/reporting/reporting_config.h"

namespace kasbah::reporting {

// What a process tells its operator's collectors, as configured: its sampled calls as spans, its
// error lines and its crash as reports. Neither delays or fails anything: who records a span or
// logs a line leaves a copy and goes on.
class Reporting {
 public:
  // `service`: "kasbah-vault". Null where nothing is to be told. INVALID_ARGUMENT,
  // CONFIG_INVALID, for a file that does not hold what it should.
  static absl::StatusOr<std::unique_ptr<Reporting>> Start(const ReportingConfig& config,
                                                          std::string_view service);
  ~Reporting();

  // Sends what is left, as far as that is done by `until`. What is recorded afterwards is not told.
  void Stop(absl::Time until);

 private:
  struct State;
  explicit Reporting(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::reporting
