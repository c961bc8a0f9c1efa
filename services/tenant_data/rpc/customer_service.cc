#include "services/tenant_data/rpc/customer_service.h"

#include <optional>
#include <vector>

#include "libs/base/status_macros.h"
#include "services/tenant_data/domain/etag.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/store/lifecycle_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

constexpr std::string_view kListed = "customers";

absl::Status AsTaken(absl::Status status) {
  if (ReasonOf(status) != reason::kAlreadyExists) return status;
  return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
               "another customer has this external_id");
}

}  // namespace

CustomerService::CustomerService(rpc::Pipeline& pipeline, postgres::Database& database,
                                 outbox::Outbox& outbox, const Clock& clock)
    : pipeline_(pipeline), database_(database), outbox_(outbox), clock_(clock) {}

absl::StatusOr<v1::Customer> CustomerService::Create(const rpc::Call& call,
                                                     const v1::CreateCustomerRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const absl::Time now = clock_.Now();
  const Customer customer{CustomerId::New(now),   request.external_id(),
                          request.display_name(),
                          /*suspended=*/false,    now,
                          /*version=*/1};
  const absl::Status created = database_.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    customers_.Insert(tx, call, customer);
    return AppendCustomerEvents(outbox_, tx, call, clock_, "create", customer);
  });
  RETURN_IF_ERROR(AsTaken(created));
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

absl::StatusOr<v1::ListCustomersResponse> CustomerService::List(
    const rpc::Call& call, const v1::ListCustomersRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::optional<Uuid> after, ParsePageToken(request.page_token(), kListed));
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const std::vector<Customer> customers,
                   database_.WithTenant(call, [&](Transaction& tx) {
                     return customers_.List(tx, call, CustomerId(after.value_or(Uuid())), size + 1);
                   }));
  v1::ListCustomersResponse reply;
  for (const Customer& customer : customers) {
    if (reply.customers_size() == size) {
      const size_t last = static_cast<size_t>(size) - 1;
      reply.set_next_page_token(FormatPageToken(customers[last].id.uuid(), kListed));
      break;
    }
    *reply.add_customers() = ToProto(customer);
  }
  return reply;
}

absl::StatusOr<v1::Customer> CustomerService::Update(const rpc::Call& call,
                                                     const v1::UpdateCustomerRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const CustomerId id, ParseId<CustomerId>("customer_id", request.customer_id()));
  const absl::StatusOr<Customer> updated =
      database_.WithTenant(call, [&](Transaction& tx) -> absl::StatusOr<Customer> {
        ASSIGN_OR_RETURN(const Customer found, customers_.GetForChange(tx, call, id).Await());
        RETURN_IF_ERROR(CheckEtag(request.etag(), found.version));
        Customer wanted = found;
        if (request.has_external_id()) wanted.external_id = request.external_id();
        if (request.has_display_name()) wanted.display_name = request.display_name();
        if (wanted.external_id == found.external_id && wanted.display_name == found.display_name) {
          return found;
        }
        ++wanted.version;
        customers_.Save(tx, call, wanted);
        RETURN_IF_ERROR(AppendCustomerEvents(outbox_, tx, call, clock_, "update", wanted));
        return wanted;
      });
  RETURN_IF_ERROR(AsTaken(updated.status()));
  return ToProto(*updated);
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
        ++found.version;
        customers_.Save(tx, call, found);
        RETURN_IF_ERROR(
            AppendCustomerEvents(outbox_, tx, call, clock_, suspend ? "suspend" : "resume", found));
        return found;
      }));
  return ToProto(customer);
}

}  // namespace kasbah::tenantdata
