#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/result.h"

namespace kasbah::tenantdata {

// A record as it is kept.
struct StoredRecord {
  RecordId id;
  CollectionId collection;
  std::optional<CustomerId> customer;
  uint32_t schema_version = 1;
  uint64_t version = 1;
  // Values that are not sealed, as flat JSON.
  std::string data;
  // Packed ciphertexts (domain/sealed_values.h); empty: none.
  std::string sealed;
  absl::Time created;
  absl::Time updated;
  // Whose data it is, in whose share its values are sealed; empty: nobody's.
  std::string subject;
};

// The columns that ReadRecord reads, from tenant_data.records r.
#define KASBAH_RECORD                                                                         \
  "SELECT r.record_id, r.collection_id, r.customer_id, r.schema_version, r.version, r.data, " \
  "r.sealed, r.created_at, r.updated_at, r.subject "
inline constexpr int kRecordColumns = 10;

// Whose share sealed a version h of record r: before it was said whose data it is, nobody's.
#define KASBAH_SUBJECT_THEN "CASE WHEN h.version >= r.subject_from THEN r.subject END AS subject"

StoredRecord ReadRecord(const postgres::Row& row);
std::vector<StoredRecord> ReadRecords(const postgres::Result& rows);

}  // namespace kasbah::tenantdata
