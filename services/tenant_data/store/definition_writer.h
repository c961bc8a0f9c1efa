#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/definition_change.h"
#include "services/tenant_data/domain/record_check.h"
#include "services/tenant_data/store/collection_store.h"
#include "services/tenant_data/store/definition_check.h"
#include "services/tenant_data/store/index_build_store.h"

namespace kasbah::tenantdata {

// What an update found, and made where it was to.
struct DefinitionUpdate {
  CollectionDefinition collection;
  uint64_t checked = 0;
  // How many records break it, and the first faults: only of an update that was not to be made.
  uint64_t breaking = 0;
  std::vector<RecordFault> faults;
};

// Makes and changes collections, with their events. A change looks through the records where it is
// stricter than what they were written under, beside their writers; these wait only while it looks
// once more at what changed meanwhile and is committed, so that what it saw holds. Thread safe.
//
// Errors beside the database's: NOT_FOUND; INVALID_ARGUMENT for what can never be; ABORTED,
// ETAG_MISMATCH.
class DefinitionWriter {
 public:
  DefinitionWriter(postgres::Database& database, outbox::Outbox& outbox, const Clock& clock)
      : database_(database), outbox_(outbox), clock_(clock) {}

  // As a request has it, with ids of its references to be looked up. ALREADY_EXISTS;
  // TOO_MANY_COLLECTIONS.
  absl::StatusOr<CollectionDefinition> Create(const CallContext& call,
                                              CollectionDefinition collection);
  // `validate_only`: changes nothing and makes nobody wait. FAILED_PRECONDITION,
  // RECORDS_BREAK_DEFINITION.
  absl::StatusOr<DefinitionUpdate> Update(const CallContext& call, const std::string& name,
                                          uint64_t revision, const CollectionDefinition& asked,
                                          bool validate_only);
  // FAILED_PRECONDITION, COLLECTION_NOT_EMPTY, unless `with_records`.
  absl::StatusOr<CollectionDefinition> Delete(const CallContext& call, const std::string& name,
                                              uint64_t revision, bool with_records);
  // FAILED_PRECONDITION, COLLECTION_NOT_DELETED.
  absl::StatusOr<CollectionDefinition> Undelete(const CallContext& call, const std::string& name,
                                                uint64_t revision);
  // FAILED_PRECONDITION, NOT_INDEXED.
  absl::StatusOr<CollectionDefinition> Rebuild(const CallContext& call, const std::string& name,
                                               const std::string& field);

 private:
  // A change that was looked into. Without a check: it changes nothing.
  struct Draft {
    DefinitionChange change;
    DefinitionUpdate update;
    std::unique_ptr<DefinitionCheck> check;
  };

  // Finds what references name; adds a violation for each that is not there. A field goes on
  // referring to a collection that was deleted.
  absl::Status LookUpReferences(postgres::Transaction& tx, const CallContext& call,
                                const CollectionDefinition* current,
                                CollectionDefinition* collection,
                                std::vector<Violation>* violations) const;
  absl::StatusOr<CollectionDefinition> GetForChange(postgres::Transaction& tx,
                                                    const CallContext& call,
                                                    const std::string& name,
                                                    uint64_t revision) const;
  absl::StatusOr<Draft> Prepare(postgres::Transaction& tx, const CallContext& call,
                                const std::string& name, uint64_t revision,
                                CollectionDefinition asked);
  // RECORDS_BREAK_DEFINITION, where its last look found some.
  static absl::Status Holds(const Draft& draft);
  // While no record of the collection is written.
  absl::StatusOr<DefinitionUpdate> Make(postgres::Transaction& tx, const CallContext& call,
                                        const Draft& draft);
  // Stores a change of what is no field or group, as the next revision.
  absl::Status Store(postgres::Transaction& tx, const CallContext& call, std::string_view verb,
                     CollectionDefinition* collection);

  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  CollectionStore collections_;
  IndexBuildStore builds_;
};

}  // namespace kasbah::tenantdata
