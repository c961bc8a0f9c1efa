#include "cli/commands/secrets.h"

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/client/paging.h"
#include "cli/commands/named_call.h"
#include "cli/commands/run.h"
#include "cli/commands/secret_access.h"
#include "cli/commands/secret_settings.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

using vault::v1::Secret;
using vault::v1::SecretService;
using vault::v1::SecretVersion;

std::string StateOf(const SecretVersion& version) {
  return EnumName(*SecretVersion::State_descriptor(), version.state());
}

std::string Describe(const SecretVersion& version) {
  return ToString({{"secret", version.secret_id()},
                   {"version", StrCat(version.version())},
                   {"state", StateOf(version)},
                   {"created", ToCell(version.create_time(), version.has_create_time())},
                   {"destroy time", ToCell(version.destroy_time(), version.has_destroy_time())},
                   {"by", version.created_by()},
                   {"key version", StrCat(version.key_version())}});
}

std::string LabelsOf(const Secret& secret) {
  std::vector<std::string> labels;
  for (const auto& [name, value] : secret.labels()) labels.push_back(name + "=" + value);
  std::sort(labels.begin(), labels.end());
  return labels.empty() ? "-" : absl::StrJoin(labels, ",");
}

std::string RotationOf(const Secret& secret) {
  if (!secret.has_rotation()) return "-";
  return StrCat("every ", ToCell(secret.rotation().period(), true), ", next ",
                ToCell(secret.rotation().next_time(), true));
}

std::string GrantsOf(const Secret& secret) {
  std::vector<std::string> grants;
  for (const auto& grant : secret.grants()) {
    grants.push_back(StrCat(
        grant.actor(), grant.access() == vault::v1::SecretGrant::ACCESS_WRITE ? " (write)" : ""));
  }
  if (!secret.restricted()) return "everybody whose role permits it";
  return grants.empty() ? "whom its grants name" : absl::StrJoin(grants, ", ");
}

std::string Describe(const Secret& secret) {
  std::string text = ToString({{"secret", secret.secret_id()},
                               {"path", secret.path()},
                               {"labels", LabelsOf(secret)},
                               {"latest version", StrCat(secret.latest_version())},
                               {"created", ToCell(secret.create_time(), secret.has_create_time())},
                               {"expires", ToCell(secret.expire_time(), secret.has_expire_time())},
                               {"rotation", RotationOf(secret)},
                               {"destroy delay", ToCell(secret.version_destroy_delay(),
                                                        secret.has_version_destroy_delay())},
                               {"deleted", ToCell(secret.delete_time(), secret.has_delete_time())},
                               {"for", GrantsOf(secret)},
                               {"etag", secret.etag()}});
  if (secret.versions().empty()) return text;
  Table table({"VERSION", "STATE", "CREATED", "BY", "KEY VERSION"});
  for (const SecretVersion& version : secret.versions()) {
    table.Add({StrCat(version.version()), StateOf(version),
               ToCell(version.create_time(), version.has_create_time()), version.created_by(),
               StrCat(version.key_version())});
  }
  return text + "\n" + table.ToString();
}

// A value is never an argument: those stand in the shell's history and in every process list.
absl::StatusOr<std::string> ReadValue(const std::string& from_file) {
  ASSIGN_OR_RETURN(std::string value,
                   from_file.empty() ? ReadSecretInput("value") : ReadInput(from_file));
  if (value.empty()) return absl::InvalidArgumentError("the value is empty");
  return value;
}

absl::StatusOr<SecretVersion> AddVersion(Client& client, const std::string& secret,
                                         const std::string& etag, std::string value) {
  vault::v1::AddSecretVersionRequest request;
  request.set_secret(secret);
  request.set_etag(etag);
  request.set_payload_crc32c(crypto::Crc32c(value));
  request.set_payload(std::move(value));
  return client.Call(&SecretService::Stub::AddSecretVersion, request);
}

void AddCreate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string path;
    SecretSettings settings;
    std::string from_file;
    bool empty = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a secret with its first version");
  leaf->add_option("path", options->path, "prod/db-url")->required();
  options->settings.AddTo(leaf);
  leaf->add_option("--from-file", options->from_file,
                   "Where the value is; otherwise standard input");
  leaf->add_flag("--empty", options->empty, "Without a version");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::CreateSecretRequest request;
    request.set_path(options->path);
    std::vector<std::string> given;
    RETURN_IF_ERROR(FillSettings(options->settings, &request, &given));
    std::string value;
    if (!options->empty) {
      ASSIGN_OR_RETURN(value, ReadValue(options->from_file));
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(Secret secret, client->Call(&SecretService::Stub::CreateSecret, request));
    if (!options->empty) {
      ASSIGN_OR_RETURN(const SecretVersion version,
                       AddVersion(*client, secret.secret_id(), "", std::move(value)));
      secret.set_latest_version(version.version());
      *secret.add_versions() = version;
    }
    return run.Show(secret, [&] { return Describe(secret); });
  });
}

void AddAdd(CLI::App* noun, Invocation& invocation) {
  auto secret = std::make_shared<std::string>();
  auto from_file = std::make_shared<std::string>();
  auto etag = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("add", "Add the next version");
  leaf->add_option("secret", *secret, "sec_… or its path")->required();
  leaf->add_option("--from-file", *from_file, "Where the value is; otherwise standard input");
  leaf->add_option("--etag", *etag, "Only if the secret still is as this etag says");
  OnRun(leaf, invocation, [secret, from_file, etag](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(std::string value, ReadValue(*from_file));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const SecretVersion version,
                     AddVersion(*client, *secret, *etag, std::move(value)));
    return run.Show(version, [&] { return Describe(version); });
  });
}

void AddAccess(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::AccessSecretVersionRequest>();
  auto out = std::make_shared<std::string>();
  CLI::App* leaf =
      noun->add_subcommand("access", "Print a version's value, to a registered program");
  leaf->add_option_function<std::string>(
          "secret", [request](const std::string& secret) { request->set_secret(secret); },
          "sec_… or its path")
      ->required();
  leaf->add_option_function<uint32_t>(
      "--version", [request](uint32_t version) { request->set_version(version); },
      "Which; the latest when left out");
  leaf->add_option("--out", *out, "Write it to this file (mode 0600) instead");
  OnRun(leaf, invocation, [request, out](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply, AccessSecret(*client, *request));
    if (!out->empty()) return dev::WriteFile(*out, reply.payload(), 0600);
    return run.Show(reply, [&] {
      return run.terminal.stdout_is_terminal() ? reply.payload() + "\n" : reply.payload();
    });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto prefix = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(100);
  auto settings = std::make_shared<SecretSettings>();
  auto deleted = std::make_shared<bool>(false);
  CLI::App* leaf = noun->add_subcommand("list", "Every secret, without values");
  leaf->add_option("--below", *prefix, "Only those below this path, at any depth");
  leaf->add_option("--label", settings->labels, "Only those with name=value; may be repeated");
  leaf->add_flag("--deleted", *deleted, "Those that were deleted and can be had back");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [=](Invocation& run) -> absl::Status {
    vault::v1::ListSecretsRequest request;
    request.set_path_prefix(*prefix);
    request.set_deleted(*deleted);
    RETURN_IF_ERROR(FillLabels(settings->labels, &request));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const auto reply,
                     ListAll(*client, Client::Scope::kTenant, &SecretService::Stub::ListSecrets,
                             request, &vault::v1::ListSecretsResponse::mutable_secrets, *limit));
    return run.Show(reply, [&] {
      Table table({"SECRET", "PATH", "LATEST", "LABELS", "CREATED"});
      for (const Secret& secret : reply.secrets()) {
        table.Add({secret.secret_id(), secret.path(), StrCat(secret.latest_version()),
                   LabelsOf(secret), ToCell(secret.create_time(), secret.has_create_time())});
      }
      return table.ToString();
    });
  });
}

void AddUpdate(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string secret;
    std::string etag;
    SecretSettings settings;
    std::vector<std::string> clear;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("update", "Change a secret's settings, not its value");
  leaf->add_option("secret", options->secret, "sec_… or its path")->required();
  options->settings.AddTo(leaf);
  leaf->add_option("--clear", options->clear, "A setting to go back to none")
      ->check(CLI::IsMember({"labels", "expire_time", "rotation", "version_destroy_delay"}));
  leaf->add_option("--etag", options->etag, "Only if the secret still is as this etag says");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::UpdateSecretRequest request;
    request.set_secret(options->secret);
    request.set_etag(options->etag);
    std::vector<std::string> given = options->clear;
    RETURN_IF_ERROR(FillSettings(options->settings, &request, &given));
    if (given.empty()) return absl::InvalidArgumentError("say what to change: see --help");
    for (const std::string& name : given) request.mutable_update_mask()->add_paths(name);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Secret secret,
                     client->Call(&SecretService::Stub::UpdateSecret, request));
    return run.Show(secret, [&] { return Describe(secret); });
  });
}

void AddGrants(CLI::App* noun, Invocation& invocation) {
  struct Options {
    std::string secret;
    std::vector<std::string> read;
    std::vector<std::string> write;
    bool everybody = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf =
      noun->add_subcommand("grant", "Say who alone may use a secret (operator or owner)");
  leaf->add_option("secret", options->secret, "sec_… or its path")->required();
  leaf->add_option("--read", options->read,
                   "usr_…, key_… or wkl_… that may read it; may be repeated");
  leaf->add_option("--write", options->write, "…that may change it too; may be repeated");
  leaf->add_flag("--everybody", options->everybody, "Everybody whose role permits it, as at first");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::SetSecretGrantsRequest request;
    request.set_secret(options->secret);
    const auto add = [&](const std::vector<std::string>& actors,
                         vault::v1::SecretGrant::Access access) {
      for (const std::string& actor : actors) {
        auto* grant = request.add_grants();
        grant->set_actor(actor);
        grant->set_access(access);
      }
    };
    add(options->read, vault::v1::SecretGrant::ACCESS_READ);
    add(options->write, vault::v1::SecretGrant::ACCESS_WRITE);
    if (request.grants().empty() != options->everybody) {
      return absl::InvalidArgumentError("say --read and --write, or --everybody");
    }
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Secret secret,
                     client->Call(&SecretService::Stub::SetSecretGrants, request));
    return run.Show(secret, [&] { return Describe(secret); });
  });
}

}  // namespace

void AddSecrets(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "secrets", "Versioned secrets of a tenant (API key)",
                           "  printf %s \"$URL\" | kasbah secrets create prod/db-url\n"
                           "  kasbah secrets add prod/db-url --from-file new-url\n"
                           "  kasbah secrets access prod/db-url --version 1\n"
                           "  kasbah secrets list --below prod");
  const auto add = [&](const char* verb, const char* help, auto method) {
    AddNamedCall(noun, invocation, verb, help, {"secret", "sec_… or its path"}, method, &Describe);
  };
  AddCreate(noun, invocation);
  AddAdd(noun, invocation);
  AddAccess(noun, invocation);
  using Stub = SecretService::Stub;
  add("get", "A secret and its versions, without values", &Stub::GetSecret);
  AddList(noun, invocation);
  AddUpdate(noun, invocation);
  AddGrants(noun, invocation);
  AddRender(noun, invocation);
  add("delete", "Delete a secret; it can be had back for 30 days", &Stub::DeleteSecret);
  add("undelete", "Have a deleted secret back", &Stub::UndeleteSecret);
  add("version", "One version, without its value", &Stub::GetSecretVersion);
  add("disable", "Let nobody read a version", &Stub::DisableSecretVersion);
  add("enable", "Let a version be read again, or call off its destruction",
      &Stub::EnableSecretVersion);
  add("destroy", "Destroy a version's value, after the secret's delay",
      &Stub::DestroySecretVersion);
}

}  // namespace kasbah::cli
