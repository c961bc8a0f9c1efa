// What an export's archive is made of: tenant_data.rights_members, and files in state 'export'.

#include "services/tenant_data/store/rights_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kBeginPiece{"rights.begin_piece", R"sql(
INSERT INTO tenant_data.files (tenant_id, file_id, operation_id, name, content_type, size, state,
                               data_key, creator_kind, creator_id, created_at, due_at)
VALUES ($1, $2, $3, '', 'application/x-tar', $4, 'pending', $5, 'workload',
        'service/tenant-data', $6, $7))sql",
                                Access::kWrite};

// Where the piece was given up meanwhile, so is the member.
constexpr Statement kAddMember{"rights.add_member", R"sql(
WITH piece AS (
  UPDATE tenant_data.files SET state = 'export', sha256 = $9, due_at = $10
  WHERE tenant_id = $1 AND file_id = $8 AND operation_id = $2 AND state = 'pending' RETURNING 1
), member AS (
  INSERT INTO tenant_data.rights_members (tenant_id, operation_id, number, service, name, rows,
                                          size, sha256, file_id)
  SELECT $1, $2, (SELECT coalesce(max(number), 0) + 1 FROM tenant_data.rights_members
                  WHERE tenant_id = $1 AND operation_id = $2), $3, $4, $5, $6, $7, $8 FROM piece
  RETURNING 1
) SELECT core.require(EXISTS (SELECT FROM member), 'PIECE_EXPIRED'))sql",
                               Access::kWrite};

constexpr Statement kKeepPieces{"rights.keep_pieces",
                                "UPDATE tenant_data.files SET due_at = $3 WHERE tenant_id = $1"
                                " AND operation_id = $2 AND state = 'export'",
                                Access::kWrite};

constexpr Statement kDropPieces{"rights.drop_pieces", R"sql(
WITH gone AS (
  UPDATE tenant_data.files SET state = 'deleted', data_key = NULL, due_at = $3
  WHERE tenant_id = $1 AND operation_id = $2 AND state <> 'deleted' RETURNING 1
), members AS (
  DELETE FROM tenant_data.rights_members WHERE tenant_id = $1 AND operation_id = $2
) SELECT count(*) FROM gone)sql",
                                Access::kWrite};

constexpr Statement kListMembers{"rights.list_members",
                                 "SELECT service, name, rows, size, sha256, file_id"
                                 " FROM tenant_data.rights_members WHERE tenant_id = $1"
                                 " AND operation_id = $2 ORDER BY number"};

constexpr Statement kCountMembers{"rights.count_members",
                                  "SELECT count(*) FROM tenant_data.rights_members"
                                  " WHERE tenant_id = $1 AND operation_id = $2 AND name ^@ $3"};

}  // namespace

void RightsStore::BeginPiece(Transaction& tx, TenantId tenant, OperationId id, FileId piece,
                             int64_t size, std::string_view data_key, absl::Time now,
                             absl::Time due) {
  tx.Run(kBeginPiece, tenant, piece, id, size, Bytes{data_key}, now, due);
}

void RightsStore::AddMember(Transaction& tx, TenantId tenant, OperationId id,
                            const ArchiveMember& member, std::string_view piece_sha256,
                            absl::Time due) {
  tx.Run(kAddMember, tenant, id, member.service, member.name, member.rows, member.size,
         Bytes{member.sha256}, member.piece, Bytes{piece_sha256}, due);
}

void RightsStore::KeepPieces(Transaction& tx, TenantId tenant, OperationId id, absl::Time due) {
  tx.Run(kKeepPieces, tenant, id, due);
}

Pending<int64_t> RightsStore::DropPieces(Transaction& tx, TenantId tenant, OperationId id,
                                         absl::Time now) {
  return tx.Run(kDropPieces, tenant, id, now).Map([](const Result& rows) {
    return rows[0].Get<int64_t>(0);
  });
}

Pending<std::vector<ArchiveMember>> RightsStore::ListMembers(Transaction& tx, TenantId tenant,
                                                             OperationId id) {
  return tx.Run(kListMembers, tenant, id).Map([](const Result& rows) {
    std::vector<ArchiveMember> members;
    for (const Row& row : rows) {
      members.push_back({row.Get<std::string>(0), row.Get<std::string>(1), row.Get<int64_t>(2),
                         row.Get<int64_t>(3), row.Get<std::string>(4), row.Get<FileId>(5)});
    }
    return members;
  });
}

Pending<int64_t> RightsStore::CountMembers(Transaction& tx, TenantId tenant, OperationId id,
                                           const std::string& prefix) {
  return tx.Run(kCountMembers, tenant, id, prefix).Map([](const Result& rows) {
    return rows[0].Get<int64_t>(0);
  });
}

}  // namespace kasbah::tenantdata
