#include "cli/commands/leases.h"

#include "cli/client/paging.h"
#include "cli/commands/named_call.h"
#include "cli/commands/options.h"
#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using vault::v1::Lease;
using vault::v1::LeaseService;
using Stub = LeaseService::Stub;

std::string StateOf(const Lease& lease) {
  std::string state = EnumName(*Lease::State_descriptor(), lease.state());
  if (!lease.cause().empty()) StrAppend(&state, " (", lease.cause(), ")");
  if (!lease.waiting_for().empty()) StrAppend(&state, ", waiting: ", lease.waiting_for());
  return state;
}

Properties PropertiesOf(const Lease& lease) {
  return {{"lease", lease.lease_id()},
          {"role", lease.role()},
          {"database", lease.database()},
          {"username", lease.username()},
          {"state", StateOf(lease)},
          {"expires", ToCell(lease.expire_time(), lease.has_expire_time())},
          {"renewable until", ToCell(lease.max_expire_time(), lease.has_max_expire_time())},
          {"ended", ToCell(lease.end_time(), lease.has_end_time())},
          {"for", lease.actor()}};
}

std::string Describe(const Lease& lease) { return ToString(PropertiesOf(lease)); }

void AddIssue(CLI::App* noun, Invocation& invocation) {
  auto role = std::make_shared<std::string>();
  auto ttl = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("issue", "A new login; its password is shown this once");
  leaf->add_option("role", *role, "reporting/read-only")->required();
  leaf->add_option("--ttl", *ttl, "How long it lasts: 30m; the role's own time when left out");
  OnRun(leaf, invocation, [role, ttl](Invocation& run) -> absl::Status {
    vault::v1::IssueLeaseRequest request;
    request.set_role(*role);
    if (!ttl->empty()) RETURN_IF_ERROR(ReadDuration("--ttl", *ttl, request.mutable_ttl()));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::IssueLease, request));
    return run.Show(reply, [&] {
      Properties properties = PropertiesOf(reply.lease());
      properties.emplace_back("password", reply.password());
      properties.emplace_back("host", StrCat(reply.host(), ":", reply.port()));
      properties.emplace_back("dbname", reply.dbname());
      return ToString(properties);
    });
  });
}

void AddRenew(CLI::App* noun, Invocation& invocation) {
  auto lease = std::make_shared<std::string>();
  auto ttl = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("renew", "Let one last longer, as far as its role allows");
  leaf->add_option("lease", *lease, "lse_…")->required();
  leaf->add_option("--ttl", *ttl, "From now; what it was issued for when left out");
  OnRun(leaf, invocation, [lease, ttl](Invocation& run) -> absl::Status {
    vault::v1::RenewLeaseRequest request;
    request.set_lease_id(*lease);
    if (!ttl->empty()) RETURN_IF_ERROR(ReadDuration("--ttl", *ttl, request.mutable_ttl()));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Lease renewed, client->Call(&Stub::RenewLease, request));
    return run.Show(renewed, [&] { return Describe(renewed); });
  });
}

void AddRevokeAll(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::RevokeLeasesRequest>();
  CLI::App* leaf = noun->add_subcommand(
      "revoke-all", "End every lease of a role, of the roles below a path, or of a database");
  leaf->add_option_function<std::string>(
      "--role", [request](const std::string& role) { request->set_role_prefix(role); },
      "reporting: this role and those below it");
  leaf->add_option_function<std::string>(
      "--database", [request](const std::string& name) { request->set_database(name); },
      "Only of this database");
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    if (request->role_prefix().empty() && request->database().empty()) {
      return absl::InvalidArgumentError("say --role, --database or both");
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::RevokeLeases, *request));
    return run.Show(reply, [&] { return StrCat("revoked: ", reply.revoked(), "\n"); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::ListLeasesRequest>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Leases that have not ended, newest first");
  leaf->add_option_function<std::string>(
      "--role", [request](const std::string& role) { request->set_role_prefix(role); },
      "Only of this role and those below it");
  leaf->add_flag_function(
      "--ended", [request](int64_t) { request->set_ended(true); },
      "Those that ended within 30 days too");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [request, limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &Stub::ListLeases, *request,
                             &vault::v1::ListLeasesResponse::mutable_leases, *limit));
    return run.Show(reply, [&] {
      Table table({"LEASE", "ROLE", "DATABASE", "USERNAME", "STATE", "EXPIRES", "FOR"});
      for (const Lease& lease : reply.leases()) {
        table.Add({lease.lease_id(), lease.role(), lease.database(), lease.username(),
                   StateOf(lease), ToCell(lease.expire_time(), lease.has_expire_time()),
                   lease.actor()});
      }
      return table.ToString();
    });
  });
}

}  // namespace

void AddLeases(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "leases", "Logins in a tenant's own databases, ended by time (API key)",
              "  kasbah leases issue reporting/read-only --ttl 30m\n"
              "  kasbah leases renew lse_01h…\n"
              "  kasbah leases revoke lse_01h…\n"
              "  kasbah leases revoke-all --role reporting");
  AddIssue(noun, invocation);
  AddRenew(noun, invocation);
  AddNamedCall(noun, invocation, "get", "One lease", {"lease", "lse_…"}, &Stub::GetLease,
               &Describe);
  AddList(noun, invocation);
  AddNamedCall(noun, invocation, "revoke", "End one now, with its sessions", {"lease", "lse_…"},
               &Stub::RevokeLease, &Describe);
  AddRevokeAll(noun, invocation);
}

}  // namespace kasbah::cli
