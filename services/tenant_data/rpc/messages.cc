#include "services/tenant_data/rpc/messages.h"

#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/etag.h"

namespace kasbah::tenantdata {
namespace {

v1::LifecycleState StateOf(bool suspended) {
  return suspended ? v1::LIFECYCLE_STATE_SUSPENDED : v1::LIFECYCLE_STATE_ACTIVE;
}

// Both enumerations name the same types in the same order.
static_assert(static_cast<int>(FieldType::kText) == v1::FIELD_TYPE_TEXT);
static_assert(static_cast<int>(FieldType::kDecimal) == v1::FIELD_TYPE_DECIMAL);
static_assert(static_cast<int>(FieldType::kUrl) == v1::FIELD_TYPE_URL);
static_assert(static_cast<int>(FieldType::kUrl) == v1::FieldType_MAX);

}  // namespace

v1::Tenant ToProto(const Tenant& tenant) {
  v1::Tenant proto;
  proto.set_tenant_id(tenant.id.ToString());
  proto.set_slug(tenant.slug);
  proto.set_display_name(tenant.display_name);
  proto.set_state(StateOf(tenant.suspended.has_value()));
  *proto.mutable_create_time() = ToTimestamp(tenant.created);
  if (tenant.suspended) *proto.mutable_suspend_time() = ToTimestamp(*tenant.suspended);
  return proto;
}

v1::Customer ToProto(const Customer& customer) {
  v1::Customer proto;
  proto.set_customer_id(customer.id.ToString());
  proto.set_external_id(customer.external_id);
  proto.set_display_name(customer.display_name);
  proto.set_state(StateOf(customer.suspended));
  *proto.mutable_create_time() = ToTimestamp(customer.created);
  return proto;
}

v1::Collection ToProto(const CollectionDefinition& collection) {
  v1::Collection proto;
  proto.set_collection_id(collection.id.ToString());
  proto.set_key(collection.key);
  proto.set_display_name(collection.display_name);
  proto.set_schema_version(collection.schema_version);
  *proto.mutable_create_time() = ToTimestamp(collection.created);
  for (const FieldDefinition& field : collection.fields) {
    v1::Field* out = proto.add_fields();
    out->set_field_id(field.id.ToString());
    out->set_key(field.key);
    out->set_display_name(field.display_name);
    out->set_type(static_cast<v1::FieldType>(field.type));
    out->set_required(field.required);
    out->set_unique(field.unique);
    out->set_indexed(field.indexed);
    out->set_sealed(field.sealed);
    if (field.min) out->set_min(*field.min);
    if (field.max) out->set_max(*field.max);
    out->set_pattern(field.pattern);
    for (const std::string& choice : field.choices) out->add_choices(choice);
    out->set_scale(static_cast<uint32_t>(field.scale));
    out->set_searchable(field.searchable);
  }
  return proto;
}

v1::Violation ToProto(const Violation& violation) {
  v1::Violation proto;
  proto.set_field(violation.field);
  proto.set_description(violation.description);
  proto.set_rule(violation.rule);
  return proto;
}

v1::Record ToProto(const StoredRecord& record) {
  v1::Record proto;
  proto.set_record_id(record.id.ToString());
  proto.set_collection_id(record.collection.ToString());
  if (record.customer) proto.set_customer_id(record.customer->ToString());
  proto.set_etag(FormatEtag(record.version));
  *proto.mutable_create_time() = ToTimestamp(record.created);
  *proto.mutable_update_time() = ToTimestamp(record.updated);
  proto.set_subject_id(record.subject);
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
  definition.searchable = field.searchable();
  return definition;
}

}  // namespace kasbah::tenantdata
