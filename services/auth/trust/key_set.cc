#include "services/auth/trust/key_set.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"

namespace kasbah::auth {
namespace {

constexpr absl::Duration kFresh = absl::Seconds(1);
// A row that does not verify may be of a version of the vault's key that is new to us; asking for
// it is bounded, or a planted row would make every read ask the vault.
constexpr absl::Duration kAskAuthorities = absl::Seconds(5);
constexpr absl::Duration kStoreTimeout = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::string> KeySet::Jwks() {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  if (now - read_ >= kFresh) {
    const absl::Status refreshed = Refresh(now);
    if (!refreshed.ok() && !ever_read_) return refreshed;
  }
  std::string jwks = R"({"keys":[)";
  bool first = true;
  for (const CertifiedKey& key : keys_) {
    if (key.not_after <= now) continue;
    StrAppend(&jwks, first ? "" : ",", ToJwk(key));
    first = false;
  }
  jwks += "]}";
  return jwks;
}

absl::Status KeySet::Refresh(absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<CertifiedKey> claimed,
                   store_.ListUnexpired(now, absl::Now() + kStoreTimeout));
  std::vector<CertifiedKey> holding;
  for (CertifiedKey& key : claimed) {
    ASSIGN_OR_RETURN(const bool holds, Holds(key, now));
    if (holds) holding.push_back(std::move(key));
  }
  keys_ = std::move(holding);
  verified_.clear();
  for (const CertifiedKey& key : keys_) {
    verified_.insert(StrCat(key.certificate, CertificateText(issuer_, key)));
  }
  read_ = now;
  ever_read_ = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> KeySet::Holds(const CertifiedKey& key, absl::Time now) {
  if (KeyIdOf(key.public_key) != key.key_id) return false;
  if (verified_.contains(StrCat(key.certificate, CertificateText(issuer_, key)))) return true;
  if (VerifiesUnderKnown(key)) return true;
  if (now - authorities_asked_ < kAskAuthorities) return false;
  absl::StatusOr<std::vector<std::string>> raw = certifier_.PublicKeys();
  if (!raw.ok()) {
    // Without any authority nothing can be said about any key.
    if (authorities_.empty()) {
      return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SIGNING_KEY_UNAVAILABLE",
                                  "the vault, which vouches for signing keys, does not answer"),
                            absl::Seconds(1));
    }
    return false;
  }
  authorities_asked_ = now;
  authorities_.clear();
  for (const std::string& bytes : *raw) {
    ASSIGN_OR_RETURN(crypto::Ed25519PublicKey authority, crypto::Ed25519PublicKey::FromRaw(bytes));
    authorities_.push_back(std::move(authority));
  }
  if (VerifiesUnderKnown(key)) return true;
  telemetry::LogError("a signing key in the database is not certified by the vault; it is ignored",
                      {{"key_id", key.key_id}});
  return false;
}

bool KeySet::VerifiesUnderKnown(const CertifiedKey& key) const {
  const std::string text = CertificateText(issuer_, key);
  return std::any_of(authorities_.begin(), authorities_.end(),
                     [&](const crypto::Ed25519PublicKey& authority) {
                       return authority.Verify(text, key.certificate);
                     });
}

}  // namespace kasbah::auth
