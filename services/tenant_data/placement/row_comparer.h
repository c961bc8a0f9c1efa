#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/placement/movable_table.h"
#include "services/tenant_data/placement/table_end.h"

namespace kasbah::tenantdata {

inline constexpr std::string_view kCopyDiffers = "COPY_DIFFERS";

absl::Status CopyDiffers();

// Compares one tenant's rows in two databases while they are written at the source. Each change
// there has a note from before it can be seen (tenant_data.changed_rows), and a note goes when
// RowMover has brought the row over and read it back. So a row that differs and has no note is a
// fault; and once all rows were compared and no note is left, both sides are equal. Only RowMover
// changes the target, and not while a page is compared. Not thread safe.
class RowComparer {
 public:
  RowComparer(postgres::Door& source, postgres::Door& target, TenantId tenant,
              const std::vector<MovableTable>& tables);

  // The rows after `key` (empty: the first), at either side; none either where `end` is reached.
  // COPY_DIFFERS.
  struct Page {
    int64_t rows = 0;
    // Empty: there were none.
    std::string last_key;
    // Some differ, by what is noted.
    bool is_behind = false;
  };
  absl::StatusOr<Page> ComparePage(const MovableTable& table, const std::string& key,
                                   const TableEnd& end, absl::Time deadline);

  // COPY_DIFFERS where a table has more rows at one side. Reads no row's contents.
  absl::Status CompareCounts(absl::Time deadline);

 private:
  absl::StatusOr<bool> IsPast(const MovableTable& table, const std::string& key,
                              const TableEnd& end, absl::Time deadline);
  absl::StatusOr<bool> AreNoted(const MovableTable& table, const std::string& keys,
                                absl::Time deadline);

  postgres::Door& source_;
  postgres::Door& target_;
  const TenantId tenant_;
  const std::string counts_sql_;
};

}  // namespace kasbah::tenantdata
