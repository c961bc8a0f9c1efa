#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

StoredRecord ReadRecord(const postgres::Row& row) {
  StoredRecord record;
  record.id = row.Get<RecordId>(0);
  record.collection = row.Get<CollectionId>(1);
  record.customer = row.Get<std::optional<CustomerId>>(2);
  record.schema_version = row.Get<uint32_t>(3);
  record.version = row.Get<uint64_t>(4);
  record.data = row.Get<std::string>(5);
  record.sealed = row.Get<std::optional<std::string>>(6).value_or("");
  record.created = row.Get<absl::Time>(7);
  record.updated = row.Get<absl::Time>(8);
  record.subject = row.Get<std::optional<std::string>>(9).value_or("");
  return record;
}

std::vector<StoredRecord> ReadRecords(const postgres::Result& rows) {
  std::vector<StoredRecord> records;
  records.reserve(static_cast<size_t>(rows.size()));
  for (const postgres::Row& row : rows) records.push_back(ReadRecord(row));
  return records;
}

}  // namespace kasbah::tenantdata
