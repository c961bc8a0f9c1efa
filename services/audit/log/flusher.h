#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/postgres/database.h"
#include "services/audit/log/batch.h"
#include "services/audit/log/flush.h"

namespace kasbah::audit {

struct FlusherOptions {
  // How long the first batch waits for company.
  absl::Duration interval = absl::Milliseconds(50);
  // Events that end the wait.
  size_t events = 2000;
  absl::Duration transaction_timeout = absl::Seconds(20);
};

// Gathers the batches of several producers into one transaction. Thread safe.
class Flusher {
 public:
  // `on_grown` is told, after each commit, which logs grew.
  Flusher(FlusherOptions options, postgres::Door& door, const Clock& clock,
          std::function<void(const std::vector<TenantId>&)> on_grown);
  // Commits what waits, then stops.
  ~Flusher();

  // Blocks until the batch is committed, or was before: what is returned is durable.
  // FAILED_PRECONDITION for a batch out of order; RESOURCE_EXHAUSTED, TENANT_BUSY;
  // DEADLINE_EXCEEDED, the outcome open, when it takes past `deadline`; errors of the database. A
  // batch whose outcome is open may be sent again.
  absl::StatusOr<FlushReport::Outcome> Apply(std::shared_ptr<const Batch> batch,
                                             absl::Time deadline);
  // The same without blocking: `done` is told once, on the flusher's thread, which it must not
  // block, or at once where the batch is not taken (DRAINING; TENANT_BUSY).
  void Submit(std::shared_ptr<const Batch> batch,
              std::function<void(absl::StatusOr<FlushReport::Outcome>)> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::audit
