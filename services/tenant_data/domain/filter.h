#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// A field and the value that records must have in it.
struct Condition {
  FieldId field;
  IndexKey key;
};

// The conditions of ListRecords.equals, in the order of the definition. INVALID_ARGUMENT with paths
// as equals.alpha_2 for a field that does not exist or is not indexed, and for a value that the
// field could never hold.
absl::StatusOr<std::vector<Condition>> ParseFilter(const RuleTable& rules,
                                                   const google::protobuf::Struct& equals);

// Equal for equal filters of one collection: what a page token is bound to.
std::string DescribeList(const RuleTable& rules, const std::vector<Condition>& conditions);

}  // namespace kasbah::tenantdata
