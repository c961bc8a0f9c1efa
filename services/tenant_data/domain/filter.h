#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// Where a field's values stand in the typed side index.
enum class IndexColumn { kText, kInteger, kTime, kBlind };
IndexColumn ColumnOf(const FieldDefinition& field);

enum class FilterOp {
  kEquals,
  kDiffers,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  // A text begins with the value.
  kPrefix,
  // There is a value.
  kPresent,
};

// One field against one value of its own type. A record without a value in it holds to none.
struct Comparison {
  FieldId field;
  IndexColumn column = IndexColumn::kText;
  FilterOp op = FilterOp::kEquals;
  IndexKey key;
  // Of a sealed field: the value as JSON, as it would be sealed, and what it has in the index, for
  // each version of the index key; filled in before the search.
  std::string sealed_json;
  std::vector<std::string> blind;
};

// What a list is to hold, as a tree. The default holds of every record.
struct Filter {
  enum class Kind { kAll, kAny, kNot, kComparison };
  Kind kind = Kind::kAll;
  // Of kNot exactly one.
  std::vector<Filter> children;
  Comparison comparison;
};

// Comparisons in a filter and in `equals`, and levels of the filter's tree, at the most.
inline constexpr int kMaxComparisons = 64;
inline constexpr int kMaxFilterDepth = 32;

// ListRecords.filter (AIP-160). INVALID_ARGUMENT at "filter", with the place, counted in bytes from
// 1, and a rule: SYNTAX, UNKNOWN_FIELD, UNINDEXED, TYPE, OPERATOR, TOO_COMPLEX. A text is never a
// part of anything but a value. Empty: every record.
absl::StatusOr<Filter> ParseFilter(const RuleTable& rules, std::string_view text);

// ListRecords.equals: fields and the values that all of them must have. INVALID_ARGUMENT with paths
// as equals.alpha_2.
absl::StatusOr<Filter> ParseEquals(const RuleTable& rules, const google::protobuf::Struct& equals);

// Both must hold.
Filter Both(Filter one, Filter other);

// Sealed comparisons anywhere in the tree, to be looked up.
std::vector<Comparison*> SealedComparisons(Filter* filter);

// Equal for equal filters: what a page token is bound to.
void DescribeFilter(const Filter& filter, std::string* out);

}  // namespace kasbah::tenantdata
