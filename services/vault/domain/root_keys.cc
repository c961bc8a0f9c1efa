#include "services/vault/domain/root_keys.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "services/vault/domain/wrapping_context.h"

namespace kasbah::vault {
namespace {

namespace format = crypto::ciphertext_v1;

constexpr uint32_t kFirstVersion = 1;

std::string NamesOf(const std::vector<Seal*>& seals) {
  std::string names;
  for (const Seal* seal : seals) StrAppend(&names, names.empty() ? "" : ", ", seal->name());
  return names;
}

telemetry::Gauge& SealedGauge() {
  static telemetry::Gauge& gauge = telemetry::GetGauge(
      "kasbah_vault_sealed", "1 until a seal has opened the root key of this process, then 0");
  return gauge;
}

}  // namespace

RootKeys::RootKeys(std::vector<Seal*> seals, RootKeySource& source, const Clock& clock)
    : seals_(std::move(seals)), seal_names_(NamesOf(seals_)), source_(source), clock_(clock) {
  SealedGauge().Set(1);
}

absl::StatusOr<std::vector<StoredRootKey>> RootKeys::ListOrMake(absl::Time deadline) {
  ASSIGN_OR_RETURN(std::vector<StoredRootKey> stored, source_.List(deadline));
  if (!stored.empty()) return stored;
  const crypto::SecretBytes key = crypto::SecretBytes::Random(format::kKeySize);
  StoredRootKey made;
  made.ref = {Uuid::V7(clock_.Now()), kFirstVersion};
  // By all of them or not at all: nothing is sealed yet that would have to wait.
  for (Seal* const seal : seals_) {
    ASSIGN_OR_RETURN(made.wraps[std::string(seal->name())], seal->Wrap(made.ref, key));
  }
  RETURN_IF_ERROR(source_.InsertIfAbsent(made, deadline));
  telemetry::LogInfo("no root key yet: made one, unless another replica was first");
  return source_.List(deadline);
}

absl::StatusOr<crypto::SecretBytes> RootKeys::OpenBy(Seal& seal, const StoredRootKey& key) {
  const auto wrap = key.wraps.find(std::string(seal.name()));
  if (wrap == key.wraps.end()) return absl::NotFoundError("has not wrapped the root key");
  ASSIGN_OR_RETURN(crypto::SecretBytes bytes, seal.Unwrap(key.ref, wrap->second));
  if (bytes.size() != format::kKeySize) return absl::DataLossError("a root key of the wrong size");
  return bytes;
}

absl::StatusOr<crypto::SecretBytes> RootKeys::OpenBySeals(const StoredRootKey& key) const {
  std::string problems;
  for (Seal* const seal : seals_) {
    absl::StatusOr<crypto::SecretBytes> bytes = OpenBy(*seal, key);
    if (bytes.ok()) return bytes;
    StrAppend(&problems, problems.empty() ? "" : "; ", seal->name(), ": ",
              FromAbsl(bytes.status().message()));
  }
  std::string wrapped_by;
  for (const auto& [name, wrapped] : key.wraps) {
    StrAppend(&wrapped_by, wrapped_by.empty() ? "" : ", ", name);
  }
  return absl::FailedPreconditionError(
      ToAbsl(StrCat("the root key is wrapped by ", wrapped_by, "; ", problems)));
}

absl::Status RootKeys::Unseal(absl::Time deadline) {
  if (version() != 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<StoredRootKey> stored, ListOrMake(deadline));
  std::vector<Opened> opened;
  for (const StoredRootKey& key : stored) {
    ASSIGN_OR_RETURN(crypto::SecretBytes bytes, OpenBySeals(key));
    opened.push_back({key.ref, std::move(bytes)});
  }
  if (opened.empty()) return absl::InternalError("the root key just made is not there");
  const absl::MutexLock lock(&mutex_);
  if (!opened_.empty()) return absl::OkStatus();
  opened_ = std::move(opened);
  version_.store(opened_.back().ref.version, std::memory_order_release);
  SealedGauge().Set(0);
  return absl::OkStatus();
}

absl::StatusOr<crypto::SecretBytes> RootKeys::Copy(const RootKeyRef& ref) const {
  const absl::ReaderMutexLock lock(&mutex_);
  for (const Opened& root : opened_) {
    if (root.ref == ref) return root.key.Clone();
  }
  return absl::NotFoundError("not a root key that is open");
}

absl::Status RootKeys::WrapMissing(absl::Time deadline) {
  RETURN_IF_ERROR(Ready());
  ASSIGN_OR_RETURN(const std::vector<StoredRootKey> stored, source_.List(deadline));
  absl::Status result;
  for (const StoredRootKey& key : stored) {
    for (Seal* const seal : seals_) {
      const std::string name(seal->name());
      if (key.wraps.contains(name)) continue;
      ASSIGN_OR_RETURN(const crypto::SecretBytes root, Copy(key.ref));
      StoredRootKey wrapped = key;
      const absl::StatusOr<std::string> wrap = seal->Wrap(key.ref, root);
      absl::Status added = wrap.status();
      if (wrap.ok()) {
        // Only what opens again is worth keeping.
        wrapped.wraps[name] = *wrap;
        const absl::StatusOr<crypto::SecretBytes> opened = OpenBy(*seal, wrapped);
        added = opened.status();
        if (opened.ok() && !opened->Equals(root)) added = absl::DataLossError("opened otherwise");
        if (added.ok()) added = source_.AddWrap(key.ref.version, name, *wrap, deadline);
      }
      if (added.ok()) {
        telemetry::LogInfo("a seal wrapped the root key",
                           {{"seal", name}, {"version", static_cast<int64_t>(key.ref.version)}});
      }
      result.Update(added);
    }
  }
  return result;
}

absl::StatusOr<std::vector<SealHealth>> RootKeys::Check(absl::Time deadline) {
  RETURN_IF_ERROR(Ready());
  ASSIGN_OR_RETURN(const std::vector<StoredRootKey> stored, source_.List(deadline));
  std::map<std::string, SealHealth> found;
  for (Seal* const seal : seals_) {
    SealHealth& health = found[std::string(seal->name())];
    health.is_configured = true;
    for (const StoredRootKey& key : stored) {
      const absl::StatusOr<crypto::SecretBytes> opened = OpenBy(*seal, key);
      ASSIGN_OR_RETURN(const crypto::SecretBytes root, Copy(key.ref));
      if (!opened.ok()) {
        health.problem = std::string(opened.status().message());
      } else if (!opened->Equals(root)) {
        health.problem = "opens to another key";
      } else {
        ++health.opened;
      }
    }
  }
  for (const StoredRootKey& key : stored) {
    for (const auto& [name, wrapped] : key.wraps) ++found[name].wrapped;
  }
  std::vector<SealHealth> all;
  for (auto& [name, health] : found) {
    health.name = name;
    all.push_back(std::move(health));
  }
  return all;
}

absl::Status RootKeys::Ready() const {
  if (version() != 0) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, "SEALED", "the vault is sealed");
}

absl::StatusOr<std::string> RootKeys::Wrap(const WrappedKeyRef& ref,
                                           const crypto::SecretBytes& key) const {
  RETURN_IF_ERROR(Ready());
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  const absl::ReaderMutexLock lock(&mutex_);
  const Opened& newest = opened_.back();
  return format::Seal(format::Use::kWrappedKey, newest.key, {newest.ref.key_id, newest.ref.version},
                      context, key.view(crypto::SecretAccess::ForSeal()));
}

absl::StatusOr<crypto::SecretBytes> RootKeys::Unwrap(const WrappedKeyRef& ref,
                                                     std::string_view wrapped) const {
  RETURN_IF_ERROR(Ready());
  ASSIGN_OR_RETURN(const std::string context, ContextOf(ref));
  const absl::StatusOr<format::KeyRef> named = format::ParseKeyRef(wrapped);
  const absl::ReaderMutexLock lock(&mutex_);
  for (const Opened& root : opened_) {
    const format::KeyRef candidate{root.ref.key_id, root.ref.version};
    if (!named.ok() || *named != candidate) continue;
    absl::StatusOr<crypto::SecretBytes> key =
        format::Open(format::Use::kWrappedKey, root.key, candidate, context, wrapped);
    if (key.ok()) return key;
  }
  telemetry::LogError("a stored key does not open under the root key: its row was changed",
                      {{"tenant", ref.tenant.ToString()},
                       {"key", ref.key.ToString()},
                       {"version", static_cast<int64_t>(ref.version)}});
  return absl::DataLossError("a stored key does not open under the root key");
}

}  // namespace kasbah::vault
