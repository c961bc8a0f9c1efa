#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>

#include "absl/status/statusor.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// What an update with `mask` changes: fields to their new values, null where one is removed. Paths
// are "values.name", or "*" alone for every field; an empty mask names what `values` has.
// INVALID_ARGUMENT at "update_mask" for anything else.
absl::StatusOr<google::protobuf::Struct> ApplyMask(const RuleTable& rules,
                                                   const google::protobuf::FieldMask& mask,
                                                   const google::protobuf::Struct& values);

}  // namespace kasbah::tenantdata
