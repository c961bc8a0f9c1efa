#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/outbox/receiver.h"
#include "libs/postgres/transaction.h"
#include "services/audit/domain/stored_stretch.h"
#include "services/audit/store/receiver_store.h"

namespace kasbah::audit {

// A log's head and signed head as they stand in the database, believed in nothing.
struct RawHead {
  struct Signed {
    uint64_t size = 0;
    std::string root;
    std::string note;
  };
  // Unset when the row is gone.
  std::optional<uint64_t> size;
  std::string root;
  std::string frontier;
  uint64_t min_index = 0;
  std::optional<Signed> checkpoint;
  // How far the system log says that it had come.
  std::optional<uint64_t> member_size;
};

// How a log's check stands, for whoever asks.
struct CheckState {
  TenantId tenant;
  uint64_t passed = 0;
  std::optional<absl::Time> started_at;
  uint64_t checked = 0;
  std::optional<absl::Time> finished_at;
};

struct FoundDamage {
  TenantId tenant;
  std::string kind;
  std::string place;
  absl::Time found_at;
  absl::Time seen_at;
};

// A relay's cursor as it was signed.
struct CursorSeal {
  receiver_store::CursorRow row;
  std::string signature;
};

// What the self-check reads and keeps, through the ingest door but for what says otherwise.
// Stateless.
namespace self_check_store {

// Logs that appeared since get their turn.
void Enrol(postgres::Transaction& tx, absl::Time now);
// The log whose turn is the longest due, for `lease` from now on; nothing when none is.
postgres::Pending<std::optional<TenantId>> Claim(postgres::Transaction& tx, const Uuid& holder,
                                                 absl::Time now, absl::Time lease_until);
void SavePassed(postgres::Transaction& tx, TenantId tenant, uint64_t passed, absl::Time started_at,
                absl::Time now);
void SaveFinished(postgres::Transaction& tx, TenantId tenant, uint64_t checked, absl::Time now,
                  absl::Time due_at);

postgres::Pending<RawHead> ReadHead(postgres::Transaction& tx, TenantId tenant);
// Events, leaves and full tiles of [first, past), which begin and end with tiles but at the log's
// end; a stretch for each.
postgres::Pending<std::vector<StoredStretch>> ReadStretches(postgres::Transaction& tx,
                                                            TenantId tenant, uint64_t first,
                                                            uint64_t past);
postgres::Pending<std::optional<StoredTile>> ReadTile(postgres::Transaction& tx, TenantId tenant,
                                                      int level, uint64_t index);

// Those that are new, or seen again.
void SaveDamage(postgres::Transaction& tx, TenantId tenant, const std::vector<Damage>& damages,
                absl::Time now);
// What the system's trail does not tell of yet.
postgres::Pending<std::vector<FoundDamage>> ListUnreported(postgres::Transaction& tx);
void MarkReported(postgres::Transaction& tx, const FoundDamage& found, absl::Time now);
postgres::Pending<std::vector<FoundDamage>> ListDamage(postgres::Transaction& tx, int limit);

// In the tenant's scope.
postgres::Pending<std::optional<CheckState>> FindState(postgres::Transaction& tx, TenantId tenant);
postgres::Pending<std::vector<FoundDamage>> ListDamageOf(postgres::Transaction& tx, TenantId tenant,
                                                         int limit);

postgres::Pending<std::vector<receiver_store::CursorRow>> ReadCursors(postgres::Transaction& tx);
postgres::Pending<std::vector<CursorSeal>> ReadSeals(postgres::Transaction& tx);
void SaveSeals(postgres::Transaction& tx, const std::vector<CursorSeal>& seals);

}  // namespace self_check_store
}  // namespace kasbah::audit
