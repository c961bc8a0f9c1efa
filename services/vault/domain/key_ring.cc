#include "services/vault/domain/key_ring.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kRenewAfter = absl::Milliseconds(2500);
constexpr absl::Duration kRenewWithin = absl::Seconds(1);
constexpr absl::Duration kRenewEvery = absl::Milliseconds(500);
// What nobody used for so long is no longer renewed, and its memory is given back.
constexpr absl::Duration kIdle = absl::Seconds(30);

std::string SlotOf(TenantId tenant, const KeyName& name) {
  std::string slot(tenant.uuid().view());
  return slot.append(name.owner).append("/").append(name.name);
}

// Whether nobody may use the key any more, or just now: whatever lease is left ends at once.
bool IsGone(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return IsTenantRefused(status) || reason == reason::kNotFound || reason == "KEY_SHREDDED" ||
         reason == "TENANT_SEALED";
}

telemetry::Gauge& LeasesHeld() {
  static telemetry::Gauge& gauge =
      telemetry::GetGauge("kasbah_vault_leases", "Keys open on a lease");
  return gauge;
}

}  // namespace

KeyRing::KeyRing(const RootKeys& root, KekRing& keks, KeySource& source, const Clock& clock)
    : root_(root), keks_(keks), source_(source), clock_(clock), renewer_([this] {
        RenewUntilStopped();
      }) {}

KeyRing::~KeyRing() {
  {
    const absl::MutexLock lock(&stop_mutex_);
    stop_ = true;
  }
  renewer_.join();
}

KeyRing::Lease KeyRing::FindLive(TenantId tenant, const KeyName& name) {
  const std::string slot = SlotOf(tenant, name);
  const absl::Time now = clock_.Now();
  const absl::ReaderMutexLock lock(&mutex_);
  const auto it = entries_.find(slot);
  if (it == entries_.end() || !it->second->lease->IsLiveAt(now)) return nullptr;
  it->second->used.store(absl::ToUnixNanos(now), std::memory_order_relaxed);
  return it->second->lease;
}

absl::StatusOr<KeyRing::Lease> KeyRing::ForPurpose(Lease lease, KeyPurpose purpose) {
  if (lease->Serves(purpose)) return lease;
  return Error(absl::StatusCode::kFailedPrecondition, "KEY_PURPOSE_MISMATCH",
               "the key of this name serves another purpose");
}

absl::StatusOr<KeyRing::Lease> KeyRing::Get(const CallContext& call, const KeyName& name,
                                            KeyPurpose purpose) {
  RETURN_IF_ERROR(root_.Ready());
  if (Lease live = FindLive(call.tenant, name); live != nullptr) {
    return ForPurpose(std::move(live), purpose);
  }
  ASSIGN_OR_RETURN(Lease lease, Load(call, name, /*create=*/false, purpose, false));
  return ForPurpose(std::move(lease), purpose);
}

absl::StatusOr<KeyRing::Lease> KeyRing::GetOrCreate(const CallContext& call, const KeyName& name,
                                                    KeyPurpose purpose) {
  RETURN_IF_ERROR(root_.Ready());
  if (Lease live = FindLive(call.tenant, name); live != nullptr) {
    return ForPurpose(std::move(live), purpose);
  }
  ASSIGN_OR_RETURN(Lease lease, Load(call, name, /*create=*/true, purpose, false));
  return ForPurpose(std::move(lease), purpose);
}

absl::StatusOr<KeyRing::Lease> KeyRing::Refresh(const CallContext& call, const KeyName& name) {
  RETURN_IF_ERROR(root_.Ready());
  return Load(call, name, /*create=*/false, KeyPurpose::kEncrypt, /*even_if_live=*/true);
}

absl::StatusOr<KeyRing::Lease> KeyRing::OpenOnce(TenantId tenant, const StoredKey& stored) const {
  const absl::Time issued = clock_.Now();
  ASSIGN_OR_RETURN(std::shared_ptr<const Kek> kek, OpenKek(tenant, stored));
  return KeyLease::Open(root_, std::move(kek), tenant, stored, issued, nullptr);
}

absl::StatusOr<StoredKey> KeyRing::Create(const CallContext& call, StoredKey key) {
  RETURN_IF_ERROR(root_.Ready());
  const absl::Time now = clock_.Now();
  key.id = KeyId::New(now);
  key.created_at = now;
  if (key.rotation_period) key.next_rotation = now + *key.rotation_period;
  key.primary_version = 1;
  StoredKeyVersion first;
  first.version = 1;
  first.created_at = now;
  // Once more where the tenant's seal changed in between.
  absl::Status created;
  for (int i = 0; i < 2; ++i) {
    RETURN_IF_ERROR(GetOrMakeKek(call, &key.kek).status());
    ASSIGN_OR_RETURN(first.wrapped, WrapNext(call, key, 1));
    key.versions = {first};
    created = source_.Create(call, key);
    if (ReasonOf(created) != "KEK_CHANGED") break;
  }
  RETURN_IF_ERROR(created);
  return key;
}

absl::StatusOr<std::shared_ptr<const Kek>> KeyRing::GetOrMakeKek(const CallContext& call,
                                                                 std::optional<StoredKek>* stored) {
  if (call.tenant == kSystemTenant) return nullptr;
  ASSIGN_OR_RETURN(*stored, source_.FindKek(call));
  if (!*stored) {
    ASSIGN_OR_RETURN(const Uuid share, keks_.MakeShare(call.tenant));
    RETURN_IF_ERROR(source_.AddKek(call, share));
    ASSIGN_OR_RETURN(*stored, source_.FindKek(call));
    if (!*stored) return absl::InternalError("the KEK just made is not there");
    // Another replica was quicker: nothing is wrapped under ours.
    if ((*stored)->share != share) {
      keks_.shares().Destroy({call.tenant, share}).IgnoreError();
    }
  }
  return keks_.Open(call.tenant, **stored);
}

absl::StatusOr<std::shared_ptr<const Kek>> KeyRing::OpenKek(TenantId tenant,
                                                            const StoredKey& key) const {
  if (!key.kek) return nullptr;
  return keks_.Open(tenant, *key.kek);
}

absl::StatusOr<KeyRing::Lease> KeyRing::Load(const CallContext& call, const KeyName& name,
                                             bool create, KeyPurpose purpose, bool even_if_live) {
  const std::string slot = SlotOf(call.tenant, name);
  const absl::MutexLock loading(&loading_[absl::Hash<std::string>()(slot) % loading_.size()]);
  Lease previous;
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto it = entries_.find(slot);
    if (it != entries_.end()) previous = it->second->lease;
  }
  // Somebody else read it while this call waited.
  if (!even_if_live && previous != nullptr && previous->IsLiveAt(clock_.Now())) return previous;

  absl::Time issued = clock_.Now();
  absl::StatusOr<std::optional<StoredKey>> found = source_.Find(call, name);
  if (found.ok() && !found->has_value() && create) {
    StoredKey first;
    first.name = name;
    first.purpose = purpose;
    const auto created = Create(call, std::move(first));
    // Another replica made it: as good as ours.
    if (!created.ok() && !absl::IsAlreadyExists(created.status())) return created.status();
    issued = clock_.Now();
    found = source_.Find(call, name);
  }
  if (found.ok() && !found->has_value()) found = NotFound("key");
  if (!found.ok()) {
    if (IsGone(found.status())) Forget(slot);
    return found.status();
  }
  absl::StatusOr<std::shared_ptr<const Kek>> kek = OpenKek(call.tenant, **found);
  if (!kek.ok()) {
    if (IsGone(kek.status())) Forget(slot);
    return kek.status();
  }
  ASSIGN_OR_RETURN(Lease lease,
                   KeyLease::Open(root_, *std::move(kek), call.tenant, **found, issued, previous));
  return Keep(slot, std::move(lease));
}

absl::StatusOr<std::string> KeyRing::WrapNext(const CallContext& call, const StoredKey& key,
                                              uint32_t version) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Kek> kek, OpenKek(call.tenant, key));
  return WrapKey(root_, kek.get(), {call.tenant, key.id, version, key.purpose},
                 crypto::SecretBytes::Random(crypto::ciphertext_v1::kKeySize));
}

absl::StatusOr<StoredKey> KeyRing::Rotated(const CallContext& call,
                                           absl::StatusOr<StoredKey> rotated) {
  RETURN_IF_ERROR(rotated.status());
  // The rotation is committed; a lease that cannot be read again at once ends by itself.
  if (const auto lease = Refresh(call, rotated->name); !lease.ok()) {
    Forget(SlotOf(call.tenant, rotated->name));
  }
  return rotated;
}

absl::StatusOr<StoredKey> KeyRing::Rotate(const CallContext& call, const KeyName& name) {
  RETURN_IF_ERROR(root_.Ready());
  return Rotated(call, source_.Rotate(call, name, KeySource::TenantState::kActive,
                                      [&](const StoredKey& key, uint32_t version) {
                                        return WrapNext(call, key, version);
                                      }));
}

absl::StatusOr<StoredKey> KeyRing::RotateIfDue(const CallContext& call, const KeyName& name) {
  RETURN_IF_ERROR(root_.Ready());
  return Rotated(
      call,
      source_.Rotate(call, name, KeySource::TenantState::kAny,
                     [&](const StoredKey& key, uint32_t version) -> absl::StatusOr<std::string> {
                       if (!key.next_rotation || *key.next_rotation > clock_.Now()) {
                         return Error(absl::StatusCode::kFailedPrecondition, "NOT_DUE",
                                      "the key is not due for rotation");
                       }
                       return WrapNext(call, key, version);
                     }));
}

absl::Status KeyRing::Take(const CallContext& call, const KeyLease& lease, int64_t uses) {
  UseBlock& block = lease.primary_uses();
  while (!block.Take(uses)) {
    int64_t more = block.NextSize(uses);
    absl::Status counted = source_.CountUses(call, lease.id(), lease.primary_version(), more);
    if (absl::IsResourceExhausted(counted) && more > uses) {
      // The last block before the limit is as small as it must be.
      more = uses;
      counted = source_.CountUses(call, lease.id(), lease.primary_version(), more);
    }
    RETURN_IF_ERROR(counted);
    block.Add(more);
  }
  return absl::OkStatus();
}

KeyRing::Lease KeyRing::Keep(const std::string& slot, Lease lease) {
  const absl::MutexLock lock(&mutex_);
  std::unique_ptr<Entry>& entry = entries_[slot];
  if (entry == nullptr) entry = std::make_unique<Entry>();
  // A renewal keeps the time of the last use: renewing is not using.
  if (entry->lease == nullptr) entry->used = absl::ToUnixNanos(clock_.Now());
  entry->lease = std::move(lease);
  LeasesHeld().Set(static_cast<double>(entries_.size()));
  return entry->lease;
}

void KeyRing::Forget(const std::string& slot) {
  const absl::MutexLock lock(&mutex_);
  entries_.erase(slot);
  LeasesHeld().Set(static_cast<double>(entries_.size()));
}

void KeyRing::RenewDue() {
  const absl::Time now = clock_.Now();
  std::vector<Lease> due;
  std::vector<std::pair<std::string, Lease>> idle;
  {
    const absl::ReaderMutexLock lock(&mutex_);
    for (const auto& [slot, entry] : entries_) {
      absl::Time used = absl::FromUnixNanos(entry->used.load(std::memory_order_relaxed));
      // A clock that was set back: counted from now, or an idle key would stay until it caught up.
      if (used > now) {
        entry->used.store(absl::ToUnixNanos(now), std::memory_order_relaxed);
        used = now;
      }
      const absl::Duration age = now - entry->lease->issued();
      if (now - used >= kIdle) {
        idle.emplace_back(slot, entry->lease);
      } else if (age >= kRenewAfter || age < absl::ZeroDuration()) {
        due.push_back(entry->lease);
      }
    }
  }
  for (const auto& [slot, lease] : idle) {
    Forget(slot);
    GiveBack(*lease);
  }
  for (const Lease& lease : due) {
    const CallContext call = CallContext::ForBackground(std::string(kVaultOwner), lease->tenant(),
                                                        absl::Now() + kRenewWithin);
    const auto renewed =
        Load(call, lease->name(), /*create=*/false, lease->purpose(), /*even_if_live=*/true);
    if (!renewed.ok() && !IsGone(renewed.status())) {
      telemetry::LogWarning("a key's lease could not be renewed; it ends by itself",
                            {{"key", lease->id_text()}, {"reason", ReasonOf(renewed.status())}});
      // With the database away every other renewal would wait just as long.
      if (absl::IsUnavailable(renewed.status())) return;
    }
  }
}

void KeyRing::GiveBack(const KeyLease& lease) {
  const int64_t left = lease.primary_uses().TakeAll();
  if (left == 0) return;
  const CallContext call = CallContext::ForBackground(std::string(kVaultOwner), lease.tenant(),
                                                      absl::Now() + kRenewWithin);
  // Not given back is counted as used: the count may be too high, never too low.
  source_.CountUses(call, lease.id(), lease.primary_version(), -left).IgnoreError();
}

void KeyRing::RenewUntilStopped() {
  const absl::MutexLock lock(&stop_mutex_);
  while (!stop_mutex_.AwaitWithTimeout(absl::Condition(&stop_), kRenewEvery)) {
    stop_mutex_.Unlock();
    RenewDue();
    stop_mutex_.Lock();
  }
}

}  // namespace kasbah::vault
