#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

// A record, or what it once was, as an export of its tenant has it.
struct ExportedRecord {
  StoredRecord record;
  std::string collection_key;
  std::optional<absl::Time> deleted;
  // Of what it once was: "created", "updated", …, and who did that.
  std::string change;
  std::string actor_kind;
  std::string actor_id;
};

// Pages of a tenant's records and of their past, some MB at the most. Within a transaction of their
// tenant; stateless.
class ExportedRecords {
 public:
  // By collection and record; those that are deleted and can be restored, or the others.
  static postgres::Pending<std::vector<ExportedRecord>> After(postgres::Transaction& tx,
                                                              TenantId tenant, bool deleted,
                                                              CollectionId collection,
                                                              RecordId record);
  // By record and version.
  static postgres::Pending<std::vector<ExportedRecord>> PastAfter(postgres::Transaction& tx,
                                                                  TenantId tenant, RecordId record,
                                                                  int64_t version);
  // The same of one person's alone, deleted ones too, by record.
  static postgres::Pending<std::vector<ExportedRecord>> OfSubject(postgres::Transaction& tx,
                                                                  TenantId tenant,
                                                                  const std::string& subject,
                                                                  RecordId record);
  static postgres::Pending<std::vector<ExportedRecord>> PastOfSubject(postgres::Transaction& tx,
                                                                      TenantId tenant,
                                                                      const std::string& subject,
                                                                      RecordId record,
                                                                      int64_t version);
};

}  // namespace kasbah::tenantdata
