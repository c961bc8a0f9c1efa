#include "services/tenant_data/domain/definition_change.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/field_check.h"
#include "services/tenant_data/domain/paired_index.h"

namespace kasbah::tenantdata {
namespace {

bool Widens(FieldType from, FieldType to) {
  switch (to) {
    case FieldType::kText:
      return from == FieldType::kEmail || from == FieldType::kUrl || from == FieldType::kChoice;
    case FieldType::kLongText:
      return from == FieldType::kText || Widens(from, FieldType::kText);
    case FieldType::kDecimal:
      return from == FieldType::kInteger;
    default:
      return false;
  }
}

bool SameDefault(const FieldDefinition& a, const FieldDefinition& b) {
  if (!a.default_value || !b.default_value) return !a.default_value && !b.default_value;
  return google::protobuf::util::MessageDifferencer::Equals(*a.default_value, *b.default_value);
}

bool SameRules(const FieldDefinition& a, const FieldDefinition& b) {
  return a.type == b.type && a.required == b.required && a.unique == b.unique &&
         a.indexed == b.indexed && a.sealed == b.sealed && a.min == b.min && a.max == b.max &&
         a.pattern == b.pattern && a.choices == b.choices && a.scale == b.scale &&
         a.searchable == b.searchable && a.reference == b.reference &&
         a.indexed_orders == b.indexed_orders;
}

bool SameField(const FieldDefinition& a, const FieldDefinition& b) {
  return SameRules(a, b) && SameDefault(a, b) && a.display_name == b.display_name &&
         a.sensitive == b.sensitive && a.group == b.group;
}

bool IsBelow(const std::optional<int64_t>& a, const std::optional<int64_t>& b) {
  return a && (!b || *a < *b);
}
bool IsAbove(const std::optional<int64_t>& a, const std::optional<int64_t>& b) {
  return a && (!b || *a > *b);
}

bool LosesChoices(const FieldDefinition& from, const FieldDefinition& to) {
  const absl::flat_hash_set<std::string_view> kept(to.choices.begin(), to.choices.end());
  return std::any_of(from.choices.begin(), from.choices.end(),
                     [&](const std::string& choice) { return !kept.contains(choice); });
}

// Whether a value that was right may be wrong now.
bool IsStricter(const FieldDefinition& from, const FieldDefinition& to) {
  // A wider type takes all values but for how much room they have, and for a new pattern.
  if (from.type != to.type || from.scale != to.scale) return true;
  if (!to.pattern.empty() && to.pattern != from.pattern) return true;
  // An indexed text is a short one.
  if ((to.indexed || to.unique) && !(from.indexed || from.unique)) return true;
  return IsAbove(to.min, from.min) || IsBelow(to.max, from.max) || LosesChoices(from, to);
}

class Planner {
 public:
  Planner(const CollectionDefinition& current, CollectionDefinition asked, absl::Time now)
      : current_(current), now_(now) {
    plan_.next = std::move(asked);
    plan_.next.id = current.id;
    plan_.next.key = current.key;
    plan_.next.created = current.created;
    plan_.next.updated = now;
    plan_.next.revision = current.revision + 1;
  }

  DefinitionChange Run() {
    plan_.violations = CheckDefinition(plan_.next);
    if (!plan_.violations.empty()) return std::move(plan_);
    PlanGroups();
    PlanFields();
    PlanPairs();
    plan_.changes_schema = !plan_.fields.empty() || !plan_.groups.empty() || IsReordered();
    plan_.next.schema_version = current_.schema_version + (plan_.changes_schema ? 1 : 0);
    return std::move(plan_);
  }

 private:
  void PlanGroups() {
    absl::flat_hash_map<std::string_view, const GroupDefinition*> before;
    for (const GroupDefinition& group : current_.groups) before.emplace(group.key, &group);
    for (GroupDefinition& group : plan_.next.groups) {
      const auto found = before.find(group.key);
      if (found == before.end()) {
        group.id = FieldGroupId::New(now_);
        plan_.groups.push_back({"created", group});
        continue;
      }
      const GroupDefinition& old = *found->second;
      before.erase(found);
      group.id = old.id;
      group.revision = old.revision;
      if (group.display_name == old.display_name) continue;
      ++group.revision;
      plan_.groups.push_back({"updated", group});
    }
    for (const GroupDefinition& group : current_.groups) {
      if (!before.contains(group.key)) continue;
      plan_.groups.push_back({"deleted", group});
      ++plan_.groups.back().definition.revision;
    }
  }

  void PlanFields() {
    absl::flat_hash_map<std::string_view, const FieldDefinition*> live;
    absl::flat_hash_map<std::string_view, const FieldDefinition*> retired;
    for (const FieldDefinition& field : current_.fields) live.emplace(field.key, &field);
    for (const FieldDefinition& field : current_.retired) retired.emplace(field.key, &field);
    for (size_t i = 0; i < plan_.next.fields.size(); ++i) {
      FieldDefinition& field = plan_.next.fields[i];
      if (const auto found = live.find(field.key); found != live.end()) {
        Change(i, *found->second, &field);
        live.erase(found);
      } else if (const auto gone = retired.find(field.key); gone != retired.end()) {
        Revive(i, *gone->second, &field);
        retired.erase(gone);
      } else {
        Add(&field);
      }
    }
    for (const FieldDefinition& field : current_.fields) {
      if (!live.contains(field.key)) continue;
      plan_.next.retired.push_back(field);
      ++plan_.next.retired.back().revision;
      plan_.fields.push_back({"deleted", plan_.next.retired.back()});
    }
    for (const FieldDefinition& field : current_.retired) {
      if (retired.contains(field.key)) plan_.next.retired.push_back(field);
    }
  }

  // A pair is built where it was not declared, or where values of one of its fields stand otherwise
  // than before; not of a field that no record has a value in yet. One that was given up is due as
  // well: its rows are to be forgotten.
  void PlanPairs() {
    std::vector<FieldDefinition>& fields = plan_.next.fields;
    for (FieldDefinition& field : fields) field.building_orders.clear();
    // What was declared and is no more is left at the end.
    absl::flat_hash_map<FieldId, DeclaredPair> before;
    const std::vector<DeclaredPair> declared = *DeclaredPairs(current_);
    for (const DeclaredPair& pair : declared) before.emplace(pair.id, pair);
    const std::vector<DeclaredPair> next = *DeclaredPairs(plan_.next);
    for (const DeclaredPair& pair : next) {
      FieldDefinition& field = fields[pair.field];
      const FieldDefinition& order = fields[pair.order];
      const auto old = before.find(pair.id);
      const bool is_new = old == before.end();
      const bool is_moved = moved_.contains(field.id) || moved_.contains(order.id);
      const bool has_values = !added_.contains(field.id) && !added_.contains(order.id);
      if (has_values && (is_new || is_moved)) plan_.to_build.push_back(pair.id);
      const bool goes_on =
          !is_new && Holds(current_.fields[old->second.field].building_orders, order.key);
      if (has_values && (is_new || is_moved || goes_on)) field.building_orders.push_back(order.key);
      if (!is_new) before.erase(old);
    }
    for (const auto& [id, pair] : before) plan_.to_build.push_back(id);
  }

  static bool Holds(const std::vector<std::string>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  }

  void Add(FieldDefinition* field) {
    field->id = FieldId::New(now_);
    added_.insert(field->id);
    plan_.fields.push_back({"created", *field});
    // No record has a value yet, so there is no index to build.
    if (field->required && !field->default_value) {
      FieldDemand demand;
      demand.field = field->id;
      demand.presence = true;
      plan_.demands.push_back(demand);
    }
  }

  void Change(size_t index, const FieldDefinition& from, FieldDefinition* to) {
    Inherit(from, to);
    if (SameField(from, *to)) return;
    ++to->revision;
    RefuseImpossible(index, from, *to);
    plan_.fields.push_back({"updated", *to});
    FieldDemand demand;
    demand.field = to->id;
    // Records may lack a required field as long as it has a default.
    demand.presence =
        to->required && !to->default_value && (!from.required || from.default_value.has_value());
    demand.values = !to->sealed && IsStricter(from, *to);
    demand.distinct = to->unique && !from.unique;
    demand.absence = to->searchable && !from.searchable;
    if (demand.presence || demand.values || demand.distinct || demand.absence) {
      plan_.demands.push_back(demand);
    }
    // Decimals stand in the index scaled.
    const bool moved = from.scale != to->scale ||
                       (from.type == FieldType::kInteger && to->type == FieldType::kDecimal);
    if (moved) moved_.insert(to->id);
    if ((to->indexed && (!from.indexed || moved)) || demand.distinct) Build(to);
  }

  // Records may still have values from when the field was there, under rules of another time.
  void Revive(size_t index, const FieldDefinition& from, FieldDefinition* to) {
    Inherit(from, to);
    ++to->revision;
    RefuseImpossible(index, from, *to);
    plan_.fields.push_back({"created", *to});
    FieldDemand demand;
    demand.field = to->id;
    demand.presence = to->required && !to->default_value;
    demand.values = !to->sealed;
    demand.distinct = to->unique;
    demand.absence = to->searchable;
    plan_.demands.push_back(demand);
    if (to->indexed || to->unique) Build(to);
  }

  static void Inherit(const FieldDefinition& from, FieldDefinition* to) {
    to->id = from.id;
    to->revision = from.revision;
    to->index_state = from.index_state;
    to->conflicts = from.conflicts;
  }

  void Build(FieldDefinition* field) {
    field->index_state = IndexState::kBuilding;
    field->conflicts.clear();
    plan_.to_build.push_back(field->id);
  }

  void RefuseImpossible(size_t index, const FieldDefinition& from, const FieldDefinition& to) {
    const auto refuse = [&](std::string_view name, std::string_view description) {
      plan_.violations.push_back(
          {StrCat("fields[", index, "].", name), std::string(description), "CHANGE"});
    };
    const bool widens = Widens(from.type, to.type);
    if (from.type != to.type && !widens) {
      refuse("type", StrCat("cannot become ", FieldTypeName(to.type), ": the field is or was ",
                            FieldTypeName(from.type)));
    }
    if (from.type == to.type && to.scale < from.scale) refuse("scale", "can only grow");
    if ((to.scale != from.scale || (widens && to.type == FieldType::kDecimal)) && from.unique &&
        to.unique) {
      refuse("unique", "must be given up first: its values are kept scaled");
    }
    if (from.sealed != to.sealed) refuse("sealed", "cannot be changed: make another field");
    if (from.reference != to.reference) refuse("reference_collection", "cannot be changed");
    if (!from.sealed || !to.sealed || from.type != to.type) return;
    if (IsStricter(from, to)) {
      refuse("sealed", "is in the way of stricter rules: sealed values cannot be looked through");
    }
  }

  // The order of fields and groups is part of the definition.
  bool IsReordered() const {
    const auto same_key = [](const auto& a, const auto& b) { return a.key == b.key; };
    return !std::equal(current_.fields.begin(), current_.fields.end(), plan_.next.fields.begin(),
                       plan_.next.fields.end(), same_key) ||
           !std::equal(current_.groups.begin(), current_.groups.end(), plan_.next.groups.begin(),
                       plan_.next.groups.end(), same_key);
  }

  const CollectionDefinition& current_;
  const absl::Time now_;
  absl::flat_hash_set<FieldId> added_;
  absl::flat_hash_set<FieldId> moved_;
  DefinitionChange plan_;
};

}  // namespace

DefinitionChange PlanChange(const CollectionDefinition& current, CollectionDefinition asked,
                            absl::Time now) {
  return Planner(current, std::move(asked), now).Run();
}

}  // namespace kasbah::tenantdata
