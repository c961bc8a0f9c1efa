#include "services/audit/log/checkpointer.h"

#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/audit/store/checkpoint_store.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(1);
constexpr absl::Duration kTimeout = absl::Seconds(10);
// Heads in one transaction, and in one period: where a thousand tenants are busy at once, their
// events must not cost half a signature each.
constexpr size_t kMostAtOnce = 100;
// What another replica left unsigned when it ended is found within a minute.
constexpr int kPeriodsBetweenLooks = 60;

bool IsSigned(const HeadState& head) { return head.last && head.last->size == head.size; }

// A log only grows: what was signed once stays true.
absl::Status CheckFollows(const HeadState& head) {
  if (!head.last) return absl::OkStatus();
  if (head.size > head.last->size) return absl::OkStatus();
  if (head.size == head.last->size && head.root == head.last->root) return absl::OkStatus();
  static telemetry::Counter& damaged = telemetry::GetCounter(
      "kasbah_audit_damaged_total", "Times a log was not what had been written: look at once");
  damaged.Add();
  telemetry::LogError("a tenant's log is not what was written",
                      {{"tenant", head.tenant.ToString()}, {"what", "head after its checkpoint"}});
  return Error(absl::StatusCode::kDataLoss, "LOG_DAMAGED",
               StrCat("the log's head does not follow the one that was signed at ", head.last->size,
                      " events"));
}

}  // namespace

struct Checkpointer::State {
  State(std::string domain, postgres::Database& db, postgres::Door& d, const SigningKey& k,
        const Clock& c)
      : trust_domain(std::move(domain)), database(db), door(d), key(k), clock(c) {}

  std::string OriginOf(TenantId tenant) const {
    return StrCat(trust_domain, "/audit/", tenant.ToString());
  }
  absl::StatusOr<merkle::Checkpoint> CheckpointOf(const HeadState& head) const;
  absl::StatusOr<SignedCheckpoint> SignCurrent(postgres::Transaction& tx, TenantId tenant,
                                               const crypto::Ed25519Key& signer);
  void Loop();
  absl::Status SignChanged();
  absl::Status SignSome(const std::vector<TenantId>& tenants, const crypto::Ed25519Key& signer);
  void AddChanged(const std::vector<TenantId>& tenants);
  std::vector<TenantId> TakeChanged();

  const std::string trust_domain;
  postgres::Database& database;
  postgres::Door& door;
  const SigningKey& key;
  const Clock& clock;
  // Until logs are looked for that nobody named. Touched by the loop alone.
  int periods_to_look = 0;

  absl::Mutex mutex;
  // Each once, the one named first in front.
  std::deque<TenantId> waiting ABSL_GUARDED_BY(mutex);
  absl::flat_hash_set<TenantId> is_waiting ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

Checkpointer::Checkpointer(std::string trust_domain, postgres::Database& database,
                           postgres::Door& door, const SigningKey& key, const Clock& clock)
    : state_(std::make_unique<State>(std::move(trust_domain), database, door, key, clock)) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

Checkpointer::~Checkpointer() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
}

std::string Checkpointer::OriginOf(TenantId tenant) const { return state_->OriginOf(tenant); }

void Checkpointer::Grown(const std::vector<TenantId>& tenants) { state_->AddChanged(tenants); }

void Checkpointer::State::AddChanged(const std::vector<TenantId>& tenants) {
  absl::MutexLock lock(&mutex);
  for (const TenantId tenant : tenants) {
    if (is_waiting.insert(tenant).second) waiting.push_back(tenant);
  }
}

std::vector<TenantId> Checkpointer::State::TakeChanged() {
  absl::MutexLock lock(&mutex);
  std::vector<TenantId> taken;
  while (!waiting.empty() && taken.size() < kMostAtOnce) {
    taken.push_back(waiting.front());
    is_waiting.erase(waiting.front());
    waiting.pop_front();
  }
  return taken;
}

absl::StatusOr<SignedCheckpoint> Checkpointer::Current(const CallContext& call) {
  ASSIGN_OR_RETURN(const auto signer, state_->key.Get());
  return state_->database.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForBookkeeping(),
      [&](postgres::Transaction& tx) { return state_->SignCurrent(tx, call.tenant, *signer); });
}

absl::StatusOr<SignedCheckpoint> Checkpointer::State::SignCurrent(
    postgres::Transaction& tx, TenantId tenant, const crypto::Ed25519Key& signer) {
  ASSIGN_OR_RETURN(const std::optional<HeadState> found,
                   checkpoint_store::Find(tx, tenant).Await());
  // Nothing was logged yet: the empty tree, which is not kept.
  const HeadState empty{tenant, 0, std::string(merkle::View(merkle::EmptyRoot())), std::nullopt};
  const HeadState& head = found ? *found : empty;
  SignedCheckpoint signed_head;
  ASSIGN_OR_RETURN(signed_head.checkpoint, CheckpointOf(head));
  const std::string& origin = signed_head.checkpoint.origin;
  ASSIGN_OR_RETURN(signed_head.note,
                   merkle::SignNote(signed_head.checkpoint.ToText(), origin, signer));
  ASSIGN_OR_RETURN(const merkle::VerifierKey verifier,
                   merkle::VerifierKey::Create(origin, signer.public_key()));
  signed_head.verifier_key = verifier.ToString();
  if (found && !IsSigned(head)) {
    checkpoint_store::Save(tx, {{tenant, head.size, head.root, signed_head.note}}, clock.Now());
  }
  return signed_head;
}

// To be signed. Ed25519 is deterministic: two replicas that sign one head write one note.
absl::StatusOr<merkle::Checkpoint> Checkpointer::State::CheckpointOf(const HeadState& head) const {
  RETURN_IF_ERROR(CheckFollows(head));
  ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(head.root));
  return merkle::Checkpoint{OriginOf(head.tenant), head.size, root};
}

void Checkpointer::State::Loop() {
  while (true) {
    {
      absl::MutexLock lock(&mutex);
      if (mutex.AwaitWithTimeout(absl::Condition(&stopping), kPeriod)) return;
    }
    if (absl::Status status = SignChanged(); !status.ok()) {
      telemetry::LogWarning("checkpoints wait", {{"reason", ReasonOf(status)}});
    }
  }
}

absl::Status Checkpointer::State::SignChanged() {
  const auto signer = key.Get();
  if (!signer.ok()) return absl::OkStatus();
  if (--periods_to_look <= 0) {
    ASSIGN_OR_RETURN(const std::vector<TenantId> behind,
                     door.Run(absl::Now() + kTimeout, [](postgres::Transaction& tx) {
                       return checkpoint_store::ListUnsigned(tx);
                     }));
    AddChanged(behind);
    periods_to_look = kPeriodsBetweenLooks;
  }
  const std::vector<TenantId> tenants = TakeChanged();
  if (tenants.empty()) return absl::OkStatus();
  absl::Status status = SignSome(tenants, **signer);
  if (!status.ok()) AddChanged(tenants);
  return status;
}

absl::Status Checkpointer::State::SignSome(const std::vector<TenantId>& tenants,
                                           const crypto::Ed25519Key& signer) {
  return door.Run(absl::Now() + kTimeout, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<HeadState> heads,
                     checkpoint_store::ReadAll(tx, tenants).Await());
    std::vector<NewCheckpoint> checkpoints;
    for (const HeadState& head : heads) {
      if (IsSigned(head)) continue;
      const absl::StatusOr<merkle::Checkpoint> checkpoint = CheckpointOf(head);
      // One damaged log is reported and does not hold up the others.
      if (!checkpoint.ok()) continue;
      ASSIGN_OR_RETURN(std::string note,
                       merkle::SignNote(checkpoint->ToText(), checkpoint->origin, signer));
      checkpoints.push_back({head.tenant, head.size, head.root, std::move(note)});
    }
    if (!checkpoints.empty()) checkpoint_store::Save(tx, checkpoints, clock.Now());
    return absl::OkStatus();
  });
}

}  // namespace kasbah::audit
