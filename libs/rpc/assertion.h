#pragma once

#include <bitset>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/policy/v1/policy.pb.h"
#include "libs/base/ids.h"

namespace kasbah::rpc {

// What auth states about an actor, for at most 60 seconds: an Ed25519 JWT (RFC 7519, RFC 8037) with
// typ kasbah-assertion+jwt. Claims: iss, aud, jti, iat, exp, sub (actor id), azp (SPIFFE id it was
// issued to), knd (actor kind), ten (tenant), cus (customer, when scoped), sid (session or
// credential), acr (assurance), prm (permissions, lower-case hex of a 128 bit little-endian set),
// wkl (the registered workload that azp is, or that it asks for). Times carry milliseconds, so that
// a revocation in the second of an issue has a clear answer.
struct Assertion {
  std::string actor_id;
  policy::v1::ActorKind kind = policy::v1::ACTOR_KIND_UNSPECIFIED;
  std::string azp;
  TenantId tenant;
  std::optional<CustomerId> customer;
  std::string session_id;
  policy::v1::Assurance assurance = policy::v1::ASSURANCE_UNSPECIFIED;
  std::bitset<128> permissions;
  // Set: the program that holds this is registered with its tenant.
  std::optional<WorkloadId> workload;
  absl::Time issue_time;
  absl::Time expire_time;
};

inline constexpr absl::Duration kAssertionLifetime = absl::Seconds(60);
inline constexpr std::string_view kAssertionType = "kasbah-assertion+jwt";

// The compact JWS. INVALID_ARGUMENT for the kind of a service or an operator, a tenant's workload
// that is not registered, the system tenant or a lifetime above kAssertionLifetime. `sign` signs
// the signing input with the Ed25519 key `key_id`.
absl::StatusOr<std::string> EncodeAssertion(
    const Assertion& assertion, std::string_view issuer, std::string_view audience,
    std::string_view key_id, std::string_view token_id,
    const std::function<absl::StatusOr<std::string>(std::string_view)>& sign);

}  // namespace kasbah::rpc
