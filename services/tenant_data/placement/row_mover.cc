#include "services/tenant_data/placement/row_mover.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/placement/row_comparer.h"
#include "services/tenant_data/placement/tenant_copy_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Door;
using postgres::Json;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr int64_t kPageRows = 500;

constexpr Statement kNotes{"move.notes",
                           "SELECT number, relation, key::text FROM tenant_data.changed_rows "
                           "WHERE tenant_id = $1 ORDER BY number LIMIT $2"};
constexpr Statement kLastNote{
    "move.last_note",
    "SELECT coalesce(max(number), 0) FROM tenant_data.changed_rows WHERE tenant_id = $1"};
constexpr Statement kDropNotes{
    "move.drop_notes",
    "DELETE FROM tenant_data.changed_rows WHERE tenant_id = $1 AND number = ANY($2)",
    Access::kWrite};
constexpr Statement kDropAllNotes{"move.drop_all_notes",
                                  "DELETE FROM tenant_data.changed_rows WHERE tenant_id = $1",
                                  Access::kWrite};

std::vector<std::string> TextsOf(const Result& rows, int column = 0) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(row.Get<std::string>(column));
  return texts;
}

std::vector<std::string> Sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

// What happened to rows of one table: their keys, and those rows that there still are, with their
// digests in an order of their own.
struct RowMover::Changed {
  const MovableTable* table;
  std::string keys;
  std::vector<std::string> rows;
  std::vector<std::string> digests;
};

absl::StatusOr<RowMover::Page> RowMover::CopyPage(const MovableTable& table, const std::string& key,
                                                  absl::Time deadline) {
  ASSIGN_OR_RETURN(const Result found, source_.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    if (key.empty()) return tx.Run(table.first_page.read(), tenant_, kPageRows);
    return tx.Run(table.next_page.read(), tenant_, kPageRows, Json{key});
  }));
  Page page;
  page.rows = found.size();
  if (found.empty()) return page;
  page.last_key = found[found.size() - 1].Get<std::string>(1);
  RETURN_IF_ERROR(target_.Run(deadline, [&](Transaction& tx) -> absl::Status {
    TenantCopyStore::RequireMine(tx, tenant_, worker_);
    tx.Run(kEnterToMove, tenant_);
    tx.Run(table.insert.write(), TextsOf(found));
    return absl::OkStatus();
  }));
  return page;
}

absl::StatusOr<RowMover::Caught> RowMover::CatchUp(int64_t most, absl::Time deadline) {
  ASSIGN_OR_RETURN(const Result notes, source_.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    return tx.Run(kNotes, tenant_, most);
  }));
  Caught caught;
  caught.notes = notes.size();
  if (notes.empty()) return caught;
  caught.last_note = notes[notes.size() - 1].Get<int64_t>(0);
  std::vector<int64_t> numbers;
  std::map<std::string, std::set<std::string>> keys;
  for (const Row& note : notes) {
    numbers.push_back(note.Get<int64_t>(0));
    keys[note.Get<std::string>(1)].insert(note.Get<std::string>(2));
  }
  // Read after the notes: no older than what they tell of.
  std::vector<Changed> changes;
  for (const MovableTable& table : tables_) {
    const auto changed = keys.find(table.name);
    if (changed == keys.end()) continue;
    Changed change{&table, StrCat("[", absl::StrJoin(changed->second, ","), "]"), {}, {}};
    ASSIGN_OR_RETURN(const Result rows, source_.Run(deadline, [&](Transaction& tx) {
      tx.Run(kEnterToMove, tenant_);
      return tx.Run(table.fetch.read(), tenant_, Json{change.keys});
    }));
    change.rows = TextsOf(rows);
    change.digests = Sorted(TextsOf(rows, 1));
    caught.rows += static_cast<int64_t>(changed->second.size());
    changes.push_back(std::move(change));
  }
  const absl::Status applied = Apply(changes, deadline);
  // A unique value went from a row that is not among these to one that is: together they fit.
  if (ReasonOf(applied) == reason::kAlreadyExists && notes.size() == most) {
    return CatchUp(4 * most, deadline);
  }
  RETURN_IF_ERROR(applied);
  RETURN_IF_ERROR(source_.Run(deadline, [&](Transaction& tx) -> absl::Status {
    tx.Run(kEnterToMove, tenant_);
    tx.Run(kDropNotes, tenant_, numbers);
    return absl::OkStatus();
  }));
  return caught;
}

absl::StatusOr<int64_t> RowMover::LastNote(absl::Time deadline) {
  return source_.Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnterToMove, tenant_);
    return tx.RunForOne(
        kLastNote, "notes", [](const Row& row) { return row.Get<int64_t>(0); }, tenant_);
  });
}

absl::Status RowMover::Apply(const std::vector<Changed>& changes, absl::Time deadline) {
  return target_.Run(deadline, [&](Transaction& tx) -> absl::Status {
    TenantCopyStore::RequireMine(tx, tenant_, worker_);
    tx.Run(kEnterToMove, tenant_);
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
      tx.Run(change->table->remove.write(), tenant_, Json{change->keys}, change->rows);
    }
    for (const Changed& change : changes) tx.Run(change.table->upsert.write(), change.rows);
    std::vector<Pending<Result>> looks;
    for (const Changed& change : changes) {
      looks.push_back(tx.Run(change.table->look.read(), tenant_, Json{change.keys}));
    }
    for (size_t i = 0; i < changes.size(); ++i) {
      ASSIGN_OR_RETURN(const Result there, looks[i].Await());
      if (Sorted(TextsOf(there)) != changes[i].digests) return CopyDiffers();
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> RowMover::WipeTarget(int64_t most, absl::Time deadline) {
  return Wipe(target_, most, deadline);
}

absl::StatusOr<int64_t> RowMover::WipeSource(int64_t most, absl::Time deadline) {
  return Wipe(source_, most, deadline);
}

absl::StatusOr<int64_t> RowMover::Wipe(Door& door, int64_t most, absl::Time deadline) {
  for (auto table = tables_.rbegin(); table != tables_.rend(); ++table) {
    ASSIGN_OR_RETURN(const Result gone, door.Run(deadline, [&](Transaction& tx) {
      TenantCopyStore::RequireMine(tx, tenant_, worker_);
      tx.Run(kEnterToMove, tenant_);
      return tx.Run(table->wipe.write(), tenant_, most);
    }));
    if (gone.affected() > 0) return gone.affected();
  }
  return 0;
}

absl::Status RowMover::DropNotes(absl::Time deadline) {
  return source_.Run(deadline, [&](Transaction& tx) -> absl::Status {
    tx.Run(kEnterToMove, tenant_);
    tx.Run(kDropAllNotes, tenant_);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::tenantdata
