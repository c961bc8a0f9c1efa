#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/config/config.h"

namespace kasbah::reporting {

// What leaves the process for an operator's own collectors; docs/telemetry.md. Nothing does while
// both `otlp_endpoint` and `sentry_dsn_file` are empty.
struct ReportingConfig {
  std::string environment;
  std::vector<std::string> allow_addresses;
  std::string ca_file;

  std::string otlp_endpoint;
  std::string otlp_headers_file;
  int otlp_sampled_per_thousand = 100;
  int otlp_batch = 512;
  int otlp_queue = 4096;
  absl::Duration otlp_interval = absl::Seconds(2);

  std::string sentry_dsn_file;

  void Read(config::Section& section);
};

}  // namespace kasbah::reporting
