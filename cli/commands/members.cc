#include "cli/commands/members.h"

#include "cli/client/paging.h"
#include "cli/commands/roles.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using auth::v1::Membership;
using auth::v1::MembershipService;

std::string Describe(const Membership& member) {
  return ToString({{"user", member.user_id()},
                   {"e-mail", member.email()},
                   {"name", member.display_name()},
                   {"role", RoleName(member.role())},
                   {"since", ToCell(member.create_time(), member.has_create_time())}});
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string email;
    std::string name;
    std::string role = "member";
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Let somebody in, by e-mail address");
  leaf->add_option("email", options->email)->required();
  leaf->add_option("--name", options->name, "Their name");
  leaf->add_option("--role", options->role, RoleNames())->capture_default_str();
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    auth::v1::CreateMembershipRequest request;
    request.set_email(options->email);
    request.set_display_name(options->name);
    ASSIGN_OR_RETURN(const auth::v1::Role role, ParseRole(options->role));
    request.set_role(role);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Membership member,
                     client->Call(&MembershipService::Stub::CreateMembership, request));
    return run.Show(member, [&] { return Describe(member); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Everybody");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const auto reply,
        ListAll(*client, Client::Scope::kTenant, &MembershipService::Stub::ListMemberships,
                auth::v1::ListMembershipsRequest(),
                &auth::v1::ListMembershipsResponse::mutable_memberships, *limit));
    return run.Show(reply, [&] {
      Table table({"USER", "ROLE", "E-MAIL", "NAME"});
      for (const Membership& member : reply.memberships()) {
        table.Add(
            {member.user_id(), RoleName(member.role()), member.email(), member.display_name()});
      }
      return table.ToString();
    });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  auto role = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("update", "Give a member another role");
  leaf->add_option("user_id", *id, "usr_…")->required();
  leaf->add_option("--role", *role, RoleNames())->required();
  OnRun(leaf, invocation, [id, role](Invocation& run) -> absl::Status {
    auth::v1::UpdateMembershipRequest request;
    request.set_user_id(*id);
    ASSIGN_OR_RETURN(const auth::v1::Role parsed, ParseRole(*role));
    request.set_role(parsed);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Membership member,
                     client->Call(&MembershipService::Stub::UpdateMembership, request));
    return run.Show(member, [&] { return Describe(member); });
  });
}

void AddDelete(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("delete", "Remove a member and what they hold here");
  leaf->add_option("user_id", *id, "usr_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    auth::v1::DeleteMembershipRequest request;
    request.set_user_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&MembershipService::Stub::DeleteMembership, request));
    return run.Show(reply, [&] { return StrCat("removed ", *id, "\n"); });
  });
}

}  // namespace

void AddMembers(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "members", "People who may sign in to a tenant",
              "  kasbah --tenant ten_01h… members create ada@example.com --role owner\n"
              "  kasbah --tenant ten_01h… members update usr_01h… --role viewer");
  AddCreate(noun, invocation);
  AddList(noun, invocation);
  AddUpdate(noun, invocation);
  AddDelete(noun, invocation);
}

}  // namespace kasbah::cli
