#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// How many collections a tenant may define.
inline constexpr int64_t kMaxCollections = 200;

struct CollectionName {
  CollectionId id;
  std::string key;
  bool is_deleted = false;
};

// tenant_data.collections, fields and field_groups: definitions, a full set of field and group rows
// for each schema version.
class CollectionStore {
 public:
  // ALREADY_EXISTS when the key is taken; FAILED_PRECONDITION, TOO_MANY_COLLECTIONS.
  postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, const CallContext& call,
                                             const CollectionDefinition& collection) const;
  // Makes `next` of the current definition, a new schema version with its rows where
  // `changes_schema`. ABORTED, ETAG_MISMATCH, unless its revision is the one before.
  postgres::Pending<postgres::Result> Update(postgres::Transaction& tx, const CallContext& call,
                                             const CollectionDefinition& next,
                                             bool changes_schema) const;

  // The current schema version, by "countries" or "col_…", deleted or not.
  postgres::Pending<CollectionDefinition> Get(postgres::Transaction& tx, const CallContext& call,
                                              const std::string& name) const;
  postgres::Pending<CollectionDefinition> GetVersion(postgres::Transaction& tx,
                                                     const CallContext& call, CollectionId id,
                                                     uint32_t schema_version) const;
  // At most `limit`, by key, after `after`.
  postgres::Pending<std::vector<CollectionDefinition>> List(postgres::Transaction& tx,
                                                            const CallContext& call,
                                                            const std::string& after, int64_t limit,
                                                            bool deleted_too) const;
  // Of every collection.
  postgres::Pending<std::vector<CollectionName>> Names(postgres::Transaction& tx,
                                                       const CallContext& call) const;

  // Keeps the collection's definition as it is until the transaction ends, and waits until nobody
  // is writing records under it.
  void Hold(postgres::Transaction& tx, CollectionId id) const;
  // Whether it has records that are not deleted.
  postgres::Pending<bool> HasRecords(postgres::Transaction& tx, const CallContext& call,
                                     CollectionId id) const;
  // For whoever writes records under one schema version: FAILED, kDefinitionChanged, unless it is
  // the current one, which it then stays until the transaction ends.
  void WriteUnder(postgres::Transaction& tx, const CallContext& call, CollectionId id,
                  uint32_t schema_version) const;
  // The same of a definition as it was once read, without waiting: kDefinitionChanged also while
  // somebody may be changing it.
  postgres::Pending<postgres::Result> TryWriteUnder(postgres::Transaction& tx,
                                                    const CallContext& call,
                                                    const CollectionDefinition& read) const;
};

// Reason of a transaction that WriteUnder failed: it is to be done again under the new definition.
inline constexpr std::string_view kDefinitionChanged = "DEFINITION_CHANGED";

}  // namespace kasbah::tenantdata
