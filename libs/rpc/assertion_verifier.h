#pragma once

#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/rpc/assertion.h"

namespace kasbah::rpc {

// Where the public keys of assertions come from: auth's GetJwks, or auth's own keys. Blocks.
using FetchJwks = std::function<absl::StatusOr<std::string>()>;

// Verifies assertions offline and remembers the verdict by the token's SHA-256 until it expires:
// an Ed25519 verification costs as much as a whole call. Thread safe.
class AssertionVerifier {
 public:
  // `issuer` is auth's SPIFFE id, `audience` the trust domain. A key id that is not known makes one
  // fetch, at most one a second.
  AssertionVerifier(std::string issuer, std::string audience, FetchJwks fetch, const Clock& clock);
  ~AssertionVerifier();

  // The verdict when this token was seen before; nullopt when it must be verified, which may block.
  // Expiry, revocation and staleness are looked at anew each time.
  std::optional<absl::StatusOr<Assertion>> FindCached(std::string_view token);
  // UNAUTHENTICATED, reason ASSERTION_INVALID, for every fault of the token; UNAVAILABLE when the
  // keys cannot be had (KEYS_UNAVAILABLE), or revocations have not been heard of for 5 seconds
  // (REVOCATIONS_STALE). A revoked session, credential, actor or workload:
  // UNAUTHENTICATED, ASSERTION_REVOKED; a revoked tenant: PERMISSION_DENIED, TENANT_SUSPENDED.
  absl::StatusOr<Assertion> Verify(std::string_view token);

  // What a revocation says: assertions of `subject` issued before `not_before` no longer hold.
  void Revoke(std::string_view subject, absl::Time not_before);
  // The watch is alive: called for each message and heartbeat, by auth itself for each reading of
  // its own table. Never called: every assertion is refused as stale.
  void RevocationsFresh();
  bool IsStale() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::rpc
