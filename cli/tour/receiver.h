#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/server.h"

namespace kasbah::cli {

// One delivery as a receiver sees it.
struct Arrival {
  // The webhook-id header: the same on every attempt.
  std::string message_id;
  std::string type;
  std::string resource_id;
};

// Checks a delivery by the Standard Webhooks recipe (HMAC-SHA256 over id, timestamp and body under
// the endpoint's whsec_ secret, a timestamp within five minutes) and reads it. It knows nothing of
// how the deliveries are made. UNAUTHENTICATED for a signature that does not verify.
absl::StatusOr<Arrival> ReadDelivery(const std::map<std::string, std::string>& headers,
                                     const std::string& body, const std::string& secret,
                                     absl::Time now);

// The other end of a webhook: an HTTP server of the tour's that can be down. Thread safe.
class Receiver {
 public:
  // Down, with an address of its own.
  static absl::StatusOr<std::unique_ptr<Receiver>> Create();

  std::string url() const;
  // What CreateEndpoint returned.
  void SetSecret(const std::string& secret);
  absl::Status ComeUp();
  void GoDown();

  // Everything that arrived and verified, in order, repetitions included.
  std::vector<Arrival> arrivals() const;
  // How many did not verify.
  int refused() const;

 private:
  explicit Receiver(int port) : port_(port) {}
  http::Response Take(const http::Request& request);

  const int port_;
  mutable std::mutex mutex_;
  std::string secret_;
  std::vector<Arrival> arrivals_;
  int refused_ = 0;
  // Last, so that it is down before anything it uses goes.
  std::unique_ptr<http::Server> server_;
};

}  // namespace kasbah::cli
