#include "cli/commands/customers.h"

#include "cli/client/paging.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/status_macros.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Customer;
using tenantdata::v1::CustomerService;

std::string Describe(const Customer& customer) {
  return ToString(
      {{"customer", customer.customer_id()},
       {"external id", customer.external_id()},
       {"name", customer.display_name()},
       {"state", EnumName(*tenantdata::v1::LifecycleState_descriptor(), customer.state())},
       {"created", ToCell(customer.create_time(), customer.has_create_time())},
       {"etag", customer.etag()}});
}

// A command that names one customer and answers with it.
template <typename Request>
void AddAboutOne(CLI::App* noun, Invocation& invocation, const std::string& name,
                 const std::string& about,
                 grpc::Status (CustomerService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Customer*)) {
  auto request = std::make_shared<Request>();
  CLI::App* leaf = noun->add_subcommand(name, about);
  leaf->add_option_function<std::string>(
          "customer_id", [request](const std::string& id) { request->set_customer_id(id); },
          "cus_…")
      ->required();
  OnRun(leaf, invocation, [request, method](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Customer customer, client->Call(method, *request));
    return run.Show(customer, [&] { return Describe(customer); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every customer of the tenant");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &CustomerService::Stub::ListCustomers,
                             tenantdata::v1::ListCustomersRequest(),
                             &tenantdata::v1::ListCustomersResponse::mutable_customers, *limit));
    return run.Show(reply, [&] {
      Table table({"CUSTOMER", "EXTERNAL ID", "STATE", "CREATED", "NAME"});
      for (const Customer& customer : reply.customers()) {
        table.Add({customer.customer_id(), customer.external_id(),
                   EnumName(*tenantdata::v1::LifecycleState_descriptor(), customer.state()),
                   ToCell(customer.create_time(), customer.has_create_time()),
                   customer.display_name()});
      }
      return table.ToString();
    });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::UpdateCustomerRequest>();
  CLI::App* leaf = noun->add_subcommand("update", "Change a customer's names");
  leaf->add_option_function<std::string>(
          "customer_id", [request](const std::string& id) { request->set_customer_id(id); },
          "cus_…")
      ->required();
  leaf->add_option_function<std::string>(
      "--name", [request](const std::string& name) { request->set_display_name(name); },
      "Its new name for people");
  leaf->add_option_function<std::string>(
      "--external-id", [request](const std::string& id) { request->set_external_id(id); },
      "Your own new name for it");
  leaf->add_option_function<std::string>(
      "--etag", [request](const std::string& etag) { request->set_etag(etag); },
      "Only if it is still as it was read with this; otherwise it is read now");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    if (request->etag().empty()) {
      tenantdata::v1::GetCustomerRequest get;
      get.set_customer_id(request->customer_id());
      ASSIGN_OR_RETURN(const Customer now, client->Call(&CustomerService::Stub::GetCustomer, get));
      request->set_etag(now.etag());
    }
    ASSIGN_OR_RETURN(const Customer customer,
                     client->Call(&CustomerService::Stub::UpdateCustomer, *request));
    return run.Show(customer, [&] { return Describe(customer); });
  });
}

}  // namespace

void AddCustomers(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "customers", "Customers of a tenant",
                           "  kasbah customers create crm-4711 --name 'Blue Door GmbH'\n"
                           "  kasbah customers get cus_01h…\n"
                           "  kasbah --customer cus_01h… records list --collection orders");
  auto request = std::make_shared<tenantdata::v1::CreateCustomerRequest>();
  CLI::App* create = noun->add_subcommand("create", "Make a customer");
  create
      ->add_option_function<std::string>(
          "external_id", [request](const std::string& id) { request->set_external_id(id); },
          "Your own name for it; unique in the tenant")
      ->required();
  create->add_option_function<std::string>(
      "--name", [request](const std::string& name) { request->set_display_name(name); },
      "Its name for people");
  OnRun(create, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Customer customer,
                     client->Call(&CustomerService::Stub::CreateCustomer, *request));
    return run.Show(customer, [&] { return Describe(customer); });
  });
  AddAboutOne(noun, invocation, "get", "One customer", &CustomerService::Stub::GetCustomer);
  AddList(noun, invocation);
  AddUpdate(noun, invocation);
  AddAboutOne(noun, invocation, "suspend", "Refuse whatever is scoped to the customer",
              &CustomerService::Stub::SuspendCustomer);
  AddAboutOne(noun, invocation, "resume", "End a suspension",
              &CustomerService::Stub::ResumeCustomer);
}

}  // namespace kasbah::cli
