#include "cli/commands/secrets.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/client/paging.h"
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
                   {"by", version.created_by()},
                   {"key version", StrCat(version.key_version())}});
}

std::string LabelsOf(const Secret& secret) {
  std::vector<std::string> labels;
  for (const auto& [name, value] : secret.labels()) labels.push_back(name + "=" + value);
  std::sort(labels.begin(), labels.end());
  return labels.empty() ? "-" : absl::StrJoin(labels, ",");
}

std::string Describe(const Secret& secret) {
  std::string text = ToString({{"secret", secret.secret_id()},
                               {"path", secret.path()},
                               {"labels", LabelsOf(secret)},
                               {"latest version", StrCat(secret.latest_version())},
                               {"created", ToCell(secret.create_time(), secret.has_create_time())},
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
    std::vector<std::string> labels;
    std::string from_file;
    bool empty = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand("create", "Make a secret with its first version");
  leaf->add_option("path", options->path, "prod/db-url")->required();
  leaf->add_option("--label", options->labels, "name=value; may be repeated");
  leaf->add_option("--from-file", options->from_file,
                   "Where the value is; otherwise standard input");
  leaf->add_flag("--empty", options->empty, "Without a version");
  OnRun(leaf, invocation, [options](Invocation& run) -> absl::Status {
    vault::v1::CreateSecretRequest request;
    request.set_path(options->path);
    for (const std::string& label : options->labels) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(label, absl::MaxSplits('=', 1));
      if (pair.first.empty() || label.find('=') == std::string::npos) {
        return absl::InvalidArgumentError(StrCat("--label ", label, ": say name=value"));
      }
      (*request.mutable_labels())[pair.first] = pair.second;
    }
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
  CLI::App* leaf = noun->add_subcommand("access", "Print a version's value; an event in the trail");
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
    ASSIGN_OR_RETURN(const auto reply,
                     client->Call(&SecretService::Stub::AccessSecretVersion, *request));
    if (crypto::Crc32c(reply.payload()) != reply.payload_crc32c()) {
      return absl::DataLossError(
          "the value was damaged on its way (its checksum differs); try again");
    }
    if (!out->empty()) return dev::WriteFile(*out, reply.payload(), 0600);
    return run.Show(reply, [&] {
      return run.terminal.stdout_is_terminal() ? reply.payload() + "\n" : reply.payload();
    });
  });
}

void AddGet(CLI::App* noun, Invocation& invocation) {
  auto secret = std::make_shared<std::string>();
  CLI::App* leaf = noun->add_subcommand("get", "A secret and its versions, without values");
  leaf->add_option("secret", *secret, "sec_… or its path")->required();
  OnRun(leaf, invocation, [secret](Invocation& run) -> absl::Status {
    vault::v1::GetSecretRequest request;
    request.set_secret(*secret);
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const Secret reply, client->Call(&SecretService::Stub::GetSecret, request));
    return run.Show(reply, [&] { return Describe(reply); });
  });
}

void AddList(CLI::App* noun, Invocation& invocation) {
  auto prefix = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(100);
  CLI::App* leaf = noun->add_subcommand("list", "Every secret, without values");
  leaf->add_option("--below", *prefix, "Only those below this path");
  AddLimit(leaf, limit.get());
  OnRun(leaf, invocation, [prefix, limit](Invocation& run) -> absl::Status {
    vault::v1::ListSecretsRequest request;
    request.set_path_prefix(*prefix);
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

void AddDestroy(CLI::App* noun, Invocation& invocation) {
  auto request = std::make_shared<vault::v1::DestroySecretVersionRequest>();
  CLI::App* leaf = noun->add_subcommand("destroy", "Destroy a version's value for good");
  leaf->add_option_function<std::string>(
          "secret", [request](const std::string& secret) { request->set_secret(secret); },
          "sec_… or its path")
      ->required();
  leaf->add_option_function<uint32_t>(
          "--version", [request](uint32_t version) { request->set_version(version); }, "Which")
      ->required();
  OnRun(leaf, invocation, [request](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(const SecretVersion version,
                     client->Call(&SecretService::Stub::DestroySecretVersion, *request));
    return run.Show(version, [&] { return Describe(version); });
  });
}

}  // namespace

void AddSecrets(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "secrets", "Versioned secrets of a tenant (API key)",
                           "  printf %s \"$URL\" | kasbah secrets create prod/db-url\n"
                           "  kasbah secrets add prod/db-url --from-file new-url\n"
                           "  kasbah secrets access prod/db-url --version 1\n"
                           "  kasbah secrets list --below prod");
  AddCreate(noun, invocation);
  AddAdd(noun, invocation);
  AddAccess(noun, invocation);
  AddGet(noun, invocation);
  AddList(noun, invocation);
  AddDestroy(noun, invocation);
}

}  // namespace kasbah::cli
