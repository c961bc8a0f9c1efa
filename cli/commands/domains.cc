#include "cli/commands/domains.h"

#include "cli/client/paging.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::Domain;
using tenantdata::v1::DomainService;
using tenantdata::v1::ResolverService;

std::string StateOf(const Domain& domain) {
  return EnumName(*tenantdata::v1::DomainState_descriptor(), domain.state());
}

std::string Describe(const Domain& domain) {
  return ToString({{"domain", domain.domain_id()},
                   {"host", domain.host()},
                   {"state", StateOf(domain)},
                   {"TXT name", domain.challenge().name()},
                   {"TXT value", domain.challenge().value()},
                   {"created", ToCell(domain.create_time(), domain.has_create_time())},
                   {"verified", ToCell(domain.verify_time(), domain.has_verify_time())},
                   {"last looked at", ToCell(domain.check_time(), domain.has_check_time())},
                   {"failed looks", StrCat(domain.failed_checks())}});
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::CreateDomainRequest>();
  CLI::App* leaf = noun->add_subcommand("create", "Claim a domain; says what to publish");
  leaf->add_option_function<std::string>(
          "host", [request](const std::string& host) { request->set_host(host); },
          "Such as shop.example.com")
      ->required();
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Domain domain,
                     client->Call(&DomainService::Stub::CreateDomain, *request));
    return run.Show(domain, [&] { return Describe(domain); });
  });
}

// A command that names one domain.
template <typename Request, typename Reply>
void AddAboutOne(CLI::App* noun, Invocation& invocation, const std::string& name,
                 const std::string& about,
                 grpc::Status (DomainService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Reply*),
                 std::string (*describe)(const Reply&)) {
  auto request = std::make_shared<Request>();
  CLI::App* leaf = noun->add_subcommand(name, about);
  leaf->add_option_function<std::string>(
          "domain_id", [request](const std::string& id) { request->set_domain_id(id); }, "dom_…")
      ->required();
  OnRun(leaf, invocation, [request, method, describe](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Reply reply, client->Call(method, *request));
    return run.Show(reply, [&] { return describe(reply); });
  });
}

std::string DescribeDeleted(const tenantdata::v1::DeleteDomainResponse&) {
  return "deleted; its host is nobody's now\n";
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every domain of the tenant");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &DomainService::Stub::ListDomains,
                             tenantdata::v1::ListDomainsRequest(),
                             &tenantdata::v1::ListDomainsResponse::mutable_domains, *limit));
    return run.Show(reply, [&] {
      Table table({"DOMAIN", "HOST", "STATE", "LAST LOOKED AT"});
      for (const Domain& domain : reply.domains()) {
        table.Add({domain.domain_id(), domain.host(), StateOf(domain),
                   ToCell(domain.check_time(), domain.has_check_time())});
      }
      return table.ToString();
    });
  });
}

void AddResolve(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<tenantdata::v1::ResolveTenantRequest>();
  CLI::App* leaf = noun->add_subcommand("resolve", "Whose a host is (operators)");
  leaf->add_option_function<std::string>(
          "host", [request](const std::string& host) { request->set_host(host); },
          "As a browser sends it, without a port")
      ->required();
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto owner,
                     client->CallSystem(&ResolverService::Stub::ResolveTenant, *request));
    return run.Show(owner, [&] {
      return ToString(
          {{"tenant", owner.tenant_id()},
           {"slug", owner.slug()},
           {"state", EnumName(*tenantdata::v1::LifecycleState_descriptor(), owner.state())},
           {"by", owner.custom_domain() ? "custom domain" : "slug"}});
    });
  });
}

}  // namespace

void AddDomains(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "domains", "Custom domains of a tenant",
                           "  kasbah domains create shop.example.com\n"
                           "  kasbah domains verify dom_01h…\n"
                           "  kasbah domains resolve shop.example.com");
  AddCreate(noun, invocation);
  AddAboutOne(noun, invocation, "verify", "Look for the TXT record now",
              &DomainService::Stub::VerifyDomain, Describe);
  AddAboutOne(noun, invocation, "get", "One domain, and what proves it",
              &DomainService::Stub::GetDomain, Describe);
  AddList(noun, invocation);
  AddAboutOne(noun, invocation, "delete", "Give a domain up", &DomainService::Stub::DeleteDomain,
              DescribeDeleted);
  AddResolve(noun, invocation);
}

}  // namespace kasbah::cli
