#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/placement/movable_table.h"

namespace kasbah::tenantdata {

// Brings one tenant's rows from one database to another, through the movers' doors, each step of it
// in a transaction of its own at either side. What it does can be done again. Every change to the
// copy is refused, MOVE_TAKEN_OVER, once another worker has the move or the records are there
// (TenantCopyStore::RequireMine). Not thread safe.
class RowMover {
 public:
  RowMover(postgres::Door& source, postgres::Door& target, TenantId tenant, Uuid worker,
           const std::vector<MovableTable>& tables)
      : source_(source), target_(target), tenant_(tenant), worker_(worker), tables_(tables) {}

  // The rows after `key` (empty: the first), as many as travel well together. What is at the target
  // already stays as it is there.
  struct Page {
    int64_t rows = 0;
    // Empty: there were none.
    std::string last_key;
  };
  absl::StatusOr<Page> CopyPage(const MovableTable& table, const std::string& key,
                                absl::Time deadline);

  // What changed at the source since it was copied, and how many notes of that there were; 0: none
  // are left. A note is dropped when the target has what it is about, read back, so none is lost.
  // COPY_DIFFERS where the target made something else of it.
  struct Caught {
    int64_t notes = 0;
    int64_t rows = 0;
    // The number of the last of them.
    int64_t last_note = 0;
  };
  absl::StatusOr<Caught> CatchUp(int64_t most, absl::Time deadline);
  // The highest number of a note that is left; 0 where none is.
  absl::StatusOr<int64_t> LastNote(absl::Time deadline);

  // Removes up to `most` rows at the target, or at the source where the records are elsewhere by
  // now; how many.
  absl::StatusOr<int64_t> WipeTarget(int64_t most, absl::Time deadline);
  absl::StatusOr<int64_t> WipeSource(int64_t most, absl::Time deadline);
  absl::Status DropNotes(absl::Time deadline);

 private:
  struct Changed;
  absl::Status Apply(const std::vector<Changed>& changes, absl::Time deadline);
  absl::StatusOr<int64_t> Wipe(postgres::Door& door, int64_t most, absl::Time deadline);

  postgres::Door& source_;
  postgres::Door& target_;
  const TenantId tenant_;
  const Uuid worker_;
  const std::vector<MovableTable>& tables_;
};

}  // namespace kasbah::tenantdata
