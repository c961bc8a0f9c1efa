#pragma once

#include <vector>

#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// How many collections a tenant may define.
inline constexpr int64_t kMaxCollections = 200;

// tenant_data.collections and fields: definitions, a full set of field rows for each schema
// version.
class CollectionStore {
 public:
  // ALREADY_EXISTS when the key is taken; FAILED_PRECONDITION, TOO_MANY_COLLECTIONS.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const CollectionDefinition& collection) const;
  // The current schema version, by "countries" or "col_…".
  postgres::Pending<CollectionDefinition> Get(postgres::Transaction& tx, const CallContext& call,
                                              const std::string& name) const;
  postgres::Pending<CollectionDefinition> GetVersion(postgres::Transaction& tx,
                                                     const CallContext& call, CollectionId id,
                                                     uint32_t schema_version) const;
  // All, by key.
  postgres::Pending<std::vector<CollectionDefinition>> List(postgres::Transaction& tx,
                                                            const CallContext& call) const;
};

}  // namespace kasbah::tenantdata
