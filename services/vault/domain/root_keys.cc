#include "services/vault/domain/root_keys.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/context.h"
#include "libs/telemetry/log.h"

namespace kasbah::vault {
namespace {

namespace format = crypto::ciphertext_v1;

constexpr uint32_t kFirstVersion = 1;

absl::StatusOr<std::string> ContextOf(const WrappedKeyRef& ref) {
  const std::string version = std::to_string(ref.version);
  return crypto::EncodeContext({{"kasbah.tenant", ref.tenant.uuid().view()},
                                {"kasbah.key", ref.key.uuid().view()},
                                {"kasbah.version", version},
                                {"kasbah.purpose", ToText(ref.purpose)}});
}

}  // namespace

RootKeys::RootKeys(Seal& seal, RootKeySource& source, const Clock& clock)
    : seal_(seal), source_(source), clock_(clock) {}

absl::StatusOr<std::vector<StoredRootKey>> RootKeys::ListOrMake(absl::Time deadline) {
  ASSIGN_OR_RETURN(std::vector<StoredRootKey> stored, source_.List(deadline));
  if (!stored.empty()) return stored;
  const crypto::SecretBytes key = crypto::SecretBytes::Random(format::kKeySize);
  StoredRootKey made;
  made.ref = {Uuid::V7(clock_.Now()), kFirstVersion};
  made.seal = std::string(seal_.name());
  ASSIGN_OR_RETURN(made.wrapped, seal_.Wrap(made.ref, key));
  RETURN_IF_ERROR(source_.InsertIfAbsent(made, deadline));
  telemetry::LogInfo("no root key yet: made one, unless another replica was first");
  return source_.List(deadline);
}

absl::Status RootKeys::Unseal(absl::Time deadline) {
  if (version() != 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<StoredRootKey> stored, ListOrMake(deadline));
  std::vector<Opened> opened;
  for (const StoredRootKey& key : stored) {
    if (key.seal != seal_.name()) {
      return absl::FailedPreconditionError("the root key is wrapped by another kind of seal: " +
                                           key.seal);
    }
    ASSIGN_OR_RETURN(crypto::SecretBytes bytes, seal_.Unwrap(key.ref, key.wrapped));
    if (bytes.size() != format::kKeySize)
      return absl::DataLossError("a root key of the wrong size");
    opened.push_back({key.ref, std::move(bytes)});
  }
  if (opened.empty()) return absl::InternalError("the root key just made is not there");
  const absl::MutexLock lock(&mutex_);
  if (!opened_.empty()) return absl::OkStatus();
  opened_ = std::move(opened);
  version_.store(opened_.back().ref.version, std::memory_order_release);
  return absl::OkStatus();
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
    if (key.ok() && key->size() == format::kKeySize) return key;
  }
  telemetry::LogError("a stored key does not open under the root key: its row was changed",
                      {{"tenant", ref.tenant.ToString()},
                       {"key", ref.key.ToString()},
                       {"version", static_cast<int64_t>(ref.version)}});
  return absl::DataLossError("a stored key does not open under the root key");
}

}  // namespace kasbah::vault
