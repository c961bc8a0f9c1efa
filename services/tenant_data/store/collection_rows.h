#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// A collection's definition as rows: one for each field and group of each schema version.

// Columns of "collections c JOIN fields f LEFT JOIN field_indexes x", in the order that
// ReadCollections takes them.
#define KASBAH_DEFINITION_COLUMNS                                                             \
  "c.collection_id, c.key, c.display_name, f.schema_version, c.revision, c.created_at, "      \
  "coalesce(c.updated_at, c.created_at), c.deleted_at, f.field_id, f.key, f.display_name, "   \
  "f.type, f.is_required, f.is_unique, f.is_indexed, f.is_sealed, f.min_value, f.max_value, " \
  "f.pattern, f.choices, f.scale, f.default_value, f.is_searchable, f.is_sensitive, "         \
  "f.reference_collection, f.group_key, f.is_retired, f.revision, x.state, x.conflicts, "     \
  "f.indexed_orders, CASE WHEN f.indexed_orders <> '{}' THEN ARRAY(SELECT b.field_id "        \
  "FROM tenant_data.field_indexes b WHERE b.tenant_id = c.tenant_id "                         \
  "AND b.collection_id = c.collection_id AND b.state = 'building') END"

// Rows of one collection stand together, in the order of their fields.
absl::StatusOr<std::vector<CollectionDefinition>> ReadCollections(const postgres::Result& rows);

// Adds groups, rows of collection, group, key, name and revision, to the collections they are of.
void ReadGroups(const postgres::Result& rows, std::vector<CollectionDefinition>* collections);

// Queues the rows of the definition's schema version.
void InsertDefinitionRows(postgres::Transaction& tx, const CallContext& call,
                          const CollectionDefinition& collection);

}  // namespace kasbah::tenantdata
