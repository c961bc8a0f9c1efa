#include "services/tenant_data/domain/order.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/filter_value.h"

namespace kasbah::tenantdata {
namespace {

absl::Status OrderFault(std::string_view rule, std::string_view description) {
  return InvalidFields({{"order_by", std::string(description), std::string(rule)}});
}

}  // namespace

absl::StatusOr<Order> ParseOrder(const RuleTable& rules, std::string_view text) {
  const std::vector<std::string> words =
      absl::StrSplit(ToAbsl(text), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  Order order;
  if (words.empty()) return order;
  const bool directed = words.size() == 2 && (words[1] == "asc" || words[1] == "desc");
  if (!IsKey(words[0]) || (words.size() != 1 && !directed)) {
    return OrderFault("SYNTAX", "must be the key of one field, and asc or desc");
  }
  const FieldRule* field = rules.Find(words[0]);
  if (field == nullptr) {
    return OrderFault("UNKNOWN_FIELD", StrCat(words[0], " is no field of the collection"));
  }
  if (field->definition.index_state == IndexState::kBuilding) {
    return OrderFault("INDEX_BUILDING", StrCat(words[0], " is being indexed; ask again later"));
  }
  if (!IsOrdered(field->definition)) {
    return OrderFault("UNINDEXED", StrCat(words[0], " is not an indexed field"));
  }
  order.field = field->definition.id;
  order.column = ColumnOf(field->definition);
  order.descending = directed && words[1] == "desc";
  // A field that has a default becomes required while records still lack it.
  order.may_lack = !field->definition.required || field->definition.default_value.has_value();
  for (const PairRule& pair : rules.pairs()) {
    if (pair.order != field || pair.is_building) continue;
    order.paired.push_back(pair.field->definition.id);
  }
  return order;
}

void DescribeOrder(const Order& order, std::string* out) {
  if (order.field) out->append(order.field->uuid().view());
  out->append(order.descending ? "-" : "+");
}

}  // namespace kasbah::tenantdata
