#include "services/audit/log/flush.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"
#include "services/audit/domain/event_body.h"
#include "services/audit/store/appended_store.h"
#include "services/audit/store/growth_store.h"

namespace kasbah::audit {
namespace {

using growth_store::EventRow;
using growth_store::LockedHead;
using receiver_store::CursorRow;

constexpr size_t kRowsOfAPart = 500;

// The entry again, for quarantine: an event that was fit but has no log to go to.
QuarantinedEntry BackToEntry(const LoggedEvent& event, std::string_view reason) {
  QuarantinedEntry entry{event.tenant, event.entry_id, std::string(reason), ""};
  absl::StatusOr<outbox::v1::AuditEvent> proto = ParseBody(event.body);
  if (!proto.ok()) return entry;
  if (event.personal[0]) proto->set_source_address(event.personal[0]->value);
  if (event.personal[1]) proto->set_user_agent(event.personal[1]->value);
  if (event.personal[2]) proto->mutable_actor()->set_display(event.personal[2]->value);
  entry.payload = proto->SerializeAsString();
  return entry;
}

// One flush while it is under way.
class Flush {
 public:
  Flush(postgres::Transaction& tx, const std::vector<std::shared_ptr<const Batch>>& batches,
        absl::Time now)
      : tx_(tx), batches_(batches), now_(now) {}

  absl::StatusOr<FlushReport> Run() {
    RETURN_IF_ERROR(Lock());
    const std::vector<const Batch*> accepted = Decide();
    if (accepted.empty() && chosen_.empty()) return std::move(report_);
    ASSIGN_OR_RETURN(const auto stored, ReadStartsOfTiles());
    WriteEvents();
    WriteTiles(stored);
    WriteHeads();
    WriteProducers(accepted);
    return std::move(report_);
  }

 private:
  struct Log {
    LogGrowth growth;
    // How many events this flush gives it.
    uint64_t chosen = 0;
  };
  // An event that gets the next place of its log.
  struct Chosen {
    const LoggedEvent* event;
    Log* log;
  };

  absl::Status Lock() {
    std::set<CursorKey> keys;
    // Whose events these are, and whose entries: what is kept aside grows no log.
    std::set<TenantId> logged, named;
    std::set<ClientKey> claimed;
    for (const auto& batch : batches_) {
      if (!batch->is_application()) keys.insert(batch->key);
      for (const LoggedEvent& event : batch->events) logged.insert(event.tenant);
      for (const QuarantinedEntry& entry : batch->unfit) named.insert(entry.tenant);
      for (const ClientClaim& claim : batch->claims) {
        claimed.insert({batch->events.front().tenant, claim.client_event_id});
      }
    }
    named.insert(logged.begin(), logged.end());
    auto cursors = receiver_store::Lock(tx_, {keys.begin(), keys.end()});
    auto heads = growth_store::LockHeads(tx_, {named.begin(), named.end()});
    auto appended = appended_store::Find(tx_, {claimed.begin(), claimed.end()});
    ASSIGN_OR_RETURN(const std::vector<CursorRow> cursor_rows, cursors.Await());
    for (const CursorRow& row : cursor_rows) cursors_[row.key] = row.cursor;
    ASSIGN_OR_RETURN(const std::vector<LockedHead> head_rows, heads.Await());
    TakeHeads(head_rows, &logged);
    if (!logged.empty()) RETURN_IF_ERROR(BeginLogs(logged));
    ASSIGN_OR_RETURN(appended_, appended.Await());
    return absl::OkStatus();
  }

  // Heads that are not there yet: rare, so that looking for them is no part of each flush.
  absl::Status BeginLogs(std::set<TenantId> tenants) {
    const std::vector<TenantId> fresh(tenants.begin(), tenants.end());
    growth_store::MakeHeads(tx_, fresh);
    ASSIGN_OR_RETURN(const std::vector<LockedHead> rows,
                     growth_store::LockHeads(tx_, fresh).Await());
    TakeHeads(rows, &tenants);
    return absl::OkStatus();
  }

  void TakeHeads(const std::vector<LockedHead>& rows, std::set<TenantId>* missing) {
    for (const LockedHead& row : rows) {
      missing->erase(row.head.tenant);
      if (row.is_erased) erased_.insert(row.head.tenant);
      if (row.broken) {
        ReportDamage(row.head.tenant, "head");
      } else {
        logs_.emplace(row.head.tenant, Log{LogGrowth(row.head)});
      }
    }
  }

  // Outcomes for all, in order, and what is accepted gets its place; a batch that is in the flush
  // twice is applied once.
  std::vector<const Batch*> Decide() {
    std::vector<const Batch*> accepted;
    for (const auto& batch : batches_) {
      report_.outcomes.push_back(batch->is_application() ? AppendClaims(*batch)
                                                         : DecideRelayed(*batch, &accepted));
    }
    return accepted;
  }

  FlushReport::Outcome DecideRelayed(const Batch& batch, std::vector<const Batch*>* accepted) {
    outbox::ReceiverCursor& cursor = cursors_[batch.key];
    const absl::StatusOr<outbox::BatchDecision> decision =
        outbox::DecideBatch(cursor, batch.identity);
    FlushReport::Outcome outcome;
    outcome.status = decision.status();
    if (!decision.ok()) return outcome;
    for (const QuarantinedEntry& entry : batch.unfit) {
      outcome.quarantined.push_back(entry.entry_id);
    }
    if (*decision == outbox::BatchDecision::kApply) {
      cursor = {batch.identity.batch(), batch.identity.digest()};
      moved_.insert(batch.key);
      accepted->push_back(&batch);
      Append(batch);
    }
    outcome.last_batch = cursor.last_batch;
    return outcome;
  }

  // All of the batch or nothing.
  FlushReport::Outcome AppendClaims(const Batch& batch) {
    FlushReport::Outcome outcome;
    const TenantId tenant = batch.events.front().tenant;
    const auto log = logs_.find(tenant);
    outcome.status = log == logs_.end() ? Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
                                                "the tenant's log is damaged")
                                        : CheckClaims(batch);
    if (!outcome.status.ok()) return outcome;
    for (size_t i = 0; i < batch.events.size(); ++i) {
      const LoggedEvent& event = batch.events[i];
      const ClientClaim& claim = batch.claims[i];
      const auto [known, fresh] = appended_.try_emplace(ClientKey(tenant, claim.client_event_id),
                                                        AppendedEvent{claim.digest, 0});
      if (fresh) {
        known->second.sequence = Choose(event, log->second);
        fresh_claims_.push_back({known->first, known->second});
      }
      outcome.places.push_back({known->second.sequence, !fresh});
    }
    return outcome;
  }

  absl::Status CheckClaims(const Batch& batch) const {
    std::vector<Violation> reused;
    for (size_t i = 0; i < batch.claims.size(); ++i) {
      const auto known = appended_.find({batch.events[i].tenant, batch.claims[i].client_event_id});
      if (known == appended_.end() || known->second.digest == batch.claims[i].digest) continue;
      reused.push_back({StrCat("events[", i, "].client_event_id"),
                        "stands for another event in the log", "EVENT_ID_REUSED"});
    }
    if (reused.empty()) return absl::OkStatus();
    return WithViolations(Error(absl::StatusCode::kAlreadyExists, "EVENT_ID_REUSED",
                                "events that were sent before are not the same now"),
                          reused);
  }

  void Append(const Batch& batch) {
    for (const LoggedEvent& event : batch.events) {
      const auto log = logs_.find(event.tenant);
      if (log == logs_.end()) {
        homeless_[&batch].push_back(BackToEntry(event, "the tenant's log is damaged"));
        continue;
      }
      Choose(event, log->second);
    }
  }

  // Returns the place that the event will have.
  uint64_t Choose(const LoggedEvent& event, Log& log) {
    chosen_.push_back({&event, &log});
    return log.growth.start() + log.chosen++;
  }

  // Reads back what the tiles begin with that become full.
  absl::StatusOr<std::map<TenantId, StoredHashes>> ReadStartsOfTiles() {
    std::vector<std::pair<TenantId, HashRange>> wanted;
    for (const auto& [tenant, log] : logs_) {
      for (const HashRange& range : RangesToFillTiles(log.growth.start(), log.chosen)) {
        wanted.push_back({tenant, range});
      }
    }
    return growth_store::ReadHashes(tx_, wanted);
  }

  // In parts: PostgreSQL works on one while the next is hashed and put into its parameters.
  void WriteEvents() {
    // Rows of one log together touch fewer pages of each index.
    std::stable_sort(chosen_.begin(), chosen_.end(), [](const Chosen& a, const Chosen& b) {
      return a.event->tenant < b.event->tenant;
    });
    std::vector<EventRow> part;
    for (const Chosen& chosen : chosen_) {
      part.push_back({chosen.event, chosen.log->growth.Append(chosen.event->leaf, now_),
                      !erased_.contains(chosen.event->tenant)});
      if (part.size() < kRowsOfAPart && &chosen != &chosen_.back()) continue;
      growth_store::InsertEvents(tx_, part);
      tx_.Start();
      part.clear();
    }
    report_.events = chosen_.size();
  }

  void WriteTiles(const std::map<TenantId, StoredHashes>& stored) {
    static const StoredHashes kNothing;
    std::vector<std::pair<TenantId, FullTile>> tiles;
    for (const auto& [tenant, log] : logs_) {
      const auto hashes = stored.find(tenant);
      bool damaged = false;
      for (FullTile& tile :
           log.growth.Tiles(hashes == stored.end() ? kNothing : hashes->second, &damaged)) {
        tiles.push_back({tenant, std::move(tile)});
      }
      if (damaged) ReportDamage(tenant, "leaves or tiles");
    }
    growth_store::InsertTiles(tx_, tiles);
  }

  void WriteHeads() {
    std::vector<LogHead> heads;
    for (auto& [tenant, log] : logs_) {
      if (log.chosen == 0) continue;
      heads.push_back(std::move(log.growth).TakeHead());
      report_.grown.push_back(tenant);
    }
    if (!heads.empty()) growth_store::SaveHeads(tx_, heads);
  }

  // What is kept of those who sent: how far their batches came, ids of applications' events, and
  // what could not be logged.
  void WriteProducers(const std::vector<const Batch*>& accepted) {
    std::vector<CursorRow> moved;
    for (const CursorKey& key : moved_) moved.push_back({key, cursors_[key]});
    if (!moved.empty()) receiver_store::Save(tx_, moved, now_);
    appended_store::Insert(tx_, fresh_claims_, now_);
    for (const Batch* batch : accepted) WriteQuarantine(*batch);
  }

  void WriteQuarantine(const Batch& batch) {
    std::vector<QuarantinedEntry> entries = batch.unfit;
    for (QuarantinedEntry& entry : homeless_[&batch]) entries.push_back(std::move(entry));
    if (entries.empty()) return;
    for (QuarantinedEntry& entry : entries) {
      if (erased_.contains(entry.tenant)) entry.payload.clear();
    }
    receiver_store::Quarantine(tx_, batch.key, batch.identity.batch(), entries, now_);
    report_.quarantined += entries.size();
  }

  void ReportDamage(TenantId tenant, std::string_view what) {
    ++report_.damaged;
    telemetry::LogError("a tenant's log is not what was written",
                        {{"tenant", tenant.ToString()}, {"what", what}});
  }

  postgres::Transaction& tx_;
  const std::vector<std::shared_ptr<const Batch>>& batches_;
  const absl::Time now_;
  std::map<CursorKey, outbox::ReceiverCursor> cursors_;
  std::set<CursorKey> moved_;
  std::map<TenantId, Log> logs_;
  std::set<TenantId> erased_;
  // What applications sent before, and in this flush.
  std::map<ClientKey, AppendedEvent> appended_;
  std::vector<std::pair<ClientKey, AppendedEvent>> fresh_claims_;
  std::vector<Chosen> chosen_;
  std::map<const Batch*, std::vector<QuarantinedEntry>> homeless_;
  FlushReport report_;
};

}  // namespace

absl::StatusOr<FlushReport> FlushBatches(postgres::Transaction& tx,
                                         const std::vector<std::shared_ptr<const Batch>>& batches,
                                         absl::Time now) {
  return Flush(tx, batches, now).Run();
}

}  // namespace kasbah::audit
