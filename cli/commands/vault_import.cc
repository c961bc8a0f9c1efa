#include "cli/commands/vault_import.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "cli/import/kv_import.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/dev/files.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

using vault::v1::SecretService;
using Outcome = KvResult::Outcome;

struct Options {
  KvSourceOptions source;
  KvImportOptions import;
  std::string token_file;
};

// A token is never an argument: those stand in the shell's history and in every process list.
absl::StatusOr<std::string> ReadToken(const std::string& file) {
  if (!file.empty()) {
    ASSIGN_OR_RETURN(std::string token, ReadInput(file));
    const std::string stripped(absl::StripAsciiWhitespace(token));
    crypto::Wipe(token);
    if (stripped.empty()) return absl::InvalidArgumentError(StrCat(file, " is empty"));
    return stripped;
  }
  const char* token = std::getenv("VAULT_TOKEN");
  if (token == nullptr || *token == '\0') {
    return absl::InvalidArgumentError("set VAULT_TOKEN, or name a file with --token-file");
  }
  return std::string(token);
}

const char* NameOf(Outcome outcome, bool dry_run) {
  switch (outcome) {
    case Outcome::kCreated:
      return dry_run ? "would create" : "created";
    case Outcome::kExtended:
      return dry_run ? "would extend" : "extended";
    case Outcome::kUnchanged:
      return "unchanged";
    case Outcome::kRefused:
      return "refused";
  }
  return "";
}

// "1-3,5"; with their numbers at the source where these differ: "1-3 (of 9-11)".
std::string VersionsOf(const KvResult& result, bool placeholders) {
  struct Range {
    uint32_t first;
    uint32_t last;
    uint32_t offset;
  };
  std::vector<Range> ranges;
  for (const KvVersionResult& version : result.versions) {
    if (version.is_placeholder != placeholders) continue;
    if (!ranges.empty() && ranges.back().last + 1 == version.version) {
      ranges.back().last = version.version;
    } else {
      ranges.push_back(
          {version.version, version.version, version.source_version - version.version});
    }
  }
  if (ranges.empty()) return "-";
  std::vector<std::string> texts, sources;
  const auto text_of = [](uint32_t first, uint32_t last) {
    return first == last ? StrCat(first) : StrCat(first, "-", last);
  };
  for (const Range& range : ranges) {
    texts.push_back(text_of(range.first, range.last));
    sources.push_back(text_of(range.first + range.offset, range.last + range.offset));
  }
  const std::string text = absl::StrJoin(texts, ",");
  return ranges.front().offset == 0 ? text
                                    : StrCat(text, " (of ", absl::StrJoin(sources, ","), ")");
}

std::string ReportAsTable(const KvReport& report, bool dry_run) {
  Table table({"SOURCE", "PATH", "OUTCOME", "VERSIONS", "WITHOUT VALUE"});
  size_t versions = 0;
  for (const KvResult& result : report.results) {
    for (const KvVersionResult& version : result.versions) {
      if (!version.is_placeholder) ++versions;
    }
    if (result.outcome == Outcome::kUnchanged && result.notes.empty()) continue;
    table.Add({result.source, result.path.empty() ? "-" : result.path,
               NameOf(result.outcome, dry_run), VersionsOf(result, false),
               VersionsOf(result, true)});
  }
  const std::string would = dry_run ? "would be " : "";
  return StrCat(table.empty() ? "" : table.ToString() + "\n", report.Count(Outcome::kCreated),
                " secrets ", would, "created, ", report.Count(Outcome::kExtended), " extended, ",
                report.Count(Outcome::kUnchanged), " unchanged, ", report.Count(Outcome::kRefused),
                " refused; ", versions, " versions ", would, "added\n");
}

std::string ReportAsJson(const KvReport& report, bool dry_run) {
  nlohmann::json secrets = nlohmann::json::array();
  for (const KvResult& result : report.results) {
    nlohmann::json versions = nlohmann::json::array();
    for (const KvVersionResult& version : result.versions) {
      versions.push_back({{"source_version", version.source_version},
                          {"version", version.version},
                          {"source_created_time", version.created_time},
                          {"without_value", version.is_placeholder}});
    }
    // What would be done has the name of what is done, and dry_run beside it.
    secrets.push_back({{"source", result.source},
                       {"path", result.path},
                       {"outcome", NameOf(result.outcome, false)},
                       {"versions", versions},
                       {"notes", result.notes},
                       {"problem", result.problem}});
  }
  const nlohmann::json json = {{"dry_run", dry_run}, {"secrets", secrets}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

KvTarget TargetOf(Client* client) {
  using Stub = SecretService::Stub;
  const auto calls = [client](auto method) {
    return [client, method](const auto& request) { return client->Call(method, request); };
  };
  return {.get = calls(&Stub::GetSecret),
          .create = calls(&Stub::CreateSecret),
          .add = calls(&Stub::AddSecretVersion),
          .access = calls(&Stub::AccessSecretVersion),
          .destroy = calls(&Stub::DestroySecretVersion)};
}

absl::Status Run(Invocation& run, const Options& options) {
  KvSourceOptions source_options = options.source;
  ASSIGN_OR_RETURN(source_options.token, ReadToken(options.token_file));
  ASSIGN_OR_RETURN(const std::unique_ptr<KvSource> source, KvSource::Create(source_options));
  crypto::Wipe(source_options.token);
  ASSIGN_OR_RETURN(Client * client, run.client());
  KvImportOptions import = options.import;
  import.on_progress = [&](size_t done, size_t total) {
    run.terminal.Progress(StrCat("  ", done, " of ", total, " secrets"));
};
import.on_result = [&](const KvResult& result) {
  for (const std::string& note:result.notes) {
    run.terminal.Note(StrCat(result.source, ": ", note));
}  // namespace
if (!result.problem.empty()) {
  run.terminal.Note(StrCat(result.source, ": refused: ", result.problem));
}
};  // namespace kasbah::cli
run.terminal.Progress("  listing …");
const absl::StatusOr<KvReport> report = ImportKv(*source, TargetOf(client), import);
run.terminal.ClearProgress();
RETURN_IF_ERROR(report.status());
Print(run.json() ? ReportAsJson(*report, import.dry_run) : ReportAsTable(*report, import.dry_run));
if (const size_t refused = report->Count(Outcome::kRefused); refused > 0) {
  return absl::FailedPreconditionError(
      StrCat(refused, " were not imported whole; mend what is said above and run it again"));
}
return absl::OkStatus();
}

}  // namespace

void AddVault(CLI::App& root, Invocation& invocation) {
  CLI::App* noun =
      AddNoun(root, "vault", "Move secrets in from another vault (API key, registered)",
              "  kasbah vault import --address https://vault.example.com:8200 "
              "--token-file ~/.vault-token --dry-run");
  auto options = std::make_shared<Options>();
  CLI::App* leaf = noun->add_subcommand(
      "import", "Copy secrets with their versions from HashiCorp Vault or OpenBao (KV version 2)");
  leaf->add_option("--address", options->source.address,
                   "Of the server: https, or http on loopback ($VAULT_ADDR)")
      ->envname("VAULT_ADDR")
      ->required();
  leaf->add_option("--ca-file", options->source.ca_file,
                   "PEM file of roots to trust instead of the system's ($VAULT_CACERT)")
      ->envname("VAULT_CACERT");
  leaf->add_option("--token-file", options->token_file,
                   "Where the token is, - for standard input; otherwise $VAULT_TOKEN");
  leaf->add_option("--namespace", options->source.name_space, "X-Vault-Namespace")
      ->envname("VAULT_NAMESPACE");
  leaf->add_option("--mount", options->source.mount, "Where the KV engine is")
      ->capture_default_str();
  leaf->add_option("--path", options->import.path, "Only this secret, and those below it");
  leaf->add_option("--to", options->import.to, "Put this before every path here: imported");
  leaf->add_flag("--split", options->import.split,
                 "A secret for each key: app/db with password and user becomes app/db/password\n"
                 "and app/db/user. Otherwise a secret holds its keys as one JSON object");
  leaf->add_flag("--dry-run", options->import.dry_run, "Say what would happen; nothing is written");
  leaf->footer(
      "The token needs list and read on MOUNT/metadata/* and read on MOUNT/data/*; it is never an\n"
      "argument. Versions keep their order and, where the source still knows them, their numbers;\n"
      "deleted and destroyed ones come without a value. Custom metadata becomes labels.\n\n"
      "Run it as often as you like: what is there is compared, and only what is new is added; so "
      "an\n"
      "import that was broken off goes on. Nothing at the source is changed.\n\n"
      "Exit status: 1 when a secret was refused; the others are in.\n\n"
      "Examples:\n"
      "  kasbah vault import --address https://vault.example.com:8200 --token-file ~/.vault-token "
      "--dry-run\n"
      "  kasbah vault import --address https://bao.internal:8200 --ca-file ca.pem --namespace team "
      "--mount kv --path prod --to imported\n"
      "  kasbah vault import --address $VAULT_ADDR --split -o json > report.json");
  OnRun(leaf, invocation, [options](Invocation& run) { return Run(run, *options); });
}

}  // namespace kasbah::cli
