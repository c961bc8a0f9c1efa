#include "services/tenant_data/placement/move_store.h"

#include <iterator>

#include "libs/base/error.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr std::string_view kStepNames[] = {"prepare", "copy",       "catch_up",  "finish", "clean",
                                           "done",    "cancelling", "cancelled", "failed"};

std::string_view NameOf(MoveStep step) { return kStepNames[static_cast<size_t>(step)]; }

MoveStep ParseStep(std::string_view name) {
  for (size_t i = 0; i < std::size(kStepNames); ++i) {
    if (kStepNames[i] == name) return static_cast<MoveStep>(i);
  }
  Crash("a move's step that the table does not allow", __FILE__, __LINE__);
}

#define KASBAH_MOVE                                                                 \
  "move_id, tenant_id, source, target, step, at_table, at_key, copied, caught_up, " \
  "attempts, held_ms, problem, due_at, started_at, switched_at, finished_at, "      \
  "compared_table, compared_key, compared, is_compared "

constexpr Statement kInsert{"moves.insert",
                            "INSERT INTO tenant_data.moves "
                            "(move_id, tenant_id, source, target, due_at, started_at) "
                            "VALUES ($1, $2, $3, $4, now(), $5)",
                            Access::kWrite};

constexpr Statement kGet{"moves.get",
                         "SELECT " KASBAH_MOVE
                         "FROM tenant_data.moves WHERE tenant_id = $1 AND move_id = $2"};

constexpr Statement kList{
    "moves.list", "SELECT " KASBAH_MOVE
                  "FROM tenant_data.moves WHERE tenant_id = $1 "
                  "AND move_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) "
                  "ORDER BY move_id DESC LIMIT $3"};

constexpr Statement kClaim{"moves.claim",
                           "UPDATE tenant_data.moves SET holder = $1, "
                           "lease_until = now() + make_interval(secs => $2 / 1000.0) "
                           "WHERE move_id = (SELECT move_id FROM tenant_data.moves "
                           "WHERE finished_at IS NULL AND due_at <= now() "
                           "AND (lease_until < now() OR holder = $1) "
                           "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) "
                           "RETURNING " KASBAH_MOVE,
                           Access::kWrite};

constexpr Statement kSave{"moves.save", R"sql(
WITH saved AS (
  UPDATE tenant_data.moves SET step = $4, at_table = $5, at_key = $6, copied = $7, caught_up = $8,
    attempts = $9, held_ms = $10, problem = $11, due_at = $12, switched_at = $13,
    finished_at = $14, lease_until = now() + make_interval(secs => $15 / 1000.0),
    compared_table = $16, compared_key = $17, compared = $18, is_compared = $19
  WHERE move_id = $1 AND holder = $2 AND step = $3 RETURNING move_id
) SELECT core.require(EXISTS (SELECT FROM saved), 'MOVE_TAKEN_OVER'))sql",
                          Access::kWrite};

constexpr Statement kRelease{"moves.release",
                             "UPDATE tenant_data.moves SET lease_until = '-infinity' "
                             "WHERE move_id = $1 AND holder = $2",
                             Access::kWrite};

constexpr Statement kCancel{"moves.cancel",
                            "UPDATE tenant_data.moves SET step = 'cancelling', due_at = now(), "
                            "problem = '' WHERE tenant_id = $1 AND move_id = $2 "
                            "AND step IN ('prepare', 'copy', 'catch_up')",
                            Access::kWrite};

#undef KASBAH_MOVE

Move ReadMove(const Row& row) {
  Move move;
  move.id = row.Get<MoveId>(0);
  move.tenant = row.Get<TenantId>(1);
  move.source = row.Get<std::string>(2);
  move.target = row.Get<std::string>(3);
  move.step = ParseStep(row.Get<std::string>(4));
  move.at_table = row.Get<std::string>(5);
  move.at_key = row.Get<std::string>(6);
  move.copied = row.Get<int64_t>(7);
  move.caught_up = row.Get<int64_t>(8);
  move.attempts = row.Get<int64_t>(9);
  move.held = absl::Milliseconds(row.Get<int64_t>(10));
  move.problem = row.Get<std::string>(11);
  move.due = row.Get<absl::Time>(12);
  move.started = row.Get<absl::Time>(13);
  move.switched = row.Get<std::optional<absl::Time>>(14);
  move.finished = row.Get<std::optional<absl::Time>>(15);
  move.compared_table = row.Get<std::string>(16);
  move.compared_key = row.Get<std::string>(17);
  move.compared = row.Get<int64_t>(18);
  move.is_compared = row.Get<bool>(19);
  return move;
}

}  // namespace

void MoveStore::Insert(Transaction& tx, const Move& move) {
  tx.Run(kInsert, move.id, move.tenant, move.source, move.target, move.started);
}

Pending<Move> MoveStore::Get(Transaction& tx, TenantId tenant, MoveId id) {
  return tx.RunForOne(kGet, "move", ReadMove, tenant, id);
}

Pending<std::vector<Move>> MoveStore::List(Transaction& tx, TenantId tenant, MoveId before,
                                           int64_t limit) {
  const std::optional<MoveId> bound = before.is_nil() ? std::nullopt : std::optional(before);
  return tx.Run(kList, tenant, bound, limit).Map([](const Result& rows) {
    std::vector<Move> moves;
    for (const Row& row : rows) moves.push_back(ReadMove(row));
    return moves;
  });
}

Pending<std::optional<Move>> MoveStore::Claim(Transaction& tx, Uuid worker, absl::Duration lease) {
  return tx.Run(kClaim, worker, absl::ToInt64Milliseconds(lease))
      .Map([](const Result& rows) -> std::optional<Move> {
        if (rows.empty()) return std::nullopt;
        return ReadMove(rows[0]);
      });
}

void MoveStore::Save(Transaction& tx, const Move& move, MoveStep before, Uuid worker,
                     absl::Duration lease) {
  tx.Run(kSave, move.id, worker, NameOf(before), NameOf(move.step), move.at_table, move.at_key,
         move.copied, move.caught_up, move.attempts, absl::ToInt64Milliseconds(move.held),
         move.problem, move.due, move.switched, move.finished, absl::ToInt64Milliseconds(lease),
         move.compared_table, move.compared_key, move.compared, move.is_compared);
}

void MoveStore::Release(Transaction& tx, MoveId id, Uuid worker) { tx.Run(kRelease, id, worker); }

Pending<bool> MoveStore::Cancel(Transaction& tx, TenantId tenant, MoveId id) {
  return tx.Run(kCancel, tenant, id).Map([](const Result& done) { return done.affected() == 1; });
}

}  // namespace kasbah::tenantdata
