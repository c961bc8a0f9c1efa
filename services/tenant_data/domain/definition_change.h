#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// What a field's change asks of the records there are.
struct FieldDemand {
  FieldId field;
  // Each has a value.
  bool presence = false;
  // Values hold to the new rules.
  bool values = false;
  // No two are equal.
  bool distinct = false;
  // None has a value.
  bool absence = false;
};

// What became of a field or a group: "created", "updated" or "deleted".
template <typename Definition>
struct DefinitionEvent {
  std::string_view verb;
  Definition definition;
};

// From one definition of a collection to the next.
struct DefinitionChange {
  // What cannot be at all, whatever the records: paths as fields[2].type. Not empty: the rest is
  // not to be used.
  std::vector<Violation> violations;
  // What is to be, with ids, revisions and the next schema version.
  CollectionDefinition next;
  // Whether fields or groups differ.
  bool changes_schema = false;
  std::vector<FieldDemand> demands;
  // Fields whose index and unique values are to be built from the records, and pairs of fields of
  // which rows are to be built or forgotten.
  std::vector<FieldId> to_build;
  std::vector<DefinitionEvent<FieldDefinition>> fields;
  std::vector<DefinitionEvent<GroupDefinition>> groups;
};

// `asked` is as a request has it: without ids, its references looked up.
DefinitionChange PlanChange(const CollectionDefinition& current, CollectionDefinition asked,
                            absl::Time now);

}  // namespace kasbah::tenantdata
