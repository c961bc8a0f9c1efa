#include <algorithm>

#include "absl/random/random.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/postgres/database.h"
#include "libs/postgres/pipeline_transaction.h"
#include "libs/postgres/pool.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::postgres::internal {
namespace {

constexpr int kRunsAgain = 3;
constexpr absl::Duration kFirstPause = absl::Milliseconds(4);

// Waits a random while that doubles with each attempt; false when the deadline leaves no time.
bool Pause(int attempt, absl::Time deadline) {
  thread_local absl::BitGen random;
  const absl::Duration pause = kFirstPause * (1 << attempt) * absl::Uniform(random, 0.5, 1.5);
  if (absl::Now() + pause >= deadline) return false;
  absl::SleepFor(pause);
  return true;
}

// What was tried already.
struct Attempts {
  int runs_again = 0;
  bool prepared_again = false;
  bool reconnected = false;
};

// Whether to try once more, with what that needs done before.
bool MayRetry(Remedy remedy, absl::Time deadline, Attempts* attempts, Pool::Lease* lease) {
  switch (remedy) {
    case Remedy::kNone:
      return false;
    case Remedy::kRunAgain:
      lease->Release();
      return attempts->runs_again < kRunsAgain && Pause(attempts->runs_again++, deadline);
    case Remedy::kPrepareAgain:
      // On the same connection: another's plans may be as old.
      if (lease->holds()) (*lease)->ForgetPrepared();
      return !std::exchange(attempts->prepared_again, true);
    case Remedy::kReconnect:
      lease->Release();
      return !std::exchange(attempts->reconnected, true);
  }
  return false;
}

}  // namespace

absl::Status RunTransaction(Pool& pool, const Scope& scope, Body body, After after) {
  static telemetry::Counter& retries =
      telemetry::GetCounter("kasbah_postgres_retries_total", "Transactions that were run again.");
  Attempts attempts;
  Pool::Lease lease;
  for (;;) {
    if (!lease.holds()) {
      ASSIGN_OR_RETURN(lease, pool.Acquire(scope.deadline));
    }
    PipelineTransaction transaction(*lease, scope);
    const Verdict verdict = transaction.Finish(body(transaction));
    if (verdict.status.ok()) {
      lease.Release();
      transaction.RunCommitHooks();
      return after();
    }
    if (!MayRetry(verdict.remedy, scope.deadline, &attempts, &lease)) return verdict.status;
    retries.Add();
  }
}

}  // namespace kasbah::postgres::internal
