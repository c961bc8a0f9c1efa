#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/audit/domain/log_growth.h"

namespace kasbah::audit {

// A tenant's signed head that is not in the system log yet.
struct GrownLog {
  TenantId tenant;
  uint64_t size = 0;
  std::string root;
};

struct SystemEntry {
  uint64_t sequence = 0;
  TenantId tenant;
  uint64_t size = 0;
  std::string leaf;
};

// A signed head of the system log, with the cosignatures it has.
struct SystemCheckpoint {
  uint64_t size = 0;
  // Without cosignatures.
  std::string note;
  std::string cosignatures;
  std::vector<std::string> witnesses;
};

// What is known of a witness.
struct WitnessState {
  std::string name;
  uint64_t size = 0;
  std::optional<absl::Time> cosigned_at;
  absl::Time asked_at;
  std::string failure;
};

// audit.system_* and audit.witness, through the ingest door. Stateless.
namespace system_log_store {

// Locked: appending is one replica's at a time.
postgres::Pending<LogHead> LockHead(postgres::Transaction& tx);
postgres::Pending<LogHead> ReadHead(postgres::Transaction& tx);
// At most `limit`, in the order of their tenants.
postgres::Pending<std::vector<GrownLog>> ListGrown(postgres::Transaction& tx, int limit);
// Entries, the tiles they filled, how far their tenants are in it now, and the new head.
void Append(postgres::Transaction& tx, const std::vector<SystemEntry>& entries,
            const std::vector<FullTile>& tiles, const LogHead& head);
// The tenant's newest entry among the first `below`.
postgres::Pending<std::optional<SystemEntry>> FindEntry(postgres::Transaction& tx, TenantId tenant,
                                                        uint64_t below);

void SaveCheckpoint(postgres::Transaction& tx, uint64_t size, std::string_view note,
                    absl::Time now);
// The newest that at least `quorum` of `witnesses` cosigned.
postgres::Pending<std::optional<SystemCheckpoint>> FindCheckpoint(
    postgres::Transaction& tx, const std::vector<std::string>& witnesses, size_t quorum);
// Drops what is older than the newest witnessed one.
void ForgetBefore(postgres::Transaction& tx, uint64_t size);
void AddCosignature(postgres::Transaction& tx, uint64_t size, std::string_view witness,
                    std::string_view line);

postgres::Pending<std::vector<WitnessState>> ListWitnesses(postgres::Transaction& tx);
// Its size only if it said one; `failure` empty when it cosigned.
void SaveWitness(postgres::Transaction& tx, std::string_view name, std::optional<uint64_t> size,
                 std::string_view failure, absl::Time now);

}  // namespace system_log_store
}  // namespace kasbah::audit
