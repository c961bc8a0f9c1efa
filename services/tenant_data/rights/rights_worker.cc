#include "services/tenant_data/rights/rights_worker.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;
using postgres::UnauditedToken;

constexpr absl::Duration kLease = absl::Seconds(30);
// How often a lease is held on by work that takes longer.
constexpr absl::Duration kHeldOnEvery = absl::Seconds(10);
// Of an operation, before others have theirs.
constexpr absl::Duration kTurn = absl::Seconds(20);
constexpr absl::Duration kPause = absl::Seconds(2);
// A piece: a page of a service, or a file of a GiB on a slow store.
constexpr absl::Duration kPagePatience = absl::Seconds(60);
// How long an export waits for what is away.
constexpr absl::Duration kExportPatience = absl::Hours(24);

// As whom an operation acts, in every service; its id stands in each event as the request's.
CallContext CallFor(TenantId tenant, OperationId id) {
  CallContext call =
      CallContext::ForBackground("service/tenant-data", tenant, absl::Now() + kPagePatience);
  call.request_id = id.ToString();
  return call;
}

std::string ReasonFor(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? std::string(absl::StatusCodeToString(status.code())) : reason;
}

// Whether it may pass by itself.
bool MayPass(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  if (reason == reason::kTenantSuspended) return true;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

// Rolls a transaction back that would note something of an operation that is somewhere else.
absl::Status SomewhereElse() {
  return Error(absl::StatusCode::kAborted, "SOMEWHERE_ELSE", "the operation went on without us");
}

bool IsElsewhere(const absl::Status& status) { return ReasonOf(status) == "SOMEWHERE_ELSE"; }

std::string EventOf(const RightsOperation& operation, std::string_view verb) {
  return StrCat(NameOf(operation.kind), ".", verb);
}

}  // namespace

absl::Status RightsWorker::RunOnce() {
  const absl::Time until = parts_.clock.Now() + kTurn;
  absl::Status first;
  do {
    const absl::Time now = parts_.clock.Now();
    ASSIGN_OR_RETURN(const std::vector<DueOperation> due,
                     parts_.upkeep.Run(absl::Now() + kPagePatience, [&](Transaction& tx) {
                       return ClaimDueOperations(tx, now, now + kLease, 1);
                     }));
    if (due.empty()) break;
    first.Update(Work(due.front()));
  } while (parts_.clock.Now() < until);
  return first;
}

absl::StatusOr<RightsOperation> RightsWorker::Get(const CallContext& call, OperationId id) {
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(),
      [&](Transaction& tx) { return RightsStore::Get(tx, call.tenant, id); });
}

absl::Status RightsWorker::Work(const DueOperation& due) {
  const absl::Time until = parts_.clock.Now() + kTurn;
  ASSIGN_OR_RETURN(RightsOperation operation, Get(CallFor(due.tenant, due.id), due.id));
  while (operation.state == RightsState::kRunning) {
    if (operation.step == StepsOf(operation.kind).size()) {
      const absl::Status finished = Finish(operation);
      return IsElsewhere(finished) ? absl::OkStatus() : finished;
    }
    const absl::StatusOr<bool> done = Step(&operation);
    if (done.ok() && !*done) return absl::OkStatus();
    if (!done.ok()) {
      const bool is_old = parts_.clock.Now() - operation.updated > kExportPatience;
      if (IsExport(operation.kind) && (!MayPass(done.status()) || is_old)) {
        return Fail(operation, done.status());
      }
      // An erasure goes on until it is done, whatever it takes.
      Hold(due, ReasonFor(done.status()), kPause);
      return IsTenantRefused(done.status()) ? absl::OkStatus() : done.status();
    }
    if (parts_.clock.Now() >= until) {
      Hold(due, "", absl::ZeroDuration());
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RightsWorker::Step(RightsOperation* operation) {
  const CallContext call = CallFor(operation->tenant, operation->id);
  absl::Time held = parts_.clock.Now();
  const HoldOn hold_on = [&] {
    if (parts_.clock.Now() - held < kHeldOnEvery) return;
    held = parts_.clock.Now();
    Hold({operation->tenant, operation->id}, "", kLease);
  };
  absl::StatusOr<RightsNote> note = IsExport(operation->kind)
                                        ? exporter_.Do(call, *operation, hold_on)
                                        : eraser_.Do(call, *operation);
  if (!note.ok()) return note.status();
  absl::StatusOr<bool> noted = Note(CallFor(operation->tenant, operation->id), *operation, *note);
  if (IsElsewhere(noted.status())) return false;
  if (!noted.ok()) return noted.status();
  operation->step = note->step;
  operation->cursor = note->cursor;
  operation->updated = parts_.clock.Now();
  return true;
}

absl::StatusOr<bool> RightsWorker::Note(const CallContext& call, const RightsOperation& operation,
                                        RightsNote& note) {
  const absl::Time now = parts_.clock.Now();
  const auto write = [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(
        const bool is_ours,
        RightsStore::Move(tx, operation, note.step, note.cursor, now, now + kLease).Await());
    if (!is_ours) return SomewhereElse();
    RightsStore::AddCounts(tx, call.tenant, operation.id, note.counts);
    if (note.piece != nullptr) note.piece->AddTo(tx, note.member);
    return absl::OkStatus();
  };
  absl::Status noted;
  if (IsExport(operation.kind)) {
    noted = parts_.database.WithTenantUnaudited(call, UnauditedToken::ForBookkeeping(), write);
  } else {
    int64_t rows = 0;
    for (const RightsCount& count : note.counts) rows += count.rows;
    const std::string_view service = StepsOf(operation.kind)[operation.step].service;
    noted = parts_.database.WithTenantInAnyState(
        call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
          RETURN_IF_ERROR(write(tx));
          return parts_.outbox.AppendAudit(
              tx, call,
              outbox::Succeeded(call, parts_.clock, EventOf(operation, "progress"),
                                {"operation", operation.id.ToString(), ""},
                                {{"step", StrCat(operation.step)},
                                 {"service", std::string(service)},
                                 {"rows", StrCat(rows)}}));
        });
  }
  // What is perhaps part of the archive is not to be given up.
  const bool is_unknown = ReasonOf(noted) == reason::kCommitUnknown;
  if (note.piece != nullptr && (noted.ok() || is_unknown)) note.piece->Keep();
  RETURN_IF_ERROR(noted);
  return true;
}

absl::Status RightsWorker::Finish(const RightsOperation& operation) {
  const CallContext call = CallFor(operation.tenant, operation.id);
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        const absl::Time now = parts_.clock.Now();
        std::optional<absl::Time> expires;
        if (IsExport(operation.kind)) {
          expires = now + kArchiveKept;
          RightsStore::KeepPieces(tx, call.tenant, operation.id, *expires);
        }
        ASSIGN_OR_RETURN(const bool is_ours, RightsStore::End(tx, call.tenant, operation.id,
                                                              RightsState::kDone, "", now, expires)
                                                 .Await());
        // Cancelled at the last moment: rolled back, and no error.
        if (!is_ours) return SomewhereElse();
        return parts_.outbox.AppendAudit(
            tx, call,
            outbox::Succeeded(call, parts_.clock, EventOf(operation, "finish"),
                              {"operation", operation.id.ToString(), ""}));
      });
}

absl::Status RightsWorker::Fail(const RightsOperation& operation, const absl::Status& why) {
  const CallContext call = CallFor(operation.tenant, operation.id);
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        const absl::Time now = parts_.clock.Now();
        RightsStore::End(tx, call.tenant, operation.id, RightsState::kFailed, ReasonFor(why), now,
                         std::nullopt);
        RightsStore::DropPieces(tx, call.tenant, operation.id, now);
        return parts_.outbox.AppendAudit(
            tx, call,
            outbox::Failed(call, parts_.clock, EventOf(operation, "finish"),
                           {"operation", operation.id.ToString(), ""}, outbox::v1::OUTCOME_FAILURE,
                           ReasonFor(why)));
      });
}

void RightsWorker::Hold(const DueOperation& due, std::string_view waiting_for,
                        absl::Duration pause) {
  const absl::Status held =
      parts_.upkeep.Run(absl::Now() + kPause, [&](Transaction& tx) -> absl::Status {
        HoldOperation(tx, due, waiting_for, parts_.clock.Now() + pause);
        return absl::OkStatus();
      });
  // The lease ends by itself.
  held.IgnoreError();
}

}  // namespace kasbah::tenantdata
