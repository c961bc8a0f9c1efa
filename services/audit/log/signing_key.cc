#include "services/audit/log/signing_key.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"

namespace kasbah::audit {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kDatabaseTimeout = absl::Seconds(5);

}  // namespace

struct SigningKey::State {
  State(SigningKeyStore& s, KeySealer& k, const Clock& c) : store(s), sealer(k), clock(c) {}

  void Loop();
  absl::StatusOr<crypto::Ed25519Key> OpenOrMake();
  absl::StatusOr<crypto::Ed25519Key> Open(const SealedKey& sealed);
  absl::Status Make();

  SigningKeyStore& store;
  KeySealer& sealer;
  const Clock& clock;

  mutable absl::Mutex mutex;
  std::shared_ptr<const crypto::Ed25519Key> key ABSL_GUARDED_BY(mutex);
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread thread;
};

SigningKey::SigningKey(SigningKeyStore& store, KeySealer& sealer, const Clock& clock)
    : state_(std::make_unique<State>(store, sealer, clock)) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

SigningKey::~SigningKey() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->thread.join();
}

absl::StatusOr<std::shared_ptr<const crypto::Ed25519Key>> SigningKey::Get() const {
  absl::MutexLock lock(&state_->mutex);
  if (state_->key == nullptr) {
    return Error(absl::StatusCode::kUnavailable, "SIGNING_KEY_UNAVAILABLE",
                 "the key that signs checkpoints is not open yet: the vault has to answer first");
  }
  return state_->key;
}

void SigningKey::State::Loop() {
  absl::Duration pause = kFirstPause;
  for (bool first = true;; first = false) {
    absl::StatusOr<crypto::Ed25519Key> opened = OpenOrMake();
    if (opened.ok()) {
      absl::MutexLock lock(&mutex);
      key = std::make_shared<const crypto::Ed25519Key>(*std::move(opened));
      telemetry::LogInfo("the signing key is open");
      return;
    }
    if (first) {
      telemetry::LogWarning("the signing key is not open yet",
                            {{"reason", ReasonOf(opened.status())}});
    }
    absl::MutexLock lock(&mutex);
    if (mutex.AwaitWithTimeout(absl::Condition(&stopping), pause)) return;
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::StatusOr<crypto::Ed25519Key> SigningKey::State::OpenOrMake() {
  ASSIGN_OR_RETURN(std::optional<SealedKey> sealed, store.Find(absl::Now() + kDatabaseTimeout));
  if (!sealed) {
    RETURN_IF_ERROR(Make());
    // Another replica's may have been first.
    ASSIGN_OR_RETURN(sealed, store.Find(absl::Now() + kDatabaseTimeout));
    if (!sealed) return absl::InternalError("the signing key was not stored");
  }
  return Open(*sealed);
}

absl::Status SigningKey::State::Make() {
  const crypto::Ed25519Key made = crypto::Ed25519Key::Generate();
  ASSIGN_OR_RETURN(std::string sealed, sealer.Seal(made.Seed(), made.public_key()));
  return store.AddIfFirst({1, made.public_key(), std::move(sealed)}, clock.Now(),
                          absl::Now() + kDatabaseTimeout);
}

absl::StatusOr<crypto::Ed25519Key> SigningKey::State::Open(const SealedKey& sealed) {
  ASSIGN_OR_RETURN(const crypto::SecretBytes seed,
                   sealer.Open(sealed.sealed_seed, sealed.public_key));
  ASSIGN_OR_RETURN(crypto::Ed25519Key opened, crypto::Ed25519Key::FromSeed(seed));
  if (opened.public_key() != sealed.public_key) {
    return absl::DataLossError("the stored public key is not the sealed key's");
  }
  return opened;
}

}  // namespace kasbah::audit
