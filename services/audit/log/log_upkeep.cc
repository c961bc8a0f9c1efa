#include "services/audit/log/log_upkeep.h"

#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/store/appended_store.h"
#include "services/audit/store/count_store.h"
#include "services/audit/store/partition_store.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(5);
constexpr absl::Duration kLongPeriod = absl::Hours(1);
constexpr absl::Duration kTimeout = absl::Seconds(30);
// Events of each log that one transaction counts: a second or so of the busiest one's reading.
constexpr uint64_t kMostCounted = 100'000;
// And logs.
constexpr int64_t kLogsAtOnce = 200;
// And so many times in a row: more may grow meanwhile, and partitions are not to wait for them.
constexpr int kMostTimes = 50;
// Where a thousand logs grow by an event a second each, counting those few anew each time is a fair
// part of what an event costs: so few wait, and all are counted once a minute. Whoever asks for
// counts has the rest read from the log, and where appended events have a limit, none wait.
constexpr uint64_t kWorthCounting = 200;
constexpr int kPeriodsBetweenAll = 12;
constexpr absl::Duration kRemembered = absl::Hours(24 * 90);

}  // namespace

struct LogUpkeep::State {
  State(postgres::Door& d, const Clock& c) : door(d), clock(c) {}

  void Loop();
  void Hourly();
  static void Report(const absl::Status& status, std::string_view what);
  bool Stopping(absl::Duration patience) {
    absl::MutexLock lock(&mutex);
    return mutex.AwaitWithTimeout(absl::Condition(&stopping), patience);
  }

  postgres::Door& door;
  const Clock& clock;
  absl::Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

LogUpkeep::LogUpkeep(postgres::Door& door, const Clock& clock)
    : state_(std::make_unique<State>(door, clock)) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

LogUpkeep::~LogUpkeep() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
}

absl::Status LogUpkeep::Count(postgres::Door& door, uint64_t least) {
  bool is_done = false;
  for (int times = 0; times < kMostTimes && !is_done; ++times) {
    RETURN_IF_ERROR(
        door.Run(absl::Now() + kTimeout, [&](postgres::Transaction& tx) -> absl::Status {
          ASSIGN_OR_RETURN(const std::vector<TenantId> tenants,
                           count_store::ListBehind(tx, least, kLogsAtOnce).Await());
          is_done = tenants.empty();
          if (is_done) return absl::OkStatus();
          ASSIGN_OR_RETURN(const uint64_t counted,
                           count_store::Advance(tx, tenants, kMostCounted).Await());
          // What was logged meanwhile waits for the next time.
          is_done = std::ssize(tenants) < kLogsAtOnce && counted < kMostCounted;
          return absl::OkStatus();
        }));
  }
  return absl::OkStatus();
}

absl::Status LogUpkeep::ExtendPartitions(postgres::Door& door) {
  return door.Run(absl::Now() + kTimeout, [](postgres::Transaction& tx) {
    partition_store::Extend(tx);
    return absl::OkStatus();
  });
}

absl::Status LogUpkeep::ForgetAppended(postgres::Door& door, absl::Time now) {
  return door.Run(absl::Now() + kTimeout, [now](postgres::Transaction& tx) {
    appended_store::Forget(tx, now - kRemembered);
    return absl::OkStatus();
  });
}

void LogUpkeep::State::Loop() {
  absl::Time next_hourly = absl::InfinitePast();
  int periods_to_all = 0;
  do {
    if (absl::Now() >= next_hourly) {
      next_hourly = absl::Now() + kLongPeriod;
      Hourly();
    }
    const bool all = --periods_to_all <= 0;
    const absl::Status counted = Count(door, all ? 1 : kWorthCounting);
    if (all && counted.ok()) periods_to_all = kPeriodsBetweenAll;
    Report(counted, "counting events");
  } while (!Stopping(kPeriod));
}

void LogUpkeep::State::Hourly() {
  static telemetry::Counter& failed = telemetry::GetCounter(
      "kasbah_audit_partition_failures_total",
      "Times partitions could not be made ahead: a year is left when it begins");
  const absl::Status extended = ExtendPartitions(door);
  if (!extended.ok()) failed.Add();
  Report(extended, "making partitions");
  Report(ForgetAppended(door, clock.Now()), "forgetting applications' events");
}

void LogUpkeep::State::Report(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  telemetry::LogWarning("the logs' upkeep waits",
                        {{"what", what},
                         {"code", absl::StatusCodeToString(status.code())},
                         {"reason", ReasonOf(status)}});
}

}  // namespace kasbah::audit
