#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/store/record_query.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

// A record, and where the page after it would begin.
struct ListedRecord {
  StoredRecord record;
  Cursor cursor;
};

// Counting ends here.
inline constexpr int64_t kMaxTotal = 10'000;

// Lists of records: which index a page comes from is decided by how much each of them would find,
// so that neither a rare value nor an order makes it read the whole collection. Stateless.
class RecordList {
 public:
  // At most `limit`, after `after`. A page that fills from the records with a value of the order's
  // field and those without takes two calls: the second with a cursor that lacks_value. One round
  // trip, or a second one where several indexes could serve.
  absl::StatusOr<postgres::Pending<std::vector<ListedRecord>>> Page(postgres::Transaction& tx,
                                                                    const CallContext& call,
                                                                    const Listing& listing,
                                                                    const Cursor& after,
                                                                    int64_t limit) const;

  // At most kMaxTotal + 1.
  absl::StatusOr<postgres::Pending<int64_t>> Count(postgres::Transaction& tx,
                                                   const CallContext& call,
                                                   const Listing& listing) const;

 private:
  absl::StatusOr<Source> Choose(postgres::Transaction& tx, const CallContext& call,
                                const Listing& listing) const;
};

}  // namespace kasbah::tenantdata
