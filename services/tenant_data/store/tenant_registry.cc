#include "services/tenant_data/store/tenant_registry.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/slug.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Transaction;

outbox::Target TargetOf(const Tenant& tenant) {
  return {"tenant", tenant.id.ToString(), tenant.slug};
}

}  // namespace

absl::StatusOr<Tenant> TenantRegistry::Create(const CallContext& call, const std::string& slug,
                                              const std::string& display_name) {
  RETURN_IF_ERROR(CheckSlug(slug));
  const absl::Time now = clock_.Now();
  const Tenant tenant{TenantId::New(now), slug, display_name, now, std::nullopt};
  // The operator's call has no tenant; its event belongs to the one that it makes.
  CallContext own = call;
  own.tenant = tenant.id;
  const auto event = outbox::Succeeded(own, clock_, "tenant.create", TargetOf(tenant));
  const auto created =
      door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Pending<postgres::Result>> {
        auto inserted = tenants_.Insert(tx, tenant);
        tenants_.Enter(tx, tenant.id);
        RETURN_IF_ERROR(outbox_.AppendAudit(tx, own, event));
        return inserted;
      });
  if (ReasonOf(created.status()) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                 "another tenant has this slug");
  }
  if (!created.ok()) return created.status();
  return tenant;
}

absl::StatusOr<Tenant> TenantRegistry::Get(const CallContext& call) {
  return door_.Run(call.deadline,
                   [&](Transaction& tx) { return tenants_.GetActive(tx, call.tenant); });
}

absl::StatusOr<Tenant> TenantRegistry::Suspend(const CallContext& call, const std::string& reason) {
  return Change(call, /*suspend=*/true, reason);
}

absl::StatusOr<Tenant> TenantRegistry::Resume(const CallContext& call) {
  return Change(call, /*suspend=*/false, "");
}

absl::StatusOr<Tenant> TenantRegistry::Change(const CallContext& call, bool suspend,
                                              const std::string& reason) {
  if (call.tenant == kSystemTenant) return NotFound("tenant");
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Tenant> {
    ASSIGN_OR_RETURN(Tenant tenant, tenants_.GetForChange(tx, call.tenant).Await());
    if (tenant.suspended.has_value() == suspend) return tenant;
    tenant.suspended = suspend ? std::make_optional(clock_.Now()) : std::nullopt;
    tenants_.SetSuspended(tx, tenant.id, tenant.suspended);
    tenants_.Enter(tx, tenant.id);
    std::vector<std::pair<std::string, std::string>> attributes;
    if (suspend) attributes.emplace_back("reason", reason);
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, suspend ? "tenant.suspend" : "tenant.resume",
                          TargetOf(tenant), std::move(attributes))));
    return tenant;
  });
}

absl::StatusOr<std::vector<Tenant>> TenantRegistry::List(const CallContext& call, TenantId after,
                                                         int64_t limit) {
  return door_.Run(call.deadline, [&](Transaction& tx) { return tenants_.List(tx, after, limit); });
}

}  // namespace kasbah::tenantdata
