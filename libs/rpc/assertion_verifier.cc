#include "libs/rpc/assertion_verifier.h"

#include <atomic>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/rpc/claims.h"
#include "libs/rpc/key_ring.h"
#include "libs/rpc/revocations.h"
#include "libs/rpc/strict_json.h"

namespace kasbah::rpc {
namespace {

constexpr size_t kLongestToken = 4096;
constexpr size_t kRemembered = 20'000;
constexpr absl::Duration kClockSkew = absl::Seconds(5);
constexpr absl::Duration kStaleAfter = absl::Seconds(5);

// One text for every fault of a token: which it was helps a forger alone.
absl::Status Invalid() {
  return Error(absl::StatusCode::kUnauthenticated, "ASSERTION_INVALID",
               "the assertion is malformed, expired, for another audience or not signed by us; get "
               "a new one");
}

absl::Status Stale() {
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "REVOCATIONS_STALE",
                              "it is not known which credentials have been revoked; try again"),
                        absl::Milliseconds(500));
}

struct Verified {
  Assertion assertion;
  // As revocations name them.
  std::string tenant;
  std::string workload;
};
using VerifiedPtr = std::shared_ptr<const Verified>;

// Verified assertions by the hash of their token, in two generations: when the young one is full it
// becomes the old one, and the old one is forgotten. What is in use moves back to the young.
class Memory {
 public:
  VerifiedPtr Find(const std::string& hash) {
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (const auto found = young_.find(hash); found != young_.end()) return found->second;
      if (!old_.contains(hash)) return nullptr;
    }
    absl::MutexLock lock(&mutex_);
    const auto found = old_.find(hash);
    if (found == old_.end()) return nullptr;
    VerifiedPtr verified = found->second;
    old_.erase(found);
    Insert(hash, verified);
    return verified;
  }

  void Put(const std::string& hash, VerifiedPtr verified) {
    absl::MutexLock lock(&mutex_);
    Insert(hash, std::move(verified));
  }

 private:
  void Insert(const std::string& hash, VerifiedPtr verified) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (young_.size() >= kRemembered / 2) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_[hash] = std::move(verified);
  }

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, VerifiedPtr> young_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, VerifiedPtr> old_ ABSL_GUARDED_BY(mutex_);
};

// Of the header only this is read, and the algorithm is compared, never followed. RFC 8725, 3.1.
absl::StatusOr<std::string> KeyIdOf(std::string_view header_part) {
  ASSIGN_OR_RETURN(const std::string text, crypto::ParseBase64Url(header_part));
  ASSIGN_OR_RETURN(const nlohmann::json header, ParseStrictJson(text));
  const std::string* algorithm = FindString(header, "alg");
  const std::string* type = FindString(header, "typ");
  const std::string* key_id = FindString(header, "kid");
  if (algorithm == nullptr || *algorithm != "EdDSA" || type == nullptr || *type != kAssertionType ||
      key_id == nullptr || key_id->empty() || header.contains("crit")) {
    return Invalid();
  }
  return *key_id;
}

}  // namespace

struct AssertionVerifier::State {
  State(std::string issuer_, std::string audience_, FetchJwks fetch, const Clock& clock_)
      : issuer(std::move(issuer_)),
        audience(std::move(audience_)),
        clock(clock_),
        keys(std::move(fetch), clock_) {}

  // The claims of a token whose signature holds.
  absl::StatusOr<Claims> CheckSignature(std::string_view token);
  absl::Status CheckClaims(const Claims& claims) const;
  // What may have changed since the token was verified.
  absl::Status CheckNow(const Verified& verified) const;
  bool IsStale() const {
    return clock.Now() - absl::FromUnixNanos(fresh_nanos.load(std::memory_order_relaxed)) >
           kStaleAfter;
  }

  const std::string issuer;
  const std::string audience;
  const Clock& clock;
  KeyRing keys;
  Memory memory;
  Revocations revocations;
  std::atomic<int64_t> fresh_nanos{0};
};

absl::StatusOr<Claims> AssertionVerifier::State::CheckSignature(std::string_view token) {
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (token.size() > kLongestToken || first == last) return Invalid();
  // A further dot between the two is no character of base64url.
  const absl::StatusOr<std::string> key_id = KeyIdOf(token.substr(0, first));
  const absl::StatusOr<std::string> payload =
      crypto::ParseBase64Url(token.substr(first + 1, last - first - 1));
  const absl::StatusOr<std::string> signature = crypto::ParseBase64Url(token.substr(last + 1));
  if (!key_id.ok() || !payload.ok() || !signature.ok()) return Invalid();

  const absl::StatusOr<crypto::Ed25519PublicKey> key = keys.Find(*key_id);
  if (absl::IsUnavailable(key.status())) return key.status();
  if (!key.ok()) return Invalid();
  if (!key->Verify(token.substr(0, last), *signature)) return Invalid();
  absl::StatusOr<Claims> claims = ParseClaims(*payload);
  if (!claims.ok()) return Invalid();
  return claims;
}

absl::Status AssertionVerifier::State::CheckClaims(const Claims& claims) const {
  const Assertion& assertion = claims.assertion;
  const bool holds = claims.issuer == issuer && claims.audience == audience &&
                     assertion.issue_time <= clock.Now() + kClockSkew &&
                     assertion.expire_time > assertion.issue_time &&
                     assertion.expire_time - assertion.issue_time <= kAssertionLifetime;
  return holds ? absl::OkStatus() : Invalid();
}

absl::Status AssertionVerifier::State::CheckNow(const Verified& verified) const {
  const Assertion& assertion = verified.assertion;
  // Revocation before expiry: a stream outlives its assertion, and still asks for the former.
  if (revocations.IsRevoked(verified.tenant, assertion.issue_time)) {
    return Error(absl::StatusCode::kPermissionDenied, reason::kTenantSuspended,
                 "the tenant is suspended");
  }
  if (revocations.IsRevoked(assertion.session_id, assertion.issue_time) ||
      revocations.IsRevoked(assertion.actor_id, assertion.issue_time) ||
      (assertion.workload && revocations.IsRevoked(verified.workload, assertion.issue_time))) {
    return Error(absl::StatusCode::kUnauthenticated, "ASSERTION_REVOKED",
                 "the credential behind the assertion has been revoked");
  }
  if (clock.Now() >= assertion.expire_time) return Invalid();
  return IsStale() ? Stale() : absl::OkStatus();
}

AssertionVerifier::AssertionVerifier(std::string issuer, std::string audience, FetchJwks fetch,
                                     const Clock& clock)
    : state_(std::make_unique<State>(std::move(issuer), std::move(audience), std::move(fetch),
                                     clock)) {}
AssertionVerifier::~AssertionVerifier() = default;

std::optional<absl::StatusOr<Assertion>> AssertionVerifier::FindCached(std::string_view token) {
  if (token.size() > kLongestToken) return Invalid();
  const VerifiedPtr verified = state_->memory.Find(crypto::Sha256(token));
  if (verified == nullptr) return std::nullopt;
  if (absl::Status status = state_->CheckNow(*verified); !status.ok()) return status;
  return verified->assertion;
}

absl::StatusOr<Assertion> AssertionVerifier::Verify(std::string_view token) {
  ASSIGN_OR_RETURN(Claims claims, state_->CheckSignature(token));
  RETURN_IF_ERROR(state_->CheckClaims(claims));
  auto verified = std::make_shared<Verified>();
  verified->assertion = std::move(claims.assertion);
  verified->tenant = verified->assertion.tenant.ToString();
  if (verified->assertion.workload) verified->workload = verified->assertion.workload->ToString();
  RETURN_IF_ERROR(state_->CheckNow(*verified));
  state_->memory.Put(crypto::Sha256(token), verified);
  return verified->assertion;
}

void AssertionVerifier::Revoke(std::string_view subject, absl::Time not_before) {
  state_->revocations.Revoke(subject, not_before, state_->clock.Now());
}

void AssertionVerifier::RevocationsFresh() {
  state_->fresh_nanos.store(absl::ToUnixNanos(state_->clock.Now()), std::memory_order_relaxed);
}

bool AssertionVerifier::IsStale() const { return state_->IsStale(); }

}  // namespace kasbah::rpc
