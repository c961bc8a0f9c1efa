#include "services/tenant_data/store/tenant_registry.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/slug.h"
#include "services/tenant_data/store/lifecycle_events.h"
#include "services/tenant_data/store/usage_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Pending;
using postgres::Transaction;

absl::Status Closed() {
  return Error(absl::StatusCode::kPermissionDenied, reason::kTenantClosed, "the tenant is closed");
}

absl::Status NotClosed() {
  return Error(absl::StatusCode::kFailedPrecondition, "TENANT_NOT_CLOSED",
               "a tenant is erased when it is closed, and not before");
}

}  // namespace

absl::StatusOr<Tenant> TenantRegistry::Create(const CallContext& call, const std::string& slug,
                                              const std::string& display_name) {
  RETURN_IF_ERROR(CheckSlug(slug));
  const absl::Time now = clock_.Now();
  Tenant tenant;
  tenant.id = TenantId::New(now);
  tenant.slug = slug;
  tenant.display_name = display_name;
  tenant.created = now;
  // The operator's call has no tenant; its event belongs to the one that it makes.
  CallContext own = call;
  own.tenant = tenant.id;
  const auto created =
      door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Pending<postgres::Result>> {
        auto inserted = tenants_.Insert(tx, tenant);
        tenants_.Enter(tx, tenant.id);
        tx.OnCommit([this] { cache_.Clear(); });
        RETURN_IF_ERROR(AppendTenantEvents(outbox_, tx, own, clock_, "create", tenant));
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
  return door_.Run(call.deadline, [&](Transaction& tx) {
    tenants_.EnterActive(tx, call);
    return tenants_.Get(tx, call.tenant);
  });
}

absl::StatusOr<Tenant> TenantRegistry::Update(const CallContext& call, const std::string& etag,
                                              const std::string& display_name) {
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Tenant> {
    tenants_.EnterActive(tx, call);
    ASSIGN_OR_RETURN(Tenant tenant, tenants_.GetForChange(tx, call.tenant).Await());
    RETURN_IF_ERROR(CheckEtag(etag, tenant.version));
    if (tenant.display_name == display_name) return tenant;
    tenant.display_name = display_name;
    ++tenant.version;
    tenants_.Save(tx, tenant);
    RETURN_IF_ERROR(AppendTenantEvents(outbox_, tx, call, clock_, "update", tenant));
    return tenant;
  });
}

absl::StatusOr<Tenant> TenantRegistry::Suspend(const CallContext& call, const std::string& reason) {
  return Move(call, TenantState::kSuspended, "suspend", reason);
}

absl::StatusOr<Tenant> TenantRegistry::Resume(const CallContext& call) {
  return Move(call, TenantState::kActive, "resume", "");
}

absl::StatusOr<Tenant> TenantRegistry::Close(const CallContext& call, const std::string& reason) {
  return Move(call, TenantState::kClosed, "close", reason);
}

absl::StatusOr<Tenant> TenantRegistry::Move(const CallContext& call, TenantState to,
                                            std::string_view verb, const std::string& reason) {
  if (call.tenant == kSystemTenant) return NotFound("tenant");
  auto moved = door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Tenant> {
    ASSIGN_OR_RETURN(Tenant tenant, tenants_.GetForChange(tx, call.tenant).Await());
    if (tenant.state == to) return tenant;
    if (tenant.closed) return Closed();
    tenant.state = to;
    ++tenant.version;
    tenant.suspended.reset();
    if (to == TenantState::kSuspended) tenant.suspended = clock_.Now();
    if (to == TenantState::kClosed) {
      tenant.closed = clock_.Now();
      tenants_.ReleaseHosts(tx, tenant.id);
    }
    // What fails from here on leaves it refused there and not at home, until it is said again.
    if (to != TenantState::kActive) RETURN_IF_ERROR(Push(tenant, call.deadline));
    tenants_.Save(tx, tenant);
    tenants_.Enter(tx, tenant.id);
    tx.OnCommit([this] { cache_.Clear(); });
    RETURN_IF_ERROR(AppendTenantEvents(outbox_, tx, call, clock_, verb, tenant, reason));
    return tenant;
  });
  RETURN_IF_ERROR(moved.status());
  RETURN_IF_ERROR(Push(*moved, call.deadline));
  return moved;
}

absl::Status TenantRegistry::Push(const Tenant& tenant, absl::Time deadline) {
  return copies_ == nullptr ? absl::OkStatus() : copies_->Push(tenant, deadline);
}

absl::Status TenantRegistry::Erase(const CallContext& call) {
  const auto erased = door_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Tenant> {
    ASSIGN_OR_RETURN(Tenant tenant, tenants_.GetForChange(tx, call.tenant).Await());
    if (tenant.state == TenantState::kErased) return tenant;
    if (tenant.state != TenantState::kClosed) return NotClosed();
    ++tenant.version;
    tenants_.EraseNames(tx, tenant, clock_.Now());
    UsageStore::EraseTenant(tx, tenant.id);
    tenants_.Enter(tx, tenant.id);
    tx.OnCommit([this] { cache_.Clear(); });
    RETURN_IF_ERROR(outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "tenant.erase", {"tenant", tenant.id.ToString(), ""})));
    return tenants_.Get(tx, call.tenant).Await();
  });
  RETURN_IF_ERROR(erased.status());
  return Push(*erased, call.deadline);
}

absl::Status TenantRegistry::ConfirmErasure(const CallContext& call, const std::string& confirm) {
  if (call.tenant == kSystemTenant) return NotFound("tenant");
  return door_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Tenant tenant, tenants_.Get(tx, call.tenant).Await());
    if (tenant.state == TenantState::kErased) {
      return Error(absl::StatusCode::kAlreadyExists, "TENANT_ERASED", "the tenant is erased");
    }
    if (tenant.state != TenantState::kClosed) return NotClosed();
    if (confirm != tenant.slug) return InvalidField("confirm", "must be the tenant's slug");
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Tenant>> TenantRegistry::List(const CallContext& call, TenantId after,
                                                         int64_t limit) {
  return door_.Run(call.deadline, [&](Transaction& tx) { return tenants_.List(tx, after, limit); });
}

}  // namespace kasbah::tenantdata
