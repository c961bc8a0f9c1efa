#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/claims.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/file_reference_store.h"
#include "services/tenant_data/store/record_store.h"
#include "services/tenant_data/store/record_writer.h"
#include "services/tenant_data/store/request_store.h"
#include "services/tenant_data/store/value_store.h"

namespace kasbah::tenantdata {

struct BatchCreated {
  // For each record, the fields whose values another record has; empty: it was created.
  std::vector<std::vector<FieldId>> taken;
  // Set when the request_id was used before: the outcome that its first call stored.
  std::optional<std::string> replayed;
};

// Creates many records of one collection and owner in one transaction of set-based statements. Each
// stands alone: one that wants a taken unique value is left out, and all that are not commit with
// their events. A file that went since it was looked for fails the batch with kFileMissing, and
// somebody who was erased since with KEY_SHREDDED, to be checked again. Thread safe.
class RecordBatchWriter {
 public:
  // The bytes to keep for a request_id, made of what became of each record.
  using MakeOutcome = std::function<std::string(const std::vector<std::vector<FieldId>>& taken)>;

  RecordBatchWriter(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  // All of `records` have the customer `owner`. Where none can be created nothing is written and
  // the request_id stays free.
  absl::StatusOr<BatchCreated> Create(const CallContext& call, const RuleTable& rules,
                                      std::optional<CustomerId> owner,
                                      const std::vector<NewRecord>& records,
                                      const std::optional<RequestKey>& request,
                                      const MakeOutcome& make_outcome);

  // What else belongs into the transaction, once it is known which records go in.
  using Also = std::function<absl::Status(postgres::Transaction&,
                                          const std::vector<std::vector<FieldId>>& taken)>;
  // The same with something of the caller's that commits with it, and does where no record can be
  // created, or there is none, as well; `also` then appends an audit event.
  absl::StatusOr<BatchCreated> CreateWith(const CallContext& call, const RuleTable& rules,
                                          std::optional<CustomerId> owner,
                                          const std::vector<NewRecord>& records, const Also& also);

  // Whose of `records` were erased. No transaction where none is anybody's.
  absl::StatusOr<std::set<std::string>> FindErased(const CallContext& call,
                                                   const std::vector<NewRecord>& records);

 private:
  // Claims, stores what is accepted, and returns who of the batch that is.
  absl::StatusOr<ClaimOutcome> CreateIn(postgres::Transaction& tx, const CallContext& call,
                                        const RuleTable& rules, std::optional<CustomerId> owner,
                                        const std::vector<NewRecord>& records, absl::Time now);
  // Takes the unique values that are free and settles who of the batch goes in.
  absl::StatusOr<ClaimOutcome> ClaimValues(postgres::Transaction& tx, const CallContext& call,
                                           std::optional<CustomerId> owner,
                                           const std::vector<NewRecord>& records);
  // Stores the records at `accepted` with their events.
  absl::Status Store(postgres::Transaction& tx, const CallContext& call, const RuleTable& rules,
                     std::optional<CustomerId> owner, const std::vector<NewRecord>& records,
                     const std::vector<size_t>& accepted, absl::Time now);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  CollectionStore collections_;
  CustomerStore customers_;
  RecordStore records_;
  ValueStore values_;
  FileReferenceStore files_;
  RequestStore requests_;
};

}  // namespace kasbah::tenantdata
