#pragma once

#include <string>

#include "absl/time/time.h"

namespace kasbah::dev {

// What GET http://127.0.0.1:<port><path> answered.
struct ProbeAnswer {
  // 0 when nobody answered in time.
  int status = 0;
  std::string body;
};

// One request to an admin port of this machine.
ProbeAnswer Probe(int port, const std::string& path, absl::Duration timeout = absl::Seconds(1));

// Whether somebody accepts connections on 127.0.0.1:<port>.
bool Accepts(int port, absl::Duration timeout = absl::Seconds(1));

// Whether 127.0.0.1:<port> could be listened on now.
bool IsPortFree(int port);

}  // namespace kasbah::dev
