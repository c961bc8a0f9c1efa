// ParseFilter: the grammar of AIP-160, without functions, traversal and bare words.
//   filter     = [expression]
//   expression = factor {"AND" factor}
//   factor     = term {"OR" term}
//   term       = ["NOT" | "-"] (comparison | "(" expression ")")
// As there, OR binds tighter than AND.
#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/filter.h"
#include "services/tenant_data/domain/filter_lexer.h"
#include "services/tenant_data/domain/filter_value.h"

namespace kasbah::tenantdata {
namespace {

using Kind = FilterToken::Kind;

std::optional<FilterOp> OperatorOf(const FilterToken& token) {
  if (token.kind != Kind::kSign) return std::nullopt;
  if (token.text == "=" || token.text == ":") return FilterOp::kEquals;
  if (token.text == "!=") return FilterOp::kDiffers;
  if (token.text == "<") return FilterOp::kLess;
  if (token.text == "<=") return FilterOp::kLessOrEqual;
  if (token.text == ">") return FilterOp::kGreater;
  if (token.text == ">=") return FilterOp::kGreaterOrEqual;
  return std::nullopt;
}

// Recursive descent, one token ahead.
class FilterParser {
 public:
  FilterParser(const RuleTable& rules, std::string_view text) : rules_(rules), lexer_(text) {}

  absl::StatusOr<Filter> Run() {
    RETURN_IF_ERROR(Advance());
    if (token_.kind == Kind::kEnd) return Filter();
    ASSIGN_OR_RETURN(Filter filter, Expression(1));
    if (token_.kind != Kind::kEnd) return Fault("SYNTAX", "AND, OR or the end belongs here");
    return filter;
  }

 private:
  absl::Status Advance() {
    ASSIGN_OR_RETURN(token_, lexer_.Next());
    return absl::OkStatus();
  }
  absl::Status Fault(std::string_view rule, std::string_view description) const {
    return FilterFault(token_.place, rule, description);
  }
  bool Is(Kind kind, std::string_view text) const {
    return token_.kind == kind && token_.text == text;
  }

  absl::StatusOr<Filter> Expression(int depth) {
    if (depth > kMaxFilterDepth) return Fault("TOO_COMPLEX", "is nested deeper than 32 levels");
    return Joined("AND", Filter::Kind::kAll,
                  [&] { return Joined("OR", Filter::Kind::kAny, [&] { return Term(depth); }); });
  }

  // What `take` takes, once or more with `word` between.
  template <typename Take>
  absl::StatusOr<Filter> Joined(std::string_view word, Filter::Kind kind, const Take& take) {
    ASSIGN_OR_RETURN(Filter first, take());
    if (!Is(Kind::kWord, word)) return first;
    Filter joined;
    joined.kind = kind;
    joined.children.push_back(std::move(first));
    while (Is(Kind::kWord, word)) {
      RETURN_IF_ERROR(Advance());
      ASSIGN_OR_RETURN(joined.children.emplace_back(), take());
    }
    return joined;
  }

  absl::StatusOr<Filter> Term(int depth) {
    if (Is(Kind::kWord, "NOT") || Is(Kind::kSign, "-")) {
      RETURN_IF_ERROR(Advance());
      Filter negated;
      negated.kind = Filter::Kind::kNot;
      ASSIGN_OR_RETURN(negated.children.emplace_back(), Simple(depth));
      return negated;
    }
    return Simple(depth);
  }

  absl::StatusOr<Filter> Simple(int depth) {
    if (!Is(Kind::kSign, "(")) return ComparisonHere();
    RETURN_IF_ERROR(Advance());
    ASSIGN_OR_RETURN(Filter inner, Expression(depth + 1));
    if (!Is(Kind::kSign, ")")) return Fault("SYNTAX", "a ) belongs here");
    RETURN_IF_ERROR(Advance());
    return inner;
  }

  absl::StatusOr<Filter> ComparisonHere() {
    if (token_.kind != Kind::kWord) return Fault("SYNTAX", "the key of a field belongs here");
    if (++comparisons_ > kMaxComparisons) return Fault("TOO_COMPLEX", "is a 65th comparison");
    const FilterToken name = token_;
    const FieldRule* field = rules_.Find(name.text);
    if (field == nullptr) {
      if (!IsKey(name.text)) return Fault("SYNTAX", "the key of a field belongs here");
      return Fault("UNKNOWN_FIELD", StrCat(name.text, " is no field of the collection"));
    }
    RETURN_IF_ERROR(Advance());
    const std::optional<FilterOp> op = OperatorOf(token_);
    if (!op) return Fault("SYNTAX", "=, !=, <, <=, >, >= or : belongs here");
    const bool is_has = token_.text == ":";
    RETURN_IF_ERROR(Advance());
    const FilterToken value = token_;
    FilterValue compared;
    if (is_has && Is(Kind::kSign, "*")) {
      compared = ComparePresence(*field);
    } else {
      ASSIGN_OR_RETURN(compared, CompareToken(*field, *op, value));
    }
    if (!compared.faults.empty()) {
      const Violation& fault = compared.faults.front();
      const bool is_of_field = fault.rule == "UNINDEXED";
      return FilterFault(is_of_field ? name.place : value.place, fault.rule,
                         StrCat(name.text, " ", fault.description));
    }
    RETURN_IF_ERROR(Advance());
    Filter filter;
    filter.kind = Filter::Kind::kComparison;
    filter.comparison = std::move(compared.comparison);
    return filter;
  }

  absl::StatusOr<FilterValue> CompareToken(const FieldRule& field, FilterOp op,
                                           const FilterToken& token) {
    google::protobuf::Value value;
    switch (token.kind) {
      case Kind::kWord:
        if (token.text == "true" || token.text == "false") {
          value.set_bool_value(token.text == "true");
        } else if (IsTextField(field)) {
          return FilterFault(token.place, "SYNTAX", "a text stands in quotes");
        } else {
          value.set_string_value(token.text);
        }
        break;
      case Kind::kText:
        value.set_string_value(token.text);
        break;
      case Kind::kPrefix:
        if (op != FilterOp::kEquals) {
          return FilterFault(token.place, "OPERATOR", "a text with * goes with = alone");
        }
        op = FilterOp::kPrefix;
        value.set_string_value(token.text);
        break;
      case Kind::kSign:
      case Kind::kEnd:
        return FilterFault(token.place, "SYNTAX", "a value belongs here");
    }
    return CompareWith(field, op, value);
  }

  static bool IsTextField(const FieldRule& field) {
    const FieldType type = field.definition.type;
    return type != FieldType::kInteger && type != FieldType::kDecimal &&
           type != FieldType::kBoolean && type != FieldType::kDate && type != FieldType::kTimestamp;
  }

  const RuleTable& rules_;
  FilterLexer lexer_;
  FilterToken token_;
  int comparisons_ = 0;
};

}  // namespace

absl::StatusOr<Filter> ParseFilter(const RuleTable& rules, std::string_view text) {
  return FilterParser(rules, text).Run();
}

}  // namespace kasbah::tenantdata
