#include "cli/commands/app.h"

#include "cli/client/failure.h"
#include "cli/commands/api_keys.h"
#include "cli/commands/audit.h"
#include "cli/commands/collections.h"
#include "cli/commands/completion.h"
#include "cli/commands/contexts.h"
#include "cli/commands/customers.h"
#include "cli/commands/databases.h"
#include "cli/commands/dev.h"
#include "cli/commands/domains.h"
#include "cli/commands/files.h"
#include "cli/commands/incidents.h"
#include "cli/commands/keys.h"
#include "cli/commands/leases.h"
#include "cli/commands/members.h"
#include "cli/commands/migrate.h"
#include "cli/commands/placement.h"
#include "cli/commands/records.h"
#include "cli/commands/rewraps.h"
#include "cli/commands/rights.h"
#include "cli/commands/run.h"
#include "cli/commands/seals.h"
#include "cli/commands/secrets.h"
#include "cli/commands/shred.h"
#include "cli/commands/status.h"
#include "cli/commands/tenant_seal.h"
#include "cli/commands/tenants.h"
#include "cli/commands/usage.h"
#include "cli/commands/vault_import.h"
#include "cli/commands/webhooks.h"
#include "cli/commands/workloads.h"
#include "cli/console/completion.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

void AddGlobalOptions(CLI::App& app, GlobalOptions& global) {
  app.add_option("-o,--output", global.output, "table, or json for programs")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--context", global.context, "Where the services are and as whom they are called")
      ->envname("KASBAH_CONTEXT");
  app.add_option("--tenant", global.tenant, "ten_…: for whom an operator acts");
  app.add_option("--customer", global.customer, "cus_…: narrow the call to one customer");
  app.add_option("--timeout", global.timeout_seconds, "Seconds that a call may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
}

int Complete(const std::vector<std::string>& words) {
  Invocation invocation;
  const std::unique_ptr<CLI::App> app = BuildApp(invocation);
  std::vector<std::string> names;
  if (const auto contexts = Contexts::Load(); contexts.ok()) {
    for (const Context& context : contexts->All()) names.push_back(context.name);
  }
  for (const std::string& candidate : Candidates(*app, words, names)) Print(candidate + "\n");
  return kExitOk;
}

}  // namespace

std::unique_ptr<CLI::App> BuildApp(Invocation& invocation) {
  auto app = std::make_unique<CLI::App>(
      "Kasbah: tenants, secrets, data, webhooks and an audit trail that can be checked.", "kasbah");
  // Global options may stand after the command as well.
  app->fallthrough();
  app->require_subcommand(1);
  app->set_version_flag("--version", "kasbah " KASBAH_VERSION);
  app->footer(
      "Start here:\n"
      "  kasbah dev up                    everything on this machine, with a demo tenant\n"
      "  kasbah tenants list              as its operator\n"
      "  kasbah --context demo status     as its demo tenant\n\n"
      "Exit status: 0; 1 for something on this side (arguments, files, a check that failed); 2 "
      "when a\n"
      "service refused, failed or did not answer.");
  AddGlobalOptions(*app, invocation.global);
  AddDev(*app, invocation);
  AddTenants(*app, invocation);
  AddPlacement(*app, invocation);
  AddUsage(*app, invocation);
  AddCustomers(*app, invocation);
  AddDomains(*app, invocation);
  AddMembers(*app, invocation);
  AddApiKeys(*app, invocation);
  AddWorkloads(*app, invocation);
  AddSecrets(*app, invocation);
  AddRun(*app, invocation);
  AddDatabases(*app, invocation);
  AddLeases(*app, invocation);
  AddVault(*app, invocation);
  AddKeys(*app, invocation);
  AddRewraps(*app, invocation);
  AddSeals(*app, invocation);
  AddTenantSeal(*app, invocation);
  AddShred(*app, invocation);
  AddCollections(*app, invocation);
  AddRecords(*app, invocation);
  AddFiles(*app, invocation);
  AddRights(*app, invocation);
  AddWebhooks(*app, invocation);
  AddAudit(*app, invocation);
  AddIncidents(*app, invocation);
  AddStatus(*app, invocation);
  AddContexts(*app, invocation);
  AddMigrate(*app, invocation);
  AddCompletion(*app, invocation);
  return app;
}

int RunCommandLine(const std::vector<std::string>& arguments, const std::string& binaries) {
  if (!arguments.empty() && arguments.front() == kCompleteCommand) {
    return Complete({arguments.begin() + 1, arguments.end()});
  }
  Invocation invocation;
  invocation.binaries = binaries;
  const std::unique_ptr<CLI::App> app = BuildApp(invocation);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app->parse(reversed);
  } catch (const CLI::ParseError& error) {
    // Help and version come this way too, and are no errors.
    return app->exit(error) == 0 ? kExitOk : kExitLocal;
  }
  const absl::Status status = invocation.action(invocation);
  if (!status.ok()) invocation.terminal.Error(Explain(status));
  return status.ok() ? invocation.exit_code : ExitCodeOf(status);
}

}  // namespace kasbah::cli
