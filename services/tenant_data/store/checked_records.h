#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// A moment in a database: all that is not committed by then has this transaction id or a later one.
struct Watermark {
  std::string transaction;
  // Ids of two servers cannot be compared.
  absl::Time server;
};

// Which records changed since a moment. By the transactions that wrote them: one that was under way
// then counts as later, whenever it began and whatever time its writer had.
class CheckedRecords {
 public:
  postgres::Pending<Watermark> Now(postgres::Transaction& tx) const;
  // Live ones of a collection. Reads the headers of all of its records, and no values.
  postgres::Pending<std::vector<RecordId>> ChangedSince(postgres::Transaction& tx,
                                                        const CallContext& call,
                                                        CollectionId collection,
                                                        const Watermark& moment) const;
};

}  // namespace kasbah::tenantdata
