#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/tenant_data/domain/filter.h"

namespace kasbah::tenantdata {

// What a list is ordered by. Without a field: records as they were made.
struct Order {
  std::optional<FieldId> field;
  IndexColumn column = IndexColumn::kText;
  bool descending = false;
  // Some records may have no value in the field; they come last.
  bool may_lack = false;
  // Fields of which one value has an index in this order (paired_index.h), and once a list goes by
  // one of them, where in the side index the order's values are then.
  std::vector<FieldId> paired;
  std::optional<FieldId> place;
};

// ListRecords.order_by: "", "population", "population desc". INVALID_ARGUMENT at "order_by" with a
// rule: SYNTAX, UNKNOWN_FIELD, UNINDEXED.
absl::StatusOr<Order> ParseOrder(const RuleTable& rules, std::string_view text);

void DescribeOrder(const Order& order, std::string* out);

}  // namespace kasbah::tenantdata
