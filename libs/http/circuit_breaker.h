#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace kasbah::http {

struct CircuitOptions {
  // Failures in a row that open a circuit.
  int failures_to_open = 5;
  // How long it stays open before one probe may pass; doubles with each probe that fails.
  absl::Duration open_for = absl::Seconds(10);
  absl::Duration open_for_at_most = absl::Minutes(5);
  // Failing keys remembered; past it the one longest untouched is forgotten.
  size_t max_keys = 10'000;
};

// Keeps callers from what keeps failing, one circuit a key: closed, then open after failures in a
// row, then half open for a single probe that decides. A key without failures costs nothing. Thread
// safe; state is this process's own.
class CircuitBreaker {
 public:
  CircuitBreaker(CircuitOptions options, const Clock& clock);

  // Whether a try may go out now. A true of a half-open circuit is its one probe: report what
  // became of it, or the probe counts as lost after `open_for`.
  bool Allow(std::string_view key);
  void Succeeded(std::string_view key);
  void Failed(std::string_view key);
  // When Allow may next be true; the past for a closed circuit.
  absl::Time RetryAt(std::string_view key) const;

  struct NotClosed {
    std::string key;
    // Whether Allow would let a probe pass now.
    bool half_open = false;
  };
  // Every circuit that is open or half open.
  std::vector<NotClosed> ListNotClosed() const;

 private:
  struct Circuit {
    int failures = 0;
    absl::Duration open_for;
    // Closed while this is in the past and failures are few.
    absl::Time open_until = absl::InfinitePast();
    // A probe is out. Failures without one are of tries that began before the circuit opened.
    bool probing = false;
    std::list<std::string>::iterator recent;
  };

  const CircuitOptions options_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::unordered_map<std::string, Circuit> circuits_ ABSL_GUARDED_BY(mutex_);
  // Most recently failed first.
  std::list<std::string> recent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::http
