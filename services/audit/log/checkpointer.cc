#include "services/audit/log/checkpointer.h"

#include <optional>
#include <set>
#include <thread>
#include <utility>

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
// Heads in one transaction.
constexpr size_t kMostAtOnce = 1000;

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
  absl::StatusOr<SignedCheckpoint> Sign(const HeadState& head, const crypto::Ed25519Key& signer);
  absl::StatusOr<SignedCheckpoint> SignCurrent(postgres::Transaction& tx, TenantId tenant,
                                               const crypto::Ed25519Key& signer);
  void Loop();
  absl::Status SignChanged();
  absl::Status SignSome(const std::vector<TenantId>& tenants, const crypto::Ed25519Key& signer);

  const std::string trust_domain;
  postgres::Database& database;
  postgres::Door& door;
  const SigningKey& key;
  const Clock& clock;
  // Logs that grew while no replica of ours ran are looked for once. Touched by the loop alone.
  bool looked_for_unsigned = false;

  absl::Mutex mutex;
  std::set<TenantId> changed ABSL_GUARDED_BY(mutex);
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

void Checkpointer::Grown(const std::vector<TenantId>& tenants) {
  absl::MutexLock lock(&state_->mutex);
  state_->changed.insert(tenants.begin(), tenants.end());
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
  ASSIGN_OR_RETURN(SignedCheckpoint signed_head, Sign(head, signer));
  if (found && !IsSigned(head)) {
    checkpoint_store::Save(tx, {{tenant, head.size, head.root, signed_head.note}}, clock.Now());
  }
  return signed_head;
}

absl::StatusOr<SignedCheckpoint> Checkpointer::State::Sign(const HeadState& head,
                                                           const crypto::Ed25519Key& signer) {
  RETURN_IF_ERROR(CheckFollows(head));
  SignedCheckpoint signed_head;
  const std::string origin = OriginOf(head.tenant);
  ASSIGN_OR_RETURN(const merkle::Hash root, merkle::ParseHash(head.root));
  signed_head.checkpoint = {origin, head.size, root};
  // Ed25519 is deterministic: two replicas that sign one head write one note.
  ASSIGN_OR_RETURN(signed_head.note,
                   merkle::SignNote(signed_head.checkpoint.ToText(), origin, signer));
  ASSIGN_OR_RETURN(const merkle::VerifierKey verifier,
                   merkle::VerifierKey::Create(origin, signer.public_key()));
  signed_head.verifier_key = verifier.ToString();
  return signed_head;
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
  std::vector<TenantId> tenants;
  if (!looked_for_unsigned) {
    ASSIGN_OR_RETURN(tenants, door.Run(absl::Now() + kTimeout, [](postgres::Transaction& tx) {
      return checkpoint_store::ListUnsigned(tx);
    }));
    looked_for_unsigned = true;
  }
  {
    absl::MutexLock lock(&mutex);
    tenants.insert(tenants.end(), changed.begin(), changed.end());
    changed.clear();
  }
  absl::Status status;
  for (size_t at = 0; at < tenants.size(); at += kMostAtOnce) {
    const auto begin = tenants.begin() + static_cast<std::ptrdiff_t>(at);
    const size_t count = std::min(kMostAtOnce, tenants.size() - at);
    const std::vector<TenantId> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    const absl::Status signed_some = SignSome(some, **signer);
    if (signed_some.ok()) continue;
    status.Update(signed_some);
    absl::MutexLock lock(&mutex);
    changed.insert(some.begin(), some.end());
  }
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
      absl::StatusOr<SignedCheckpoint> signed_head = Sign(head, signer);
      // One damaged log is reported and does not hold up the others.
      if (!signed_head.ok()) continue;
      checkpoints.push_back({head.tenant, head.size, head.root, std::move(signed_head->note)});
    }
    if (!checkpoints.empty()) checkpoint_store::Save(tx, checkpoints, clock.Now());
    return absl::OkStatus();
  });
}

}  // namespace kasbah::audit
