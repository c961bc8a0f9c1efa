#include "services/vault/upkeep/kek_changes.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/ciphertext_v1.h"

namespace kasbah::vault {
namespace {

constexpr int kDestroyedAtOnce = 100;

absl::Status Refused(const absl::Status& status) {
  if (!ReasonOf(status).empty()) return status;
  return Error(absl::StatusCode::kFailedPrecondition, "TENANT_SEAL_REFUSED",
               FromAbsl(status.message()));
}

absl::Status CheckIsStill(const StoredKek& held, const StoredKek& known) {
  if (held.shredded_at) return KeyShredded();
  if (held.share == known.share && held.generation == known.generation) return absl::OkStatus();
  return Error(absl::StatusCode::kAborted, "KEK_CHANGED",
               "the tenant's seal was changed by another at the same time; look, and try again");
}

}  // namespace

absl::StatusOr<std::vector<KekStore::Wrapped>> KekChanges::WrapAgain(
    const Kek& from, const Kek& to, const std::vector<KekStore::Wrapped>& versions) const {
  std::vector<KekStore::Wrapped> wrapped;
  for (const KekStore::Wrapped& version : versions) {
    ASSIGN_OR_RETURN(const crypto::SecretBytes key,
                     UnwrapKey(root_, &from, version.ref, version.bytes));
    ASSIGN_OR_RETURN(std::string bytes, WrapKey(root_, &to, version.ref, key));
    wrapped.push_back({version.ref, std::move(bytes)});
  }
  return wrapped;
}

absl::StatusOr<StoredKek> KekChanges::SetSeal(const CallContext& call,
                                              const std::optional<TenantSeal>& seal) {
  RETURN_IF_ERROR(root_.Ready());
  if (seal) RETURN_IF_ERROR(keks_.sealer().Check(*seal));
  std::optional<StoredKek> stored;
  ASSIGN_OR_RETURN(const std::shared_ptr<const Kek> from, ring_.GetOrMakeKek(call, &stored));
  if (from == nullptr) return NotFound("tenant");
  StoredKek next = *stored;
  ++next.generation;
  next.seal = seal;
  next.sealed_half.clear();
  if (seal) {
    const absl::StatusOr<std::string> half = keks_.sealer().Wrap(
        call.tenant, *seal, crypto::SecretBytes::Random(crypto::ciphertext_v1::kKeySize));
    if (!half.ok()) return Refused(half.status());
    next.sealed_half = *half;
  }
  // By the way that it will be opened from now on: a seal that only wraps is found here.
  const absl::StatusOr<std::shared_ptr<const Kek>> to = keks_.OpenNow(call.tenant, next);
  if (!to.ok()) return Refused(to.status());
  return store_.Replace(
      call,
      [&](const StoredKek& held,
          const std::vector<KekStore::Wrapped>& versions) -> absl::StatusOr<KekStore::Change> {
        RETURN_IF_ERROR(CheckIsStill(held, *stored));
        KekStore::Change change;
        change.next = next;
        ASSIGN_OR_RETURN(change.wrapped, WrapAgain(*from, **to, versions));
        change.action = seal ? "tenant_seal.set" : "tenant_seal.remove";
        if (seal) change.attributes = {{"kind", seal->kind}, {"key", seal->key}};
        return change;
      });
}

absl::Status KekChanges::Adopt(const CallContext& call) {
  RETURN_IF_ERROR(root_.Ready());
  std::optional<StoredKek> stored;
  const auto kek = ring_.GetOrMakeKek(call, &stored);
  if (ReasonOf(kek.status()) == "KEY_SHREDDED") return absl::OkStatus();
  RETURN_IF_ERROR(kek.status());
  return store_
      .Replace(
          call,
          [&](const StoredKek& held,
              const std::vector<KekStore::Wrapped>& versions) -> absl::StatusOr<KekStore::Change> {
            RETURN_IF_ERROR(CheckIsStill(held, *stored));
            KekStore::Change change;
            change.next = held;
            ASSIGN_OR_RETURN(change.wrapped, WrapAgain(**kek, **kek, versions));
            change.action = "kek.adopt";
            return change;
          })
      .status();
}

absl::StatusOr<std::vector<std::string>> KekChanges::ShredTenant(const CallContext& call) {
  ASSIGN_OR_RETURN(const std::optional<StoredKek> stored, store_.Find(call));
  if (!stored) return std::vector<std::string>();
  ASSIGN_OR_RETURN(std::vector<std::string> keys, store_.ShredTenant(call));
  RETURN_IF_ERROR(DestroyShredded(call));
  return keys;
}

absl::StatusOr<std::vector<std::string>> KekChanges::ShredSubject(const CallContext& call,
                                                                  const std::string& subject) {
  ASSIGN_OR_RETURN(const std::optional<StoredKek> stored, store_.Find(call));
  if (!stored) return std::vector<std::string>();
  // The share alone: a tenant whose own seal is away may erase all the same.
  const ShareRef ref{call.tenant, stored->share};
  const absl::StatusOr<crypto::SecretBytes> share = keks_.shares().Read(ref);
  if (absl::IsDataLoss(share.status())) return std::vector<std::string>();
  if (!share.ok()) return ShareProblem(ref, share.status());
  ASSIGN_OR_RETURN(std::vector<std::string> keys,
                   store_.ShredSubject(call, SubjectHash(*share, subject)));
  RETURN_IF_ERROR(DestroyShredded(call));
  return keys;
}

absl::StatusOr<bool> KekChanges::IsTenantShredded(const CallContext& call) {
  ASSIGN_OR_RETURN(const std::optional<StoredKek> stored, store_.Find(call));
  if (!stored || !stored->shredded_at) return false;
  ASSIGN_OR_RETURN(const std::vector<Uuid> undone, store_.ListShredded(call, 1));
  return undone.empty();
}

absl::Status KekChanges::DestroyShredded(const CallContext& call) {
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> shares, store_.ListShredded(call, kDestroyedAtOnce));
    if (shares.empty()) return absl::OkStatus();
    for (const Uuid& share : shares) {
      const ShareRef ref{call.tenant, share};
      const absl::Status destroyed = keks_.shares().Destroy(ref);
      if (!destroyed.ok()) {
        // Told in full in the log.
        ShareProblem(ref, destroyed).IgnoreError();
        return Error(absl::StatusCode::kUnavailable, "SHARES_NOT_DESTROYED_YET",
                     "it is decided, and nothing opens any more; the shares are destroyed as soon "
                     "as their store lets us");
      }
    }
    RETURN_IF_ERROR(store_.MarkDestroyed(call, shares));
  }
}

}  // namespace kasbah::vault
