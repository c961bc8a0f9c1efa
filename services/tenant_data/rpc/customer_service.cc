#include "services/tenant_data/rpc/customer_service.h"

#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// Neither of its names: both may be a person's.
outbox::Target TargetOf(CustomerId id) { return {"customer", id.ToString(), ""}; }

}  // namespace

absl::StatusOr<v1::Customer> CustomerService::Create(const rpc::Call& call,
                                                     const v1::CreateCustomerRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const absl::Time now = clock_.Now();
  const Customer customer{CustomerId::New(now), request.external_id(), request.display_name(),
                          /*suspended=*/false, now};
  const absl::Status created = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    customers_.Insert(tx, call, customer);
    return outbox_.AppendAudit(
        tx, call, outbox::Succeeded(call, clock_, "customer.create", TargetOf(customer.id)));
  });
  if (ReasonOf(created) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                 "another customer has this external_id");
  }
  RETURN_IF_ERROR(created);
  return ToProto(customer);
}

absl::StatusOr<v1::Customer> CustomerService::Get(const rpc::Call& call,
                                                  const v1::GetCustomerRequest& request) {
  ASSIGN_OR_RETURN(const CustomerId id, ParseId<CustomerId>("customer_id", request.customer_id()));
  ASSIGN_OR_RETURN(const Customer customer, database_.WithTenant(call, [&](Transaction& tx) {
    return customers_.Get(tx, call, id);
  }));
  return ToProto(customer);
}

absl::StatusOr<v1::Customer> CustomerService::Suspend(const rpc::Call& call,
                                                      const v1::SuspendCustomerRequest& request) {
  return Change(call, request.customer_id(), /*suspend=*/true);
}

absl::StatusOr<v1::Customer> CustomerService::Resume(const rpc::Call& call,
                                                     const v1::ResumeCustomerRequest& request) {
  return Change(call, request.customer_id(), /*suspend=*/false);
}

absl::StatusOr<v1::Customer> CustomerService::Change(const rpc::Call& call,
                                                     const std::string& customer_id, bool suspend) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const CustomerId id, ParseId<CustomerId>("customer_id", customer_id));
  ASSIGN_OR_RETURN(
      const Customer customer,
      database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<Customer> {
        ASSIGN_OR_RETURN(Customer found, customers_.GetForChange(tx, call, id).Await());
        if (found.suspended == suspend) return found;
        found.suspended = suspend;
        customers_.SetSuspended(tx, call, id, suspend);
        RETURN_IF_ERROR(outbox_.AppendAudit(
            tx, call,
            outbox::Succeeded(call, clock_, suspend ? "customer.suspend" : "customer.resume",
                              TargetOf(id))));
        return found;
      }));
  return ToProto(customer);
}

}  // namespace kasbah::tenantdata
