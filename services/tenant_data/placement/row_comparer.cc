#include "services/tenant_data/placement/row_comparer.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Door;
using postgres::Json;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

// Only digests of them travel; of large rows a page has fewer.
constexpr int64_t kPageRows = 2000;

constexpr Statement kAreNoted{
    "move.are_noted",
    "SELECT NOT EXISTS (SELECT FROM jsonb_array_elements($3) AS e (key) WHERE NOT EXISTS "
    "(SELECT FROM tenant_data.changed_rows c "
    "WHERE c.tenant_id = $1 AND c.relation = $2 AND c.key = e.key))"};

// A key, and what its row is.
using Digests = std::set<std::pair<std::string, std::string>>;

Digests DigestsIn(const Result& rows) {
  Digests digests;
  for (const Row& row : rows) digests.emplace(row.Get<std::string>(1), row.Get<std::string>(0));
  return digests;
}

std::string LastKeyOf(const Result& rows) { return rows[rows.size() - 1].Get<std::string>(1); }

// Keys of rows that are at one side only, or not the same at both.
std::string Differing(const Digests& source, const Digests& target) {
  Digests differing;
  std::set_symmetric_difference(source.begin(), source.end(), target.begin(), target.end(),
                                std::inserter(differing, differing.end()));
  std::set<std::string> keys;
  for (const auto& [key, digest] : differing) keys.insert(key);
  return keys.empty() ? "" : StrCat("[", absl::StrJoin(keys, ","), "]");
}

std::string CountsSql(const std::vector<MovableTable>& tables) {
  return StrCat("SELECT ARRAY[",
                absl::StrJoin(tables, ", ",
                              [](std::string* out, const MovableTable& table) {
                                StrAppend(out, "(SELECT count(*) FROM tenant_data.", table.name,
                                          " t WHERE t.tenant_id = $1)");
                              }),
                "]");
}

}  // namespace

absl::Status CopyDiffers() {
  return Error(absl::StatusCode::kDataLoss, kCopyDiffers, "the copy is not what it was made of");
}

RowComparer::RowComparer(Door& source, Door& target, TenantId tenant,
                         const std::vector<MovableTable>& tables)
    : source_(source), target_(target), tenant_(tenant), counts_sql_(CountsSql(tables)) {}

absl::StatusOr<RowComparer::Page> RowComparer::ComparePage(const MovableTable& table,
                                                           const std::string& key,
                                                           const TableEnd& end,
                                                           absl::Time deadline) {
  const auto page_at = [&](Door& door) {
    return door.Run(deadline, [&](Transaction& tx) {
      tx.Run(kEnterToMove, tenant_);
      if (key.empty()) return tx.Run(table.first_digests.read(), tenant_, kPageRows);
      return tx.Run(table.next_digests.read(), tenant_, kPageRows, Json{key});
    });
  };
  ASSIGN_OR_RETURN(const Result at_source, page_at(source_));
  if (at_source.empty()) {
    // What the target has after the last of them.
    ASSIGN_OR_RETURN(const Result more, page_at(target_));
    Page page;
    page.rows = more.size();
    if (more.empty()) return page;
    page.last_key = LastKeyOf(more);
    page.is_behind = true;
    ASSIGN_OR_RETURN(const bool noted, AreNoted(table, Differing({}, DigestsIn(more)), deadline));
    if (!noted) return CopyDiffers();
    return page;
  }
  if (!key.empty()) {
    ASSIGN_OR_RETURN(const bool is_over, end.IsReached(key, deadline));
    if (is_over) return Page();
  }
  Page page{static_cast<int64_t>(at_source.size()), LastKeyOf(at_source)};
  ASSIGN_OR_RETURN(const Result at_target, target_.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    if (key.empty()) return tx.Run(table.first_until.read(), tenant_, Json{page.last_key});
    return tx.Run(table.next_until.read(), tenant_, Json{page.last_key}, Json{key});
  }));
  const std::string differing = Differing(DigestsIn(at_source), DigestsIn(at_target));
  if (differing.empty()) return page;
  page.is_behind = true;
  // Asked for last: what was changed before either side was read is noted by now.
  ASSIGN_OR_RETURN(const bool noted, AreNoted(table, differing, deadline));
  if (!noted) return CopyDiffers();
  return page;
}

absl::StatusOr<bool> RowComparer::AreNoted(const MovableTable& table, const std::string& keys,
                                           absl::Time deadline) {
  return source_.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    return tx.RunForOne(
        kAreNoted, "notes", [](const Row& row) { return row.Get<bool>(0); }, tenant_, table.name,
        Json{keys});
  });
}

absl::Status RowComparer::CompareCounts(absl::Time deadline) {
  const auto counts_at = [&](Door& door) {
    return door.Run(deadline, [&](Transaction& tx) {
      tx.Run(kEnterToMove, tenant_);
      return tx.RunForOne(
          Statement{"move.counts", counts_sql_, postgres::Access::kRead}, "counts",
          [](const Row& row) { return row.Get<std::vector<int64_t>>(0); }, tenant_);
    });
  };
  // At once: writers are waiting.
  auto reading = std::async(std::launch::async, [&] { return counts_at(source_); });
  const auto of_target = counts_at(target_);
  ASSIGN_OR_RETURN(const auto source, reading.get());
  ASSIGN_OR_RETURN(const auto target, of_target);
  return source == target ? absl::OkStatus() : CopyDiffers();
}

}  // namespace kasbah::tenantdata
