#include "services/tenant_data/store/exported_records.h"

#include "services/tenant_data/store/byte_window.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// The columns that ReadRecord reads, and what an export says besides.
#define KASBAH_EXPORTED_PAGE(order, from)                                                     \
  "SELECT r.record_id, r.collection_id, r.customer_id, r.schema_version, r.version, r.data, " \
  "r.sealed, r.created_at, r.updated_at, r.subject, r.key, r.deleted_at, r.change, "          \
  "r.actor_kind, r.actor_id " KASBAH_WINDOW(                                                  \
      "s.*") "SELECT x.*, c.key FROM (" from                                                  \
             ") x JOIN tenant_data.collections c ON c.tenant_id = $1 AND c.collection_id = "  \
             "x.collection_id" KASBAH_WINDOW_END_AT("2000000", order)

#define KASBAH_EXPORTED_RECORDS(condition)                                                        \
  KASBAH_EXPORTED_PAGE(                                                                           \
      "p.collection_id, p.record_id",                                                             \
      "SELECT record_id, collection_id, customer_id, schema_version, version, data, sealed, "     \
      "created_at, updated_at, subject, deleted_at, ''::text AS change, ''::text AS actor_kind, " \
      "''::text AS actor_id FROM tenant_data.records WHERE tenant_id = $1 "                       \
      "AND (collection_id, record_id) > ($2, $3) AND " condition                                  \
      " ORDER BY collection_id, record_id LIMIT 200")

constexpr Statement kLive{"exported.live", KASBAH_EXPORTED_RECORDS("deleted_at IS NULL")};
constexpr Statement kDeleted{"exported.deleted", KASBAH_EXPORTED_RECORDS("deleted_at IS NOT NULL")};

constexpr Statement kPast{
    "exported.past",
    KASBAH_EXPORTED_PAGE(
        "p.record_id, p.version",
        "SELECT h.record_id, h.collection_id, h.customer_id, h.schema_version, h.version, h.data, "
        "h.sealed, r.created_at, h.changed_at AS updated_at, " KASBAH_SUBJECT_THEN ", "
        "NULL::timestamptz AS deleted_at, h.change, h.actor_kind, h.actor_id "
        "FROM tenant_data.record_history h JOIN tenant_data.records r "
        "ON r.tenant_id = $1 AND r.record_id = h.record_id "
        "WHERE h.tenant_id = $1 AND (h.record_id, h.version) > ($2, $3) "
        "ORDER BY h.record_id, h.version LIMIT 200")};

constexpr Statement kOfSubject{
    "exported.of_subject",
    KASBAH_EXPORTED_PAGE(
        "p.record_id",
        "SELECT record_id, collection_id, customer_id, schema_version, version, data, sealed, "
        "created_at, updated_at, subject, deleted_at, ''::text AS change, "
        "''::text AS actor_kind, ''::text AS actor_id FROM tenant_data.records "
        "WHERE tenant_id = $1 AND subject = $2 AND record_id > $3 ORDER BY record_id LIMIT 200")};

constexpr Statement kPastOfSubject{
    "exported.past_of_subject",
    KASBAH_EXPORTED_PAGE(
        "p.record_id, p.version",
        "SELECT h.record_id, h.collection_id, h.customer_id, h.schema_version, h.version, h.data, "
        "h.sealed, r.created_at, h.changed_at AS updated_at, " KASBAH_SUBJECT_THEN ", "
        "NULL::timestamptz AS deleted_at, h.change, h.actor_kind, h.actor_id "
        "FROM tenant_data.records r JOIN tenant_data.record_history h "
        "ON h.tenant_id = $1 AND h.record_id = r.record_id "
        "WHERE r.tenant_id = $1 AND r.subject = $2 AND r.record_id >= $3 "
        "AND (h.record_id, h.version) > ($3, $4) "
        "ORDER BY r.record_id, h.version LIMIT 200")};

std::vector<ExportedRecord> ReadExported(const Result& rows) {
  std::vector<ExportedRecord> records;
  for (const Row& row : rows) {
    ExportedRecord exported;
    exported.record = ReadRecord(row);
    exported.collection_key = row.Get<std::string>(kRecordColumns);
    exported.deleted = row.Get<std::optional<absl::Time>>(kRecordColumns + 1);
    exported.change = row.Get<std::string>(kRecordColumns + 2);
    exported.actor_kind = row.Get<std::string>(kRecordColumns + 3);
    exported.actor_id = row.Get<std::string>(kRecordColumns + 4);
    records.push_back(std::move(exported));
  }
  return records;
}

}  // namespace

Pending<std::vector<ExportedRecord>> ExportedRecords::After(Transaction& tx, TenantId tenant,
                                                            bool deleted, CollectionId collection,
                                                            RecordId record) {
  return tx.Run(deleted ? kDeleted : kLive, tenant, collection, record).Map(ReadExported);
}

Pending<std::vector<ExportedRecord>> ExportedRecords::PastAfter(Transaction& tx, TenantId tenant,
                                                                RecordId record, int64_t version) {
  return tx.Run(kPast, tenant, record, version).Map(ReadExported);
}

Pending<std::vector<ExportedRecord>> ExportedRecords::OfSubject(Transaction& tx, TenantId tenant,
                                                                const std::string& subject,
                                                                RecordId record) {
  return tx.Run(kOfSubject, tenant, subject, record).Map(ReadExported);
}

Pending<std::vector<ExportedRecord>> ExportedRecords::PastOfSubject(Transaction& tx,
                                                                    TenantId tenant,
                                                                    const std::string& subject,
                                                                    RecordId record,
                                                                    int64_t version) {
  return tx.Run(kPastOfSubject, tenant, subject, record, version).Map(ReadExported);
}

}  // namespace kasbah::tenantdata
