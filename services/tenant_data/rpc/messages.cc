#include "services/tenant_data/rpc/messages.h"

#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/etag.h"

namespace kasbah::tenantdata {
v1::LifecycleState ToProto(TenantState state) {
  switch (state) {
    case TenantState::kActive:
      return v1::LIFECYCLE_STATE_ACTIVE;
    case TenantState::kSuspended:
      return v1::LIFECYCLE_STATE_SUSPENDED;
    case TenantState::kClosed:
      return v1::LIFECYCLE_STATE_CLOSED;
    case TenantState::kErased:
      return v1::LIFECYCLE_STATE_ERASED;
  }
  return v1::LIFECYCLE_STATE_UNSPECIFIED;
}

v1::Tenant ToProto(const Tenant& tenant) {
  v1::Tenant proto;
  proto.set_tenant_id(tenant.id.ToString());
  proto.set_slug(tenant.slug);
  proto.set_display_name(tenant.display_name);
  proto.set_state(ToProto(tenant.state));
  *proto.mutable_create_time() = ToTimestamp(tenant.created);
  if (tenant.suspended) *proto.mutable_suspend_time() = ToTimestamp(*tenant.suspended);
  if (tenant.closed) *proto.mutable_close_time() = ToTimestamp(*tenant.closed);
  if (tenant.erased) *proto.mutable_erase_time() = ToTimestamp(*tenant.erased);
  proto.set_etag(FormatEtag(tenant.version));
  return proto;
}

v1::Customer ToProto(const Customer& customer) {
  v1::Customer proto;
  proto.set_customer_id(customer.id.ToString());
  proto.set_external_id(customer.external_id);
  proto.set_display_name(customer.display_name);
  proto.set_state(customer.suspended ? v1::LIFECYCLE_STATE_SUSPENDED : v1::LIFECYCLE_STATE_ACTIVE);
  *proto.mutable_create_time() = ToTimestamp(customer.created);
  proto.set_etag(FormatEtag(customer.version));
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

}  // namespace kasbah::tenantdata
