#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {

// What changing a record and bringing one back have in common.

// ABORTED, ETAG_MISMATCH.
absl::Status StaleEtag();

SealedSizes SizesOf(const SealedValues& sealed);

// Takes out of `sealed` what `changes` replaces or removes, and returns all fields that it names.
std::vector<FieldId> RemoveNamed(const RuleTable& rules, const google::protobuf::Struct& changes,
                                 SealedValues* sealed);

// Takes out of `sealed` what the definition no longer has, and names all fields that it once had.
void RemoveRetired(const RuleTable& rules, SealedValues* sealed, std::vector<FieldId>* named);

// Keys that `changes` gives another value than the record had, in the order of the definition. What
// is sealed counts as changed when it is given.
std::vector<std::string> ChangedKeys(const RuleTable& rules, const google::protobuf::Struct& before,
                                     const SealedValues& sealed,
                                     const google::protobuf::Struct& after,
                                     const google::protobuf::Struct& changes);

// What of a write's JSON values was not stored.
void ShowTakenOut(const payload::Report& stripped, const std::vector<v1::MovedValue>& moved,
                  v1::Record* record);
// The first of them, where an answer has to hold those of many records: at most 20, and 4 KiB.
std::vector<std::string> FirstPaths(const payload::Report& stripped);

// Values of sealed fields as their writer gave them, beside the plain ones.
void ShowUnsealed(const std::vector<Unsealed>& unsealed, google::protobuf::Struct* values);

}  // namespace kasbah::tenantdata
