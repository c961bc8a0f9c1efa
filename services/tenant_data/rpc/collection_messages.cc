#include "services/tenant_data/rpc/collection_messages.h"

#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/etag.h"

namespace kasbah::tenantdata {
namespace {

// Both enumerations name the same types in the same order.
static_assert(static_cast<int>(FieldType::kText) == v1::FIELD_TYPE_TEXT);
static_assert(static_cast<int>(FieldType::kDecimal) == v1::FIELD_TYPE_DECIMAL);
static_assert(static_cast<int>(FieldType::kLongText) == v1::FIELD_TYPE_LONG_TEXT);
static_assert(static_cast<int>(FieldType::kFile) == v1::FIELD_TYPE_FILE);
static_assert(static_cast<int>(FieldType::kJson) == v1::FIELD_TYPE_JSON);
static_assert(static_cast<int>(FieldType::kJson) == v1::FieldType_MAX);

v1::IndexState ToProto(IndexState state) {
  switch (state) {
    case IndexState::kBuilding:
      return v1::INDEX_STATE_BUILDING;
    case IndexState::kConflicts:
      return v1::INDEX_STATE_CONFLICTS;
    case IndexState::kReady:
      return v1::INDEX_STATE_READY;
  }
  return v1::INDEX_STATE_UNSPECIFIED;
}

v1::Field ToProto(const FieldDefinition& field) {
  v1::Field proto;
  proto.set_field_id(field.id.ToString());
  proto.set_key(field.key);
  proto.set_display_name(field.display_name);
  proto.set_type(static_cast<v1::FieldType>(field.type));
  proto.set_required(field.required);
  proto.set_unique(field.unique);
  proto.set_indexed(field.indexed);
  proto.set_sealed(field.sealed);
  if (field.min) proto.set_min(*field.min);
  if (field.max) proto.set_max(*field.max);
  proto.set_pattern(field.pattern);
  for (const std::string& choice : field.choices) proto.add_choices(choice);
  proto.set_scale(static_cast<uint32_t>(field.scale));
  if (field.default_value) *proto.mutable_default_value() = *field.default_value;
  proto.set_searchable(field.searchable);
  proto.set_sensitive(field.sensitive);
  if (!field.reference.is_nil()) proto.set_reference_collection(field.reference.ToString());
  proto.set_group(field.group);
  if (field.indexed || field.unique) proto.set_index_state(ToProto(field.index_state));
  for (const RecordId record : field.conflicts) proto.add_index_conflicts(record.ToString());
  for (const std::string& order : field.indexed_orders) proto.add_indexed_orders(order);
  for (const std::string& order : field.building_orders) proto.add_building_orders(order);
  return proto;
}

v1::FieldGroup ToProto(const GroupDefinition& group, const CollectionDefinition& collection) {
  v1::FieldGroup proto;
  proto.set_group_id(group.id.ToString());
  proto.set_key(group.key);
  proto.set_display_name(group.display_name);
  for (const FieldDefinition& field : collection.fields) {
    if (field.group == group.key) proto.add_fields(field.key);
  }
  return proto;
}

}  // namespace

v1::Collection ToProto(const CollectionDefinition& collection) {
  v1::Collection proto;
  proto.set_collection_id(collection.id.ToString());
  proto.set_key(collection.key);
  proto.set_display_name(collection.display_name);
  proto.set_schema_version(collection.schema_version);
  proto.set_etag(FormatEtag(collection.revision));
  *proto.mutable_create_time() = ToTimestamp(collection.created);
  *proto.mutable_update_time() = ToTimestamp(collection.updated);
  if (collection.deleted) *proto.mutable_delete_time() = ToTimestamp(*collection.deleted);
  for (const FieldDefinition& field : collection.fields) *proto.add_fields() = ToProto(field);
  uint32_t position = 0;
  for (const GroupDefinition& group : collection.groups) {
    v1::FieldGroup* added = proto.add_groups();
    *added = ToProto(group, collection);
    added->set_position(position++);
  }
  for (const FieldDefinition& field : collection.retired) proto.add_retired_fields(field.key);
  return proto;
}

v1::RecordFault ToProto(const RecordFault& fault) {
  v1::RecordFault proto;
  proto.set_record_id(fault.record.ToString());
  proto.set_field(fault.violation.field);
  proto.set_rule(fault.violation.rule);
  proto.set_description(fault.violation.description);
  return proto;
}

FieldDefinition FromProto(const v1::Field& field) {
  FieldDefinition definition;
  definition.key = field.key();
  definition.display_name = field.display_name();
  if (v1::FieldType_IsValid(field.type())) definition.type = static_cast<FieldType>(field.type());
  definition.required = field.required();
  definition.unique = field.unique();
  definition.indexed = field.indexed();
  definition.sealed = field.sealed();
  if (field.has_min()) definition.min = field.min();
  if (field.has_max()) definition.max = field.max();
  definition.pattern = field.pattern();
  definition.choices.assign(field.choices().begin(), field.choices().end());
  definition.scale = field.scale();
  if (field.has_default_value()) definition.default_value = field.default_value();
  definition.searchable = field.searchable();
  definition.sensitive = field.sensitive();
  definition.reference_name = field.reference_collection();
  definition.group = field.group();
  definition.indexed_orders.assign(field.indexed_orders().begin(), field.indexed_orders().end());
  return definition;
}

GroupDefinition FromProto(const v1::FieldGroup& group) {
  GroupDefinition definition;
  definition.key = group.key();
  definition.display_name = group.display_name();
  return definition;
}

}  // namespace kasbah::tenantdata
