#include "services/audit/store/archive_store.h"

namespace kasbah::audit::archive_store {
namespace {

using postgres::Access;
using postgres::Statement;

#define AUDIT_ARCHIVE                                                                        \
  "SELECT tenant_id, to_char(month, 'YYYY-MM') || '-' || first_seq, first_seq, past_seq, "   \
  "first_at, last_at, events_object, personal_object, next_object, manifest, events_bytes, " \
  "personal_bytes, written_at, pruned_at FROM audit.archive WHERE tenant_id = $1 "

constexpr Statement kList = {
    "archive.list",
    AUDIT_ARCHIVE "AND first_seq >= $2 AND written_at IS NOT NULL ORDER BY first_seq LIMIT $3"};

// Bundles do not overlap: the last that begins at or before the event is the only one to have it.
constexpr Statement kFindWith = {"archive.find_with",
                                 "SELECT * FROM (" AUDIT_ARCHIVE
                                 "AND first_seq <= $2 ORDER BY first_seq DESC LIMIT 1) a "
                                 "WHERE past_seq > $2 AND pruned_at IS NOT NULL"};

constexpr Statement kFindAt = {"archive.find_at", AUDIT_ARCHIVE "AND first_seq = $2"};

constexpr Statement kListWritten = {"archive.list_written",
                                    AUDIT_ARCHIVE "AND written_at IS NOT NULL ORDER BY first_seq"};

constexpr Statement kBegin = {"archive.begin", R"sql(
  INSERT INTO audit.archive (tenant_id, first_seq, past_seq, month, first_at, last_at,
                             events_object, personal_object)
  VALUES ($1, $2, $3, date_trunc('month', $4 AT TIME ZONE 'UTC')::date, $4, $5, $6, $7)
  ON CONFLICT DO NOTHING)sql",
                              Access::kWrite};

constexpr Statement kFinish = {"archive.finish", R"sql(
  UPDATE audit.archive
  SET manifest = $3, events_bytes = $4, personal_bytes = $5, written_at = $6
  WHERE tenant_id = $1 AND first_seq = $2 AND written_at IS NULL)sql",
                               Access::kWrite};

constexpr Statement kSetNext = {"archive.set_next", R"sql(
  UPDATE audit.archive SET next_object = $3 WHERE tenant_id = $1 AND first_seq = $2)sql",
                                Access::kWrite};

constexpr Statement kSwapPersonal = {"archive.swap_personal", R"sql(
  UPDATE audit.archive
  SET personal_object = next_object, next_object = personal_object, personal_bytes = $3
  WHERE tenant_id = $1 AND first_seq = $2 AND next_object IS NOT NULL)sql",
                                     Access::kWrite};

Archive ArchiveOf(const postgres::Row& row) {
  return {row.Get<TenantId>(0),
          row.Get<std::string>(1),
          row.Get<uint64_t>(2),
          row.Get<uint64_t>(3),
          row.Get<absl::Time>(4),
          row.Get<absl::Time>(5),
          row.Get<FileId>(6),
          row.Get<FileId>(7),
          row.Get<std::optional<FileId>>(8),
          row.Get<std::string>(9),
          row.Get<uint64_t>(10),
          row.Get<uint64_t>(11),
          row.Get<std::optional<absl::Time>>(12),
          row.Get<std::optional<absl::Time>>(13)};
}

std::vector<Archive> AllOf(const postgres::Result& result) {
  std::vector<Archive> archives;
  for (const postgres::Row row : result) archives.push_back(ArchiveOf(row));
  return archives;
}

std::optional<Archive> OneOf(const postgres::Result& result) {
  if (result.empty()) return std::nullopt;
  return ArchiveOf(result[0]);
}

}  // namespace

postgres::Pending<std::vector<Archive>> List(postgres::Transaction& tx, TenantId tenant,
                                             uint64_t from, int limit) {
  return tx.Run(kList, tenant, from, limit).Map(AllOf);
}

postgres::Pending<std::optional<Archive>> FindWith(postgres::Transaction& tx, TenantId tenant,
                                                   uint64_t sequence) {
  return tx.Run(kFindWith, tenant, sequence).Map(OneOf);
}

postgres::Pending<std::optional<Archive>> FindAt(postgres::Transaction& tx, TenantId tenant,
                                                 uint64_t first) {
  return tx.Run(kFindAt, tenant, first).Map(OneOf);
}

postgres::Pending<std::vector<Archive>> ListWritten(postgres::Transaction& tx, TenantId tenant) {
  return tx.Run(kListWritten, tenant).Map(AllOf);
}

void Begin(postgres::Transaction& tx, const Archive& archive) {
  tx.Run(kBegin, archive.tenant, archive.first, archive.past, archive.first_at, archive.last_at,
         archive.events_object, archive.personal_object);
}

void Finish(postgres::Transaction& tx, const Archive& archive, absl::Time now) {
  tx.Run(kFinish, archive.tenant, archive.first, archive.manifest, archive.events_bytes,
         archive.personal_bytes, now);
}

void SetNext(postgres::Transaction& tx, const Archive& archive, std::optional<FileId> next) {
  tx.Run(kSetNext, archive.tenant, archive.first, next);
}

void SwapPersonal(postgres::Transaction& tx, const Archive& archive, uint64_t bytes) {
  tx.Run(kSwapPersonal, archive.tenant, archive.first, bytes);
}

}  // namespace kasbah::audit::archive_store
