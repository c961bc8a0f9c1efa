#include "cli/commands/shred.h"

#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using Stub = vault::v1::ShredService::Stub;

constexpr char kNothing[] = "nothing was left to shred\n";

void AddShredTenant(CLI::App* noun, Invocation& invocation) {
  auto confirm = std::make_shared<std::string>();
  CLI::App* tenant = noun->add_subcommand(
      "tenant", "Everything that the tenant's keys sealed, in backups of the database too");
  tenant->add_option("--confirm", *confirm, "The tenant's id once more: this cannot be undone")
      ->required();
  OnRun(tenant, invocation, [confirm](Invocation& run) -> absl::Status {
    vault::v1::ShredTenantRequest request;
    request.set_confirm(*confirm);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::ShredTenant, request));
    return run.Show(reply, [&]() -> std::string {
      if (reply.keys().empty()) return kNothing;
      Table table({"OPENS NOWHERE ANY MORE", "CIPHERTEXTS"});
      for (const auto& key : reply.keys()) {
        table.Add({key.key(), key.has_ciphertexts() ? StrCat(key.ciphertexts()) : "not counted"});
      }
      return table.ToString();
    });
  });
}

void AddShredSubject(CLI::App* noun, Invocation& invocation) {
  auto subject = std::make_shared<std::string>();
  CLI::App* leaf =
      noun->add_subcommand("subject", "What was sealed for one person, as it was named then");
  leaf->add_option("subject", *subject, "usr_…, cus_… or an id of your own")->required();
  OnRun(leaf, invocation, [subject](Invocation& run) -> absl::Status {
    vault::v1::ShredSubjectRequest request;
    request.set_subject(*subject);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&Stub::ShredSubject, request));
    return run.Show(reply, [&]() -> std::string {
      if (reply.keys().empty()) return kNothing;
      Table table({"SEALED FOR THEM, OPENS NOWHERE ANY MORE"});
      for (const std::string& key : reply.keys()) table.Add({key});
      return table.ToString();
    });
  });
}

}  // namespace

void AddShred(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "shred", "Make what was sealed unreadable, for good",
                           "  kasbah --tenant ten_01h… shred subject cus_01h…\n"
                           "  kasbah --tenant ten_01h… shred tenant --confirm ten_01h…");
  AddShredTenant(noun, invocation);
  AddShredSubject(noun, invocation);
}

}  // namespace kasbah::cli
