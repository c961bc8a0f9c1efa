#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "libs/postgres/database.h"
#include "services/webhook/delivery/signer.h"
#include "services/webhook/domain/retry_policy.h"

namespace kasbah::webhook {

struct DeliveryOptions {
  RetryPolicy retries{RetryPolicy::DefaultSchedule()};
  // From connecting to the last byte of the answer.
  absl::Duration timeout = absl::Seconds(15);
  // At once in this process, and to one endpoint.
  int in_flight = 256;
  int in_flight_per_endpoint = 10;
  // Rows claimed at a time.
  int batch = 64;
  absl::Duration poll = absl::Milliseconds(100);
  // How long the end waits for what is under way.
  absl::Duration drain = absl::Seconds(5);
  http::ClientOptions http;
};

// Sends what is due, on threads of its own: claims a batch, has it signed, sends it, and records
// what became of it. At least once: a process that ends between the receiver's answer and its
// record leaves a claim that lapses, and the delivery goes out again under the same webhook-id, by
// which receivers tell. While the signer or the database is away nothing is sent and no attempt
// used up. Metrics: kasbah_webhook_attempts_total, kasbah_webhook_attempt_seconds,
// kasbah_webhook_in_flight, kasbah_webhook_oldest_due_seconds.
class DeliveryWorker {
 public:
  // Called when an endpoint answered 410 Gone; may block.
  using OnGone = std::function<void(TenantId, EndpointId)>;

  static absl::StatusOr<std::unique_ptr<DeliveryWorker>> Start(DeliveryOptions options,
                                                               postgres::Door& queue,
                                                               Signer& signer, OnGone on_gone,
                                                               const Clock& clock);
  // Claims nothing more, waits a little for what is under way, records it and returns.
  ~DeliveryWorker();

  // There may be something to send.
  void Wake();

 private:
  struct State;
  explicit DeliveryWorker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::webhook
