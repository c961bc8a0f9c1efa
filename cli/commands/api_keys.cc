#include "cli/commands/api_keys.h"

#include "absl/time/clock.h"
#include "cli/client/paging.h"
#include "cli/commands/roles.h"
#include "kasbah/auth/v1/auth.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using auth::v1::ApiKey;
using auth::v1::ApiKeyService;

std::string StateOf(const ApiKey& key) {
  if (key.has_revoke_time()) return "revoked";
  if (key.has_expire_time() && key.expire_time().seconds() <= absl::ToUnixSeconds(absl::Now())) {
    return "expired";
  }
  return "active";
}

// The key stands alone on standard output, so that it can be kept with `> file`.
absl::Status ShowOnce(Invocation& run, const google::protobuf::Message& reply, const ApiKey& key,
                      const std::string& secret) {
  if (run.json()) return run.Show(reply, [] { return std::string(); });
  run.terminal.Note(StrCat("api key ", key.api_key_id(), " (", RoleName(key.role()),
                           "); it is not shown again:"));
  Print(secret + "\n");
  return absl::OkStatus();
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string name;
    std::string role = "member";
    std::string customer;
    int days = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a key; it is printed once");
  leaf->add_option("name", options->name, "What it is for")->required();
  leaf->add_option("--role", options->role, StrCat("What it may do: ", RoleNames()))
      ->capture_default_str();
  leaf->add_option("--customer-id", options->customer, "cus_…: only this customer's rows");
  leaf->add_option("--expires-in-days", options->days, "Ends by itself; 0: never")
      ->check(CLI::NonNegativeNumber);
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    auth::v1::CreateApiKeyRequest request;
    request.set_display_name(options->name);
    ASSIGN_OR_RETURN(const auth::v1::Role role, ParseRole(options->role));
    request.set_role(role);
    request.set_customer_id(options->customer);
    if (options->days > 0) {
      request.mutable_expire_time()->set_seconds(
          absl::ToUnixSeconds(absl::Now() + absl::Hours(24) * options->days));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ApiKeyService::Stub::CreateApiKey, request));
    return ShowOnce(run, reply, reply.api_key(), reply.secret());
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every key, without the key itself");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [limit](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &ApiKeyService::Stub::ListApiKeys,
                             auth::v1::ListApiKeysRequest(),
                             &auth::v1::ListApiKeysResponse::mutable_api_keys, *limit));
    return run.Show(reply, [&] {
      Table table({"KEY", "NAME", "ROLE", "STATE", "STARTS WITH", "CREATED", "EXPIRES"});
      for (const ApiKey& key : reply.api_keys()) {
        table.Add({key.api_key_id(), key.display_name(), RoleName(key.role()), StateOf(key),
                   key.prefix(), ToCell(key.create_time(), key.has_create_time()),
                   ToCell(key.expire_time(), key.has_expire_time())});
      }
      return table.ToString();
    });
  });
}

void AddRevoke(CLI::App* noun, Invocation& invocation) {
  auto id = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("revoke", "End a key everywhere, within 5 seconds");
  leaf->add_option("key_id", *id, "key_…")->required();
  OnRun(leaf, invocation, [id](Invocation& run) -> absl::Status {
    auth::v1::RevokeApiKeyRequest request;
    request.set_api_key_id(*id);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ApiKeyService::Stub::RevokeApiKey, request));
    return run.Show(reply, [&] { return StrCat("revoked ", *id, "\n"); });
  });
}

void AddRotate(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<auth::v1::RotateApiKeyRequest>();
  CLI::App* leaf = noun->add_subcommand("rotate", "Make a key's successor; it is printed once");
  leaf->add_option_function<std::string>(
          "key_id", [request](const std::string& id) { request->set_api_key_id(id); }, "key_…")
      ->required();
  leaf->add_option_function<int64_t>(
          "--overlap-seconds",
          [request](int64_t seconds) { request->set_overlap_seconds(seconds); },
          "How long the old key still works; at most 604800 (7 days)")
      ->check(CLI::Range(int64_t{0}, int64_t{604800}));
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, client->Call(&ApiKeyService::Stub::RotateApiKey, *request));
    return ShowOnce(run, reply, reply.api_key(), reply.secret());
  });
}

}  // namespace

void AddApiKeys(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "api-keys", "Credentials for a tenant's programs",
              "  kasbah --tenant ten_01h… api-keys create importer --role member > key\n"
              "  kasbah --tenant ten_01h… api-keys rotate key_01h… --overlap-seconds 3600\n"
              "  KASBAH_API_KEY=$(cat key) kasbah records list --collection orders");
  AddCreate(noun, invocation);
  AddList(noun, invocation);
  AddRevoke(noun, invocation);
  AddRotate(noun, invocation);
}

}  // namespace kasbah::cli
