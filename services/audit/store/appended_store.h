#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// An application's event by its id.
using ClientKey = std::pair<TenantId, std::string>;

struct AppendedEvent {
  std::string digest;
  uint64_t sequence = 0;
};

// audit.appended_event, through the ingest door. Stateless.
namespace appended_store {

// Those of `keys` that are in the log. Under the locks of their tenants' heads, so that nobody adds
// one meanwhile.
postgres::Pending<std::map<ClientKey, AppendedEvent>> Find(postgres::Transaction& tx,
                                                           const std::vector<ClientKey>& keys);

void Insert(postgres::Transaction& tx,
            const std::vector<std::pair<ClientKey, AppendedEvent>>& events, absl::Time now);

// Those recorded before.
void Forget(postgres::Transaction& tx, absl::Time before);

}  // namespace appended_store
}  // namespace kasbah::audit
