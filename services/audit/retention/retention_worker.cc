#include "services/audit/retention/retention_worker.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/store/prune_store.h"

namespace kasbah::audit {
namespace {

using postgres::Statement;
using postgres::Transaction;
using retention_store::TenantLog;

constexpr absl::Duration kTimeout = absl::Seconds(50);
constexpr int kLogsAtOnce = 1000;
// A bundle may take its time.
constexpr absl::Duration kBundleTimeout = absl::Minutes(10);

constexpr Statement kEnter = {"retention.enter", "SELECT core.enter_any_state($1, 'all')"};

struct Metrics {
  telemetry::Counter& bundles =
      telemetry::GetCounter("kasbah_audit_bundles_total", "Bundles written and verified");
  telemetry::Counter& archived =
      telemetry::GetCounter("kasbah_audit_archived_events_total", "Events that went into bundles");
  telemetry::Counter& months =
      telemetry::GetCounter("kasbah_audit_dropped_months_total", "Months whose partitions went");
  telemetry::Counter& rows = telemetry::GetCounter("kasbah_audit_deleted_rows_total",
                                                   "Rows that went without a partition");
};

Metrics& Counters() {
  static Metrics metrics;
  return metrics;
}

outbox::Target TargetOf(const Archive& archive) { return {"audit_archive", archive.name, ""}; }

}  // namespace

RetentionWorker::~RetentionWorker() {
  // The lease ends by itself where this fails.
  upkeep_
      .Run(absl::Now() + absl::Seconds(2),
           [&](Transaction& tx) {
             retention_store::EndLease(tx, holder_);
             return absl::OkStatus();
           })
      .IgnoreError();
}

CallContext RetentionWorker::CallFor(TenantId tenant) const {
  return CallContext::ForBackground("service/audit", tenant, absl::Now() + kBundleTimeout);
}

absl::StatusOr<bool> RetentionWorker::TakeTurn() {
  return upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    return retention_store::Lease(tx, holder_, options_.limits);
  });
}

absl::StatusOr<std::vector<TenantLog>> RetentionWorker::AllLogs() {
  std::vector<TenantLog> all;
  while (true) {
    const TenantId after = all.empty() ? TenantId() : all.back().tenant;
    ASSIGN_OR_RETURN(const std::vector<TenantLog> page,
                     upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
                       return retention_store::ListLogs(tx, after, kLogsAtOnce);
                     }));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kLogsAtOnce) return all;
  }
}

absl::Status RetentionWorker::RunOnce() {
  ASSIGN_OR_RETURN(const bool is_ours, TakeTurn());
  if (!is_ours) return absl::OkStatus();
  absl::Status first = redactor_.RunOnce();
  ASSIGN_OR_RETURN(std::vector<TenantLog> logs, AllLogs());
  for (const TenantLog& log : logs) first.Update(ArchiveLog(log));
  first.Update(DropMonths());
  // Some begin later now.
  ASSIGN_OR_RETURN(logs, AllLogs());
  for (const TenantLog& log : logs) {
    if (log.first_sequence > 0) first.Update(DeletePruned(log.tenant));
  }
  return first;
}

absl::Status RetentionWorker::ArchiveLog(TenantLog log) {
  while (true) {
    ASSIGN_OR_RETURN(std::optional<Archive> archive, BeginBundle(log));
    if (!archive) return absl::OkStatus();
    if (!archive->written_at) RETURN_IF_ERROR(WriteBundle(*archive));
    const absl::Status advanced = AdvanceStart(*archive);
    // The tenant chose a longer time since its bundle was begun, which is there when that is over.
    if (ReasonOf(advanced) == "RETENTION_NOT_OVER") return absl::OkStatus();
    RETURN_IF_ERROR(advanced);
    log.first_sequence = archive->past;
    ASSIGN_OR_RETURN(const bool is_ours, TakeTurn());
    if (!is_ours) return absl::OkStatus();
  }
}

absl::StatusOr<std::optional<Archive>> RetentionWorker::BeginBundle(const TenantLog& log) {
  const auto find = [&](Transaction& tx) {
    return archive_store::FindAt(tx, log.tenant, log.first_sequence);
  };
  ASSIGN_OR_RETURN(std::optional<Archive> begun, upkeep_.Run(absl::Now() + kTimeout, find));
  if (begun || log.first_sequence >= log.size) return begun;

  const CallContext call = CallFor(log.tenant);
  std::optional<prune_store::OldestEvent> oldest;
  prune_store::Stretch stretch;
  RETURN_IF_ERROR(database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForRetention(), [&](Transaction& tx) -> absl::Status {
        ASSIGN_OR_RETURN(oldest,
                         prune_store::FindOldest(tx, log.tenant, log.first_sequence).Await());
        if (!oldest) return absl::OkStatus();
        ASSIGN_OR_RETURN(stretch, prune_store::Measure(tx, log.tenant, oldest->sequence,
                                                       StartOf(MonthOf(oldest->recorded_at) + 1),
                                                       options_.bundle_events)
                                      .Await());
        return absl::OkStatus();
      }));
  if (!oldest || oldest->sequence != log.first_sequence) {
    return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
                 StrCat("the log is damaged: event ", log.first_sequence, " is missing"));
  }
  const absl::CivilMonth month = MonthOf(oldest->recorded_at);
  if (!IsPast(month, log.days, clock_.Now())) return std::optional<Archive>();
  Archive archive;
  archive.tenant = log.tenant;
  archive.first = log.first_sequence;
  archive.past = log.first_sequence + stretch.events;
  archive.first_at = oldest->recorded_at;
  archive.last_at = stretch.last_at;
  archive.events_object = FileId::New(clock_.Now());
  archive.personal_object = FileId::New(clock_.Now());
  RETURN_IF_ERROR(upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
    archive_store::Begin(tx, archive);
    return absl::OkStatus();
  }));
  return upkeep_.Run(absl::Now() + kTimeout, find);
}

absl::Status RetentionWorker::WriteBundle(Archive archive) {
  const CallContext call = CallFor(archive.tenant);
  RETURN_IF_ERROR(bundles_.Write(call, &archive));
  const auto record = [&](Transaction& tx) -> absl::Status {
    archive_store::Finish(tx, archive, clock_.Now());
    tx.Run(kEnter, archive.tenant);
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "audit.archive", TargetOf(archive),
                                                 {{"first_sequence", StrCat(archive.first)},
                                                  {"past_sequence", StrCat(archive.past)}}));
  };
  RETURN_IF_ERROR(upkeep_.Run(absl::Now() + kTimeout, record));
  Counters().bundles.Add();
  Counters().archived.Add(archive.past - archive.first);
  return absl::OkStatus();
}

absl::Status RetentionWorker::AdvanceStart(const Archive& archive) {
  const CallContext call = CallFor(archive.tenant);
  return upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) -> absl::Status {
    prune_store::AdvanceStart(tx, archive.tenant, archive.first);
    tx.Run(kEnter, archive.tenant);
    return outbox_.AppendAudit(tx, call,
                               outbox::Succeeded(call, clock_, "audit.prune", TargetOf(archive),
                                                 {{"first_sequence", StrCat(archive.past)}}));
  });
}

absl::Status RetentionWorker::DropMonths() {
  ASSIGN_OR_RETURN(const std::vector<absl::CivilMonth> months,
                   upkeep_.Run(absl::Now() + kTimeout,
                               [](Transaction& tx) { return prune_store::ListPastMonths(tx); }));
  absl::Status first;
  for (const absl::CivilMonth month : months) {
    const absl::Status dropped = upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
      prune_store::DropMonth(tx, month);
      return absl::OkStatus();
    });
    if (dropped.ok()) {
      Counters().months.Add();
      telemetry::LogInfo("a month of the trails was dropped",
                         {{"month", absl::FormatCivilTime(month)}});
    } else if (!absl::IsFailedPrecondition(dropped)) {
      // Somebody still needs it, in all other cases.
      first.Update(dropped);
    }
  }
  return first;
}

absl::Status RetentionWorker::DeletePruned(TenantId tenant) {
  while (true) {
    ASSIGN_OR_RETURN(const uint64_t gone, upkeep_.Run(absl::Now() + kTimeout, [&](Transaction& tx) {
      return prune_store::DeletePruned(tx, tenant, options_.page);
    }));
    Counters().rows.Add(gone);
    if (gone == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool is_ours, TakeTurn());
    if (!is_ours) return absl::OkStatus();
  }
}

}  // namespace kasbah::audit
