#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/http/client.h"
#include "libs/reporting/endpoint.h"

namespace kasbah::reporting {

// The receiver of one kind of reports. Its callers have threads of their own to wait on, never a
// call's; once Stop was called nothing waits past the time it names. Thread safe.
class Collector {
 public:
  // `headers` go with every request. `ca_file`: instead of the system's roots, when it is not
  // empty.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(Endpoint endpoint, Headers headers,
                                                           const std::string& ca_file);

  // Blocks, 10 s at the most. The first 64 KiB of what is answered.
  absl::StatusOr<http::ClientResponse> Post(std::string body);
  // Waits until `until`; false, without having waited so long, where the process ends before.
  bool Pause(absl::Time until);

  // From now on only what ends by `until` goes out.
  void Stop(absl::Time until);
  bool stopping() const;
  // Stop was called, and its time is over.
  bool stopped() const;

 private:
  Collector(Endpoint endpoint, Headers headers);

  const Endpoint endpoint_;
  const Headers headers_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time stop_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  // Last: its thread, which uses the rest, ends first.
  std::unique_ptr<http::Client> client_;
};

// How long to stay away after an answer that says so: its Retry-After, `otherwise` without one;
// an hour at the most, whatever it says.
absl::Duration WaitOf(const http::ClientResponse& response, absl::Duration otherwise,
                      absl::Time now);

}  // namespace kasbah::reporting
