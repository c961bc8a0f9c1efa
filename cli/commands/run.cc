#include "cli/commands/run.h"

#include <optional>

#include "cli/commands/secret_access.h"
#include "cli/inject/child.h"
#include "cli/inject/secret_files.h"
#include "cli/inject/secret_spec.h"
#include "cli/inject/template.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/files.h"

namespace kasbah::cli {
namespace {

absl::StatusOr<std::string> Access(Client& client, const SecretSpec& spec) {
  vault::v1::AccessSecretVersionRequest request;
  request.set_secret(spec.secret);
  request.set_version(spec.version);
  ASSIGN_OR_RETURN(auto reply, AccessSecret(client, request));
  return std::move(*reply.mutable_payload());
}

struct RunOptions {
  std::vector<std::string> variables;
  std::vector<std::string> files;
  std::vector<std::string> command;
};

absl::Status RunProgram(Invocation& run, const RunOptions& options) {
  std::vector<SecretSpec> variables, in_files;
  for (const auto& [texts, specs] :
       {std::pair(&options.variables, &variables), std::pair(&options.files, &in_files)}) {
    for (const std::string& text : *texts) {
      ASSIGN_OR_RETURN(SecretSpec spec, ParseSecretSpec(text));
      specs->push_back(std::move(spec));
    }
  }
  std::map<std::string, std::string> environment;
  const auto add = [&](const std::string& name, std::string value) -> absl::Status {
    if (environment.emplace(name, std::move(value)).second) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat(name, " is named twice"));
  };
  ASSIGN_OR_RETURN(Client * client, run.client());
  for (const SecretSpec& spec : variables) {
    ASSIGN_OR_RETURN(std::string value, Access(*client, spec));
    if (value.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          StrCat(spec.secret, " holds a zero byte, which no variable can: use --secret-file"));
    }
    RETURN_IF_ERROR(add(spec.name, std::move(value)));
  }
  std::optional<SecretFiles> files;
  for (const SecretSpec& spec : in_files) {
    if (!files) {
      ASSIGN_OR_RETURN(SecretFiles made, SecretFiles::Make());
      files.emplace(std::move(made));
    }
    ASSIGN_OR_RETURN(const std::string value, Access(*client, spec));
    ASSIGN_OR_RETURN(std::string path, files->Write(spec.name, value));
    RETURN_IF_ERROR(add(spec.name, std::move(path)));
  }
  ASSIGN_OR_RETURN(run.exit_code, RunChild(options.command, environment));
  return absl::OkStatus();
}

}  // namespace

void AddRun(CLI::App& root, Invocation& invocation) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* leaf = root.add_subcommand("run", "A program with secrets in its environment");
  leaf->footer(
      "The program gets signals and the terminal as if it had been started itself, and its exit\n"
      "status is ours. KASBAH_API_KEY is not passed on. The context's certificate must be that of\n"
      "a workload that the tenant registered (kasbah workloads create); no API key is needed.\n\n"
      "Examples:\n"
      "  kasbah run --secret DB_URL=prod/db-url -- ./server --port 8080\n"
      "  kasbah run --secret-file TLS_KEY=prod/tls-key@3 -- sh -c 'openssl pkey -in $TLS_KEY'");
  leaf->add_option("--secret", options->variables,
                   "NAME=secret or NAME=secret@version: the value in a variable; may be repeated")
      ->allow_extra_args(false);
  leaf->add_option("--secret-file", options->files,
                   "The same in a file in memory, whose path is in the variable; may be repeated")
      ->allow_extra_args(false);
  leaf->add_option("command", options->command, "The program and its arguments, after --")
      ->required();
  OnRun(leaf, invocation, [options](Invocation& run) { return RunProgram(run, *options); });
}

void AddRender(CLI::App* secrets, Invocation& invocation) {
  auto input = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  CLI::App* leaf = secrets->add_subcommand("render", "Fill a template's places with values");
  leaf->footer(
      "Places: {{ secret \"prod/db-url\" }}, {{ secret \"prod/db-url\" 3 }}, and with | json or\n"
      "| base64 at the end. {{ \"{{\" }} is text as it is.");
  leaf->add_option("template", *input, "A file; - is standard input")->required();
  leaf->add_option("--out", *out, "Write it to this file (mode 0600) instead");
  OnRun(leaf, invocation, [input, out](Invocation& run) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(*input));
    ASSIGN_OR_RETURN(Client * client, run.client());
    ASSIGN_OR_RETURN(
        const std::string rendered,
        RenderTemplate(text, [client](const SecretSpec& spec) { return Access(*client, spec); }));
    if (!out->empty()) return dev::WriteFile(*out, rendered, 0600);
    Print(rendered);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::cli
