#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/merkle/tlog_proof.h"
#include "libs/postgres/database.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/store/system_log_store.h"

namespace kasbah::audit {

// How far a tenant's log had come, in a head of the system log that enough witnesses cosigned.
struct WitnessedHead {
  // Of the tenant's log.
  uint64_t size = 0;
  merkle::Hash root{};
  // C2SP tlog-proof: its extra data is the entry (merkle::SystemHead), its checkpoint the system
  // log's with the cosignatures.
  std::string proof;
};

// The log of all logs: each signed head of a tenant's log becomes an entry, so that a handful of
// cosignatures a minute stand for every tenant. Thread safe; replicas take turns.
class SystemLog {
 public:
  // `witnesses`, of whom `quorum` have to cosign a head before it is shown to a tenant.
  SystemLog(std::string trust_domain, std::vector<merkle::VerifierKey> witnesses, size_t quorum,
            postgres::Door& door, const SigningKey& key, const Clock& clock);

  // Appends the heads that were signed since, at most a thousand, and signs the new head. Returns
  // how many there were.
  absl::StatusOr<size_t> Append();

  // The newest signed head; nothing before the first.
  absl::StatusOr<std::optional<SystemCheckpoint>> Newest(absl::Time deadline);
  // RFC 6962, section 2.1.2, between two sizes of the system log. FAILED_PRECONDITION for sizes
  // that it never had.
  absl::StatusOr<std::vector<merkle::Hash>> ConsistencyProof(uint64_t old_size, uint64_t new_size,
                                                             absl::Time deadline);
  // NOT_FOUND until a head with the tenant in it is cosigned by enough.
  absl::StatusOr<WitnessedHead> Find(TenantId tenant, absl::Time deadline);

  std::string OriginOf(TenantId tenant) const;
  absl::StatusOr<merkle::VerifierKey> VerifierKey() const;
  const std::vector<merkle::VerifierKey>& witnesses() const { return witnesses_; }
  size_t quorum() const { return quorum_; }

 private:
  absl::StatusOr<size_t> AppendIn(postgres::Transaction& tx, const crypto::Ed25519Key& signer);

  const std::string trust_domain_;
  const std::string origin_;
  const std::vector<merkle::VerifierKey> witnesses_;
  const std::vector<std::string> witness_names_;
  const size_t quorum_;
  postgres::Door& door_;
  const SigningKey& key_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
