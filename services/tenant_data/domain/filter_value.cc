#include "services/tenant_data/domain/filter_value.h"

#include <utility>

namespace kasbah::tenantdata {
namespace {

void Refuse(std::string_view rule, std::string_view description, FilterValue* value) {
  value->faults.push_back({"", std::string(description), std::string(rule)});
}

bool IsText(const FieldDefinition& field) {
  return ColumnOf(field) == IndexColumn::kText && field.type != FieldType::kDate;
}

// False, with the reason, when the field is in no index.
bool CheckSearched(const FieldDefinition& field, FilterValue* value) {
  if (field.index_state == IndexState::kBuilding) {
    Refuse("INDEX_BUILDING", "is being indexed; ask again later", value);
    return false;
  }
  if (field.sealed ? field.searchable : field.indexed) return true;
  Refuse("UNINDEXED", field.sealed ? "is not a searchable field" : "is not an indexed field",
         value);
  return false;
}

bool CheckOperator(const FieldDefinition& field, FilterOp op, FilterValue* value) {
  if (op == FilterOp::kEquals) return true;
  if (field.sealed) {
    Refuse("OPERATOR", "is sealed, and can be searched by = alone", value);
  } else if (field.type == FieldType::kBoolean && op != FilterOp::kDiffers) {
    Refuse("OPERATOR", "is true or false, and can be compared by = and != alone", value);
  } else if (op == FilterOp::kPrefix && !IsText(field)) {
    Refuse("OPERATOR", "has no texts, of which \"abc*\" would be a beginning", value);
  }
  return value->faults.empty();
}

// The field without what values of its own must hold to; a text is any text.
FieldRule Unbounded(const FieldRule& field) {
  FieldRule bare;
  bare.definition.id = field.definition.id;
  bare.definition.key = field.definition.key;
  bare.definition.type = field.definition.type;
  bare.definition.scale = field.definition.scale;
  // So that the value is given in the form that stands in the index.
  bare.definition.indexed = true;
  if (!field.definition.sealed && IsText(field.definition)) bare.definition.type = FieldType::kText;
  bare.choices = field.choices;
  return bare;
}

}  // namespace

bool IsOrdered(const FieldDefinition& field) { return field.indexed && !field.sealed; }

FilterValue CompareWith(const FieldRule& field, FilterOp op, const google::protobuf::Value& value) {
  const FieldDefinition& definition = field.definition;
  FilterValue result;
  result.comparison.field = definition.id;
  result.comparison.column = ColumnOf(definition);
  result.comparison.op = op;
  if (!CheckSearched(definition, &result) || !CheckOperator(definition, op, &result)) return result;
  std::vector<Fault> faults;
  const FieldRule bare = Unbounded(field);
  std::optional<TypedValue> typed = CheckValue(bare, value, &faults);
  for (const Fault& fault : faults) Refuse(fault.rule, fault.description, &result);
  if (!typed) return result;
  if (definition.sealed) {
    AppendJson(typed->scalar, &result.comparison.sealed_json);
  } else {
    result.comparison.key = std::move(typed->key);
  }
  return result;
}

FilterValue ComparePresence(const FieldRule& field) {
  FilterValue result;
  result.comparison.field = field.definition.id;
  result.comparison.column = ColumnOf(field.definition);
  result.comparison.op = FilterOp::kPresent;
  if (field.definition.sealed) {
    Refuse("OPERATOR", "is sealed, and can be searched by = alone", &result);
  } else {
    CheckSearched(field.definition, &result);
  }
  return result;
}

}  // namespace kasbah::tenantdata
