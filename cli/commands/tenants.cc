#include "cli/commands/tenants.h"

#include "cli/client/paging.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "libs/base/status_macros.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Tenant;
using tenantdata::v1::TenantService;

std::string StateOf(const Tenant& tenant) {
  return EnumName(*tenantdata::v1::LifecycleState_descriptor(), tenant.state());
}

std::string Describe(const Tenant& tenant) {
  Properties properties = {{"tenant", tenant.tenant_id()},
                           {"slug", tenant.slug()},
                           {"name", tenant.display_name()},
                           {"state", StateOf(tenant)},
                           {"created", ToCell(tenant.create_time(), tenant.has_create_time())},
                           {"suspended", ToCell(tenant.suspend_time(), tenant.has_suspend_time())},
                           {"closed", ToCell(tenant.close_time(), tenant.has_close_time())},
                           {"etag", tenant.etag()}};
  if (tenant.has_erase_time()) properties.emplace_back("erased", ToCell(tenant.erase_time(), true));
  return ToString(properties);
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::CreateTenantRequest>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a tenant");
  leaf->add_option_function<std::string>(
          "slug", [request](const std::string& slug) { request->set_slug(slug); },
          "Its name in addresses: 3 to 40 lower-case letters, digits, inner hyphens")
      ->required();
  leaf->add_option_function<std::string>(
      "--name", [request](const std::string& name) { request->set_display_name(name); },
      "Its name for people; the slug when left out");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    if (request->display_name().empty()) request->set_display_name(request->slug());
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Tenant tenant,
                     client->CallSystem(&TenantService::Stub::CreateTenant, *request));
    return run.Show(tenant, [&] { return Describe(tenant); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every tenant");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kSystem, &TenantService::Stub::ListTenants,
                             tenantdata::v1::ListTenantsRequest(),
                             &tenantdata::v1::ListTenantsResponse::mutable_tenants, *limit));
    return run.Show(reply, [&] {
      Table table({"TENANT", "SLUG", "STATE", "CREATED", "NAME"});
      for (const Tenant& tenant : reply.tenants()) {
        table.Add({tenant.tenant_id(), tenant.slug(), StateOf(tenant),
                   ToCell(tenant.create_time(), tenant.has_create_time()), tenant.display_name()});
      }
      return table.ToString();
    });
  });
}

// A command about the one tenant that its argument, --tenant or the API key names.
CLI::App* AddAboutOne(CLI::App* noun, const std::string& name, const std::string& about,
                      const std::shared_ptr<std::string>& tenant) {
  CLI::App* leaf = noun->add_subcommand(name, about);
  leaf->add_option("tenant_id", *tenant, "ten_…; otherwise the context's or --tenant");
  return leaf;
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  OnRun(AddAboutOne(noun, "get", "One tenant", id), invocation,
        [id](Invocation& run) -> absl::Status {
          ASSIGN_OR_RETURN(const auto client, run.ClientFor(*id));
          ASSIGN_OR_RETURN(const Tenant tenant, client->Call(&TenantService::Stub::GetTenant,
                                                             tenantdata::v1::GetTenantRequest()));
          return run.Show(tenant, [&] { return Describe(tenant); });
        });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  auto request = std::make_shared<tenantdata::v1::UpdateTenantRequest>();
  CLI::App* leaf = AddAboutOne(noun, "update", "Change a tenant's name for people", id);
  leaf->add_option_function<std::string>(
          "--name", [request](const std::string& name) { request->set_display_name(name); },
          "Its new name")
      ->required();
  leaf->add_option_function<std::string>(
      "--etag", [request](const std::string& etag) { request->set_etag(etag); },
      "Only if it is still as it was read with this; otherwise it is read now");
  OnRun(leaf, invocation, [id, request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const auto client, run.ClientFor(*id));
    if (request->etag().empty()) {
      ASSIGN_OR_RETURN(const Tenant now, client->Call(&TenantService::Stub::GetTenant,
                                                      tenantdata::v1::GetTenantRequest()));
      request->set_etag(now.etag());
    }
    ASSIGN_OR_RETURN(const Tenant tenant,
                     client->Call(&TenantService::Stub::UpdateTenant, *request));
    return run.Show(tenant, [&] { return Describe(tenant); });
  });
}

// A verb that has every service refuse the tenant, for a reason that is given.
template <typename Request, typename Method>
void AddRefusal(CLI::App* noun, Invocation& invocation, const char* verb, const char* help,
                Method method) {
  auto id = std::make_shared<std::string>();
  auto request = std::make_shared<Request>();
  CLI::App* leaf = AddAboutOne(noun, verb, help, id);
  leaf->add_option_function<std::string>(
          "--reason", [request](const std::string& reason) { request->set_reason(reason); },
          "Why; stands in the audit trail")
      ->required();
  OnRun(leaf, invocation, [id, request, method](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const auto client, run.ClientFor(*id));
    ASSIGN_OR_RETURN(const Tenant tenant, client->Call(method, *request));
    return run.Show(tenant, [&] { return Describe(tenant); });
  });
}

void AddResume(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  OnRun(AddAboutOne(noun, "resume", "End a suspension", id), invocation,
        [id](Invocation& run) -> absl::Status {
          ASSIGN_OR_RETURN(const auto client, run.ClientFor(*id));
          ASSIGN_OR_RETURN(const Tenant tenant,
                           client->Call(&TenantService::Stub::ResumeTenant,
                                        tenantdata::v1::ResumeTenantRequest()));
          return run.Show(tenant, [&] { return Describe(tenant); });
        });
}

}  // namespace

void AddTenants(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "tenants", "Tenants of this installation (operators)",
                           "  kasbah tenants create acme --name 'Acme Ltd'\n"
                           "  kasbah tenants list -o json\n"
                           "  kasbah tenants suspend ten_01h… --reason 'invoice unpaid'");
  AddCreate(noun, invocation);
  AddList(noun, invocation);
  AddGet(noun, invocation);
  AddUpdate(noun, invocation);
  AddRefusal<tenantdata::v1::SuspendTenantRequest>(
      noun, invocation, "suspend", "Have every service refuse the tenant, within 5 seconds",
      &TenantService::Stub::SuspendTenant);
  AddResume(noun, invocation);
  AddRefusal<tenantdata::v1::CloseTenantRequest>(
      noun, invocation, "close", "Refuse the tenant for good; this cannot be undone",
      &TenantService::Stub::CloseTenant);
}

}  // namespace kasbah::cli
