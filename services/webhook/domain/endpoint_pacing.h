#pragma once

#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/http/circuit_breaker.h"

namespace kasbah::webhook {

// How much may go to each endpoint at once, in this process: a cap, nothing while its circuit is
// open, and one probe while it is half open. Deliveries that are not claimed for it wait in the
// queue and use up no attempt. Thread safe.
class EndpointPacing {
 public:
  EndpointPacing(int cap, http::CircuitOptions circuit, const Clock& clock);

  struct Room {
    EndpointId endpoint;
    int room = 0;
  };
  // Endpoints with less room than the cap; all others have the whole of it.
  std::vector<Room> Limited() const;
  int cap() const { return cap_; }
  int in_flight() const;

  void Started(const EndpointId& endpoint);
  // `well`: it took the delivery.
  void Finished(const EndpointId& endpoint, bool well);
  // Started, but not sent after all.
  void Abandoned(const EndpointId& endpoint);

 private:
  void Leave(const EndpointId& endpoint) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int cap_;
  http::CircuitBreaker breaker_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<EndpointId, int> in_flight_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::webhook
