#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "libs/reporting/origin.h"
#include "libs/telemetry/log.h"

namespace kasbah::reporting {

// One error, with what may be told of it.
struct ErrorReport {
  // 32 hex digits.
  std::string id = {};
  absl::Time time = {};
  // A fixed text of ours.
  std::string message = {};
  // The process ends of it.
  bool fatal = false;
  std::vector<std::pair<std::string, std::string>> tags = {};
  // How often it was logged since the last report and not reported.
  uint64_t repeats = 0;
};

// Of an error line's fields those that may travel: the ones named here, as long as their values
// look like what they are (codes, names of methods and tables, numbers). Whatever else a line says,
// an address, a tenant, an id, an error's text, stays in the installation's own log.
std::vector<std::pair<std::string, std::string>> TagsOf(
    std::initializer_list<telemetry::LogField> fields);

// An envelope with one event (https://develop.sentry.dev/sdk/foundations/transport/envelopes/),
// without user, request, host or address; Sentry is told not to take the address it comes from for
// the user's.
std::string EncodeEnvelope(const Origin& origin, const ErrorReport& report, absl::Time sent);

}  // namespace kasbah::reporting
