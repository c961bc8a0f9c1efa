#include "services/auth/trust/signing_key.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/assertion.h"

namespace kasbah::auth {
namespace {

constexpr absl::Duration kStoreTimeout = absl::Seconds(5);
// Rows stay a while after their end, for whoever looks into an incident.
constexpr absl::Duration kKeptAfterEnd = absl::Hours(24);

}  // namespace

absl::StatusOr<std::shared_ptr<const SigningKey::InUse>> SigningKey::Current() const {
  std::shared_ptr<const InUse> current;
  {
    absl::MutexLock lock(&mutex_);
    current = current_;
  }
  if (current == nullptr || current->not_after < clock_.Now() + rpc::kAssertionLifetime) {
    return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SIGNING_KEY_UNAVAILABLE",
                                "auth has no certified signing key yet; try again"),
                          absl::Seconds(1));
  }
  return current;
}

absl::Status SigningKey::RenewIfDue() {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    if (current_ != nullptr && now < current_->not_after - (kCertified - kReplacedAfter)) {
      return absl::OkStatus();
    }
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const InUse> made, Make());
  {
    absl::MutexLock lock(&mutex_);
    current_ = std::move(made);
  }
  return store_.DeleteExpired(now - kKeptAfterEnd, absl::Now() + kStoreTimeout);
}

absl::StatusOr<std::shared_ptr<const SigningKey::InUse>> SigningKey::Make() const {
  crypto::Ed25519Key key = crypto::Ed25519Key::Generate();
  CertifiedKey certified;
  certified.public_key = key.public_key();
  certified.key_id = KeyIdOf(certified.public_key);
  certified.not_after = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now() + kCertified));
  ASSIGN_OR_RETURN(certified.certificate, certifier_.Sign(CertificateText(issuer_, certified)));
  RETURN_IF_ERROR(store_.Insert(certified, absl::Now() + kStoreTimeout));
  return std::make_shared<const InUse>(
      InUse{std::move(key), certified.key_id, certified.not_after});
}

}  // namespace kasbah::auth
