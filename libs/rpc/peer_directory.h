#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/policy_table.h"

namespace kasbah::rpc {

// A peer, and what the policies say of it: worked out when it is first seen.
struct Peer {
  std::string uri;
  SpiffeId id;
  // Of a tenant's workload; nil otherwise.
  TenantId tenant;
  bool is_service = false;
  bool is_operator = false;
  // By the method's place in the policy table.
  std::vector<bool> may_call;
  std::vector<bool> may_forward;
};

// The peers that were seen lately. Thread safe.
class PeerDirectory {
 public:
  // `policies` outlives this.
  PeerDirectory(std::string trust_domain, const PolicyTable& policies);

  // `uri` as the certificate has it, verified. UNAUTHENTICATED: PEER_IDENTITY_MISSING when it is no
  // SPIFFE id of ours, PEER_FOREIGN when it is of another trust domain.
  absl::StatusOr<std::shared_ptr<const Peer>> Find(std::string_view uri);

 private:
  absl::StatusOr<std::shared_ptr<const Peer>> Make(std::string_view uri) const;

  const std::string trust_domain_;
  const PolicyTable& policies_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Peer>> peers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::rpc
