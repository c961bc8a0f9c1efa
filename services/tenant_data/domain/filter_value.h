#pragma once

#include <google/protobuf/struct.pb.h>

#include <vector>

#include "libs/base/error.h"
#include "services/tenant_data/domain/filter.h"

namespace kasbah::tenantdata {

// A comparison, or what is wrong with it: description and rule, without a path.
struct FilterValue {
  Comparison comparison;
  std::vector<Violation> faults;
};

// Checks that `field` can be searched at all, takes `op`, and can be compared with `value`, which
// need not hold to the field's bounds, pattern or form: "begins with" and "less than" are questions
// about values, not values.
FilterValue CompareWith(const FieldRule& field, FilterOp op, const google::protobuf::Value& value);

// Whether the field has a value.
FilterValue ComparePresence(const FieldRule& field);

// Its values stand in the index: they can be compared, not only looked up.
bool IsOrdered(const FieldDefinition& field);

}  // namespace kasbah::tenantdata
