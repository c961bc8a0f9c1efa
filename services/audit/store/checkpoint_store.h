#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/merkle/tree.h"
#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// A tenant's head as it stands, and the newest that was signed.
struct HeadState {
  struct Signed {
    uint64_t size = 0;
    std::string root;
    std::string note;
  };
  TenantId tenant;
  uint64_t size = 0;
  std::string root;
  std::optional<Signed> last;
};

struct NewCheckpoint {
  TenantId tenant;
  uint64_t size = 0;
  std::string root;
  std::string note;
};

// audit.log_head to read and audit.checkpoint to write. Stateless.
namespace checkpoint_store {

// In the tenant's scope; nothing when nothing was logged yet.
postgres::Pending<std::optional<HeadState>> Find(postgres::Transaction& tx, TenantId tenant);
void Save(postgres::Transaction& tx, const std::vector<NewCheckpoint>& checkpoints, absl::Time now);

// Through the ingest door: the states of some tenants, or of all whose head is not signed.
postgres::Pending<std::vector<HeadState>> ReadAll(postgres::Transaction& tx,
                                                  const std::vector<TenantId>& tenants);
postgres::Pending<std::vector<TenantId>> ListUnsigned(postgres::Transaction& tx);

}  // namespace checkpoint_store
}  // namespace kasbah::audit
