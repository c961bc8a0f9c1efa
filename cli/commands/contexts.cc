#include "cli/commands/contexts.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

nlohmann::json ToJsonObject(const Context& context, bool current) {
  return {{"name", context.name},
          {"current", current},
          {"file", context.file},
          {"trust_domain", context.trust_domain},
          {"tls_directory", context.tls_directory},
          {"tenant", context.tenant},
          {"api_key_file", context.api_key_file},
          {"addresses", context.addresses}};
}

absl::Status List(Invocation& run) {
  ASSIGN_OR_RETURN(const Contexts contexts, Contexts::Load());
  const std::string current =
      run.global.context.empty() ? contexts.CurrentName() : run.global.context;
  Table table({"CURRENT", "CONTEXT", "ACTS AS", "FILE"});
  nlohmann::json json = nlohmann::json::array();
  for (const Context& context : contexts.All()) {
    table.Add({context.name == current ? "*" : "", context.name,
               context.api_key_file.empty() ? "operator or workload" : "API key", context.file});
    json.push_back(ToJsonObject(context, context.name == current));
  }
  Print(run.json() ? json.dump(2) + "\n" : table.ToString());
  return absl::OkStatus();
}

absl::Status ShowOne(Invocation& run) {
  ASSIGN_OR_RETURN(const Contexts contexts, Contexts::Load());
  ASSIGN_OR_RETURN(const Context context, contexts.Find(run.global.context));
  if (run.json()) {
    Print(ToJsonObject(context, context.name == contexts.CurrentName()).dump(2) + "\n");
    return absl::OkStatus();
  }
  Properties properties = {{"context", context.name},
                           {"file", context.file},
                           {"trust domain", context.trust_domain},
                           {"certificates", context.tls_directory}};
  if (!context.tenant.empty()) properties.emplace_back("tenant", context.tenant);
  if (!context.api_key_file.empty()) properties.emplace_back("api key file", context.api_key_file);
  for (const auto& [service, address] : context.addresses)
    properties.emplace_back(service, address);
  Print(ToString(properties));
  return absl::OkStatus();
}

}  // namespace

void AddContexts(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "contexts", "Where the services are, and as whom they are called",
                           "  kasbah contexts list\n"
                           "  kasbah contexts use staging\n"
                           "  KASBAH_CONTEXT=demo kasbah records list --collection notes\n\n"
                           "A file of them (~/.config/kasbah/config.yaml, or $KASBAH_CONFIG):\n"
                           "  current: staging\n"
                           "  contexts:\n"
                           "    staging:\n"
                           "      trust_domain: example.com\n"
                           "      tls_directory: staging        # tls.crt, tls.key, ca.crt\n"
                           "      api_key_file: staging/api-key # a tenant's; operators have none\n"
                           "      addresses:\n"
                           "        auth: dns:///auth.example.com:9000\n"
                           "        vault: dns:///vault.example.com:9000");
  OnRun(noun->add_subcommand("list", "Every context"), invocation, List);
  OnRun(noun->add_subcommand("show", "The current one, or the one of --context"), invocation,
        ShowOne);
  auto name = std::make_shared<std::string>();
  CLI::App* use = noun->add_subcommand("use", "Make a context the current one");
  use->add_option("name", *name)->required();
  OnRun(use, invocation, [name](Invocation&) -> absl::Status {
    ASSIGN_OR_RETURN(Contexts contexts, Contexts::Load());
    RETURN_IF_ERROR(contexts.Use(*name));
    Print(StrCat("the current context is ", *name, "\n"));
    return absl::OkStatus();
  });
}

}  // namespace kasbah::cli
