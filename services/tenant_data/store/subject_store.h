#pragma once

#include <string>
#include <vector>

#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/store/customer_store.h"

namespace kasbah::tenantdata {

// A row of tenant_data.customers about a person.
struct SubjectRow {
  CustomerId customer;
  std::string external_id;
  std::string display_name;
};

// A record that was erased, for its last event.
struct ErasedRecord {
  RecordId id;
  CollectionId collection;
  std::string collection_key;
  std::optional<CustomerId> customer;
  uint64_t version = 0;
};

// What the personal columns of this schema (domain/personal_columns.h) hold about one person.
class SubjectStore {
 public:
  // By "cus_…" or by the tenant's own name for the customer.
  postgres::Pending<std::vector<SubjectRow>> Find(postgres::Transaction& tx,
                                                  const CallContext& call,
                                                  const std::string& subject) const;
  // Blanks the name and puts the customer's id in place of the tenant's own name for it, which
  // stays unique so. What that changed, as it is then; nothing the second time.
  postgres::Pending<std::vector<Customer>> Erase(postgres::Transaction& tx, const CallContext& call,
                                                 const std::string& subject) const;
  // Locks some of their records, deleted ones too. In a statement of its own, so that the next sees
  // what whoever held one before has committed.
  postgres::Pending<std::vector<RecordId>> HoldRecords(postgres::Transaction& tx,
                                                       const CallContext& call,
                                                       const std::string& subject,
                                                       int64_t limit) const;
  // Purges them, with their history and whatever found them.
  postgres::Pending<std::vector<ErasedRecord>> EraseRecords(
      postgres::Transaction& tx, const CallContext& call, const std::vector<RecordId>& held) const;
};

}  // namespace kasbah::tenantdata
