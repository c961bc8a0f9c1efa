#include "libs/outbox/denials.h"

#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::outbox {
namespace {

constexpr size_t kMostEntries = 10'000;
// While the database is away more is counted than written: what is known goes on counting, what is
// new is dropped past this, and the drops are counted.
constexpr size_t kMostWaiting = 4 * kMostEntries;
constexpr absl::Duration kDenialPeriod = absl::Seconds(1);
constexpr absl::Duration kUsePeriod = absl::Minutes(1);
constexpr absl::Duration kWriteTimeout = absl::Seconds(10);

// What makes two happenings one event with a count, as it is asked for: most are counted already,
// and nothing need be copied to find that out.
struct KeyView {
  TenantId tenant;
  std::string_view actor_kind;
  std::string_view actor_id;
  std::string_view workload;
  std::string_view action;
  std::string_view target_kind;
  std::string_view target_id;
  std::string_view reason;

  friend bool operator==(const KeyView&, const KeyView&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const KeyView& k) {
    return H::combine(std::move(h), k.tenant, k.actor_id, k.action, k.target_id, k.reason);
  }
};

// The same as it is kept.
struct Key {
  TenantId tenant;
  std::string actor_kind;
  std::string actor_id;
  std::string workload;
  std::string action;
  std::string target_kind;
  std::string target_id;
  std::string reason;

  explicit Key(const KeyView& v)
      : tenant(v.tenant),
        actor_kind(v.actor_kind),
        actor_id(v.actor_id),
        workload(v.workload),
        action(v.action),
        target_kind(v.target_kind),
        target_id(v.target_id),
        reason(v.reason) {}
  KeyView view() const {
    return {tenant, actor_kind, actor_id, workload, action, target_kind, target_id, reason};
  }
};

struct KeyHash {
  using is_transparent = void;
  size_t operator()(const KeyView& key) const { return absl::Hash<KeyView>()(key); }
  size_t operator()(const Key& key) const { return (*this)(key.view()); }
};

struct KeyEqual {
  using is_transparent = void;
  static const KeyView& ViewOf(const KeyView& key) { return key; }
  static KeyView ViewOf(const Key& key) { return key.view(); }
  bool operator()(const auto& a, const auto& b) const { return ViewOf(a) == ViewOf(b); }
};

struct Entry {
  // The latest call, for address and request id.
  CallContext call;
  std::string target_name;
  uint64_t count = 0;
};

using Entries = absl::flat_hash_map<Key, Entry, KeyHash, KeyEqual>;

}  // namespace

struct CountedEvents::State {
  State(postgres::Database& d, Outbox& o, const Clock& c)
      : database(d),
        outbox(o),
        clock(c),
        dropped(telemetry::GetCounter("kasbah_outbox_counted_dropped_total",
                                      "Counted events that found no room while the database was "
                                      "away")) {}

  void Add(Entries State::*entries, const KeyView& key, const CallContext& call,
           std::string_view target_name, uint64_t count);
  void Loop();
  absl::Status WriteOut(Entries State::*entries);
  absl::Status WriteTenant(const CallContext& call, const std::vector<v1::AuditEvent>& events);

  postgres::Database& database;
  Outbox& outbox;
  const Clock& clock;
  telemetry::Counter& dropped;

  absl::Mutex mutex;
  Entries denials ABSL_GUARDED_BY(mutex);
  Entries uses ABSL_GUARDED_BY(mutex);
  bool full ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

CountedEvents::CountedEvents(postgres::Database& database, Outbox& outbox, const Clock& clock)
    : state_(std::make_unique<State>(database, outbox, clock)) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

CountedEvents::~CountedEvents() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
  if (absl::Status last = Flush(); !last.ok()) {
    telemetry::LogError("counted events were lost at shutdown",
                        {{"code", absl::StatusCodeToString(last.code())}});
  }
}

void CountedEvents::State::Add(Entries State::*entries, const KeyView& key, const CallContext& call,
                               std::string_view target_name, uint64_t count) {
  absl::MutexLock lock(&mutex);
  Entries& map = this->*entries;
  if (const auto known = map.find(key); known != map.end()) {
    known->second.count += count;
    return;
  }
  if (map.size() >= kMostWaiting) {
    dropped.Add(count);
    return;
  }
  map.emplace(Key(key), Entry{call, std::string(target_name), count});
  full = full || map.size() >= kMostEntries;
}

void CountedEvents::Denied(const CallContext& call, std::string_view action,
                           std::string_view reason) {
  CallContext known = call;
  if (known.tenant.is_nil()) known.tenant = kSystemTenant;
  if (known.actor.id.empty()) {
    // Refused before it was known who acts: the peer, if that is known.
    known.actor.kind = known.workload.empty() ? "unknown" : "workload";
    known.actor.id = known.workload.empty() ? "unknown" : known.workload;
  }
  const KeyView key{known.tenant, known.actor.kind, known.actor.id, known.workload, action, {}, {},
                    reason};
  state_->Add(&State::denials, key, known, {}, 1);
}

void CountedEvents::Used(const CallContext& call, std::string_view action,
                         std::string_view target_kind, std::string_view target_id,
                         std::string_view target_name, uint64_t times) {
  const KeyView key{call.tenant, call.actor.kind, call.actor.id, call.workload,
                    action,      target_kind,     target_id,     {}};
  state_->Add(&State::uses, key, call, target_name, times);
}

void CountedEvents::State::Loop() {
  absl::Time next_uses = clock.Now() + kUsePeriod;
  while (true) {
    {
      absl::MutexLock lock(&mutex);
      mutex.AwaitWithTimeout(absl::Condition(
                                 +[](State* s) { return s->full || s->stopping; }, this),
                             kDenialPeriod);
      if (stopping) return;
    }
    absl::Status written = WriteOut(&State::denials);
    bool uses_due = clock.Now() >= next_uses;
    {
      absl::MutexLock lock(&mutex);
      uses_due |= uses.size() >= kMostEntries;
    }
    if (uses_due) {
      next_uses = clock.Now() + kUsePeriod;
      written.Update(WriteOut(&State::uses));
    }
    if (!written.ok()) {
      telemetry::LogWarning("counted events wait for the database",
                            {{"code", absl::StatusCodeToString(written.code())}});
      // Full or not, there is no use in trying at once.
      absl::MutexLock lock(&mutex);
      mutex.AwaitWithTimeout(absl::Condition(&stopping), kDenialPeriod);
    }
  }
}

// Takes what has gathered and writes it tenant by tenant; what cannot be written goes back, to be
// counted on.
absl::Status CountedEvents::State::WriteOut(Entries State::*entries) {
  Entries taken;
  {
    absl::MutexLock lock(&mutex);
    taken.swap(this->*entries);
    full = false;
  }
  absl::flat_hash_map<TenantId, std::vector<const Entries::value_type*>> by_tenant;
  for (const auto& item : taken) by_tenant[item.first.tenant].push_back(&item);
  absl::Status status;
  for (const auto& [tenant, items] : by_tenant) {
    std::vector<v1::AuditEvent> events;
    events.reserve(items.size());
    for (const auto* item : items) {
      const auto& [key, entry] = *item;
      v1::AuditEvent event =
          key.reason.empty()
              ? Succeeded(entry.call, clock, key.action,
                          {key.target_kind, key.target_id, entry.target_name})
              : Failed(entry.call, clock, key.action, {}, v1::OUTCOME_DENIED, key.reason);
      event.set_count(entry.count);
      events.push_back(std::move(event));
    }
    CallContext call = items.front()->second.call;
    call.tenant = tenant;
    const absl::Status written = WriteTenant(call, events);
    if (written.ok()) continue;
    // A tenant that does not exist has no trail: somebody made the id up.
    if (absl::IsNotFound(written) && tenant != kSystemTenant) {
      for (const auto* item : items) {
        KeyView key = item->first.view();
        key.tenant = kSystemTenant;
        CallContext system = item->second.call;
        system.tenant = kSystemTenant;
        Add(entries, key, system, item->second.target_name, item->second.count);
      }
      continue;
    }
    status.Update(written);
    // A mistake of the caller's, which no repetition makes good.
    if (absl::IsInvalidArgument(written)) continue;
    for (const auto* item : items) {
      Add(entries, item->first.view(), item->second.call, item->second.target_name,
          item->second.count);
    }
  }
  return status;
}

absl::Status CountedEvents::State::WriteTenant(const CallContext& call,
                                               const std::vector<v1::AuditEvent>& events) {
  CallContext background = call;
  background.customer.reset();
  background.deadline = absl::Now() + kWriteTimeout;
  return database.WithTenantInAnyState(
      background, postgres::AnyStateToken::ForDenialEvents(),
      [&](postgres::Transaction& tx) { return outbox.AppendAudits(tx, background, events); });
}

absl::Status CountedEvents::Flush() {
  absl::Status status = state_->WriteOut(&State::denials);
  // Those of tenants that do not exist are the installation's now.
  status.Update(state_->WriteOut(&State::denials));
  status.Update(state_->WriteOut(&State::uses));
  return status;
}

}  // namespace kasbah::outbox
