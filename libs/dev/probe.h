#pragma once

#include <string>

#include "absl/status/statusor.h"
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

// A port of 127.0.0.1 that nobody listens on and that is given to nobody else, in no process, while
// this one runs. Below the range that the kernel takes for outgoing connections: such a one must
// not sit on it when its owner is restarted. RESOURCE_EXHAUSTED when there is none.
absl::StatusOr<int> PickFreePort();

// Holds 127.0.0.1:<port> for as long as this process runs, unless somebody else is bound to it:
// then it is false. Whoever reserves it next, in any process, finds it bound, while a server, which
// says SO_REUSEADDR, may listen there.
bool ReservePort(int port);

// Whether 127.0.0.1:<port> could be listened on now.
bool IsPortFree(int port);

}  // namespace kasbah::dev
