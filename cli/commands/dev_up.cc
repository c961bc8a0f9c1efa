#include "cli/commands/dev_up.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/clock.h"
#include "cli/console/output.h"
#include "cli/demo/demo_tenant.h"
#include "cli/migrations.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/directory_lock.h"
#include "libs/dev/files.h"
#include "libs/dev/interrupt.h"
#include "libs/dev/process.h"
#include "libs/dev/supervisor.h"

namespace kasbah::cli {
namespace {

// Longer than the supervisor gives its services.
constexpr absl::Duration kDetachTimeout = absl::Seconds(120);

std::string WelcomeOf(const dev::Installation& installation, const DemoTenant& tenant,
                      const std::string& binaries) {
  Table table({"SERVICE", "gRPC (mutual TLS)", "PROBES AND METRICS"});
  for (const std::string& name : dev::ServiceNames()) {
    table.Add({name, installation.Address(name),
               StrCat("http://127.0.0.1:", installation.ports(name).admin_port, "/metrics")});
  }
  const std::string kasbah = StrCat("'", binaries, "/kasbah'");
  const std::string program =
      binaries.find(' ') == std::string::npos ? binaries + "/kasbah" : kasbah;
  // The commands below find the contexts beside them when the directory is the usual one.
  const bool usual = installation.directory() ==
                     dev::Installation::Load(".kasbah").value_or(installation).directory();
  const std::string prefix =
      usual ? program
            : StrCat("KASBAH_CONFIG='", installation.Path("contexts.yaml"), "' ", program);
  return StrCat(
      table.ToString(), "\n",
      ToString({{"operator", StrCat("context dev, certificate ",
                                    installation.CertificateDirectory(dev::kOperator))},
                {"demo tenant", StrCat("context demo, ", tenant.tenant_id, " (", tenant.slug, ")")},
                {"its API key", tenant.api_key_file},
                {"log", installation.log_file()}}),
      "\nTry:\n  ", prefix, " --context dev tenants list\n  ", prefix,
      " --context demo records create --collection notes --values '{\"title\": \"hello\", "
      "\"body\": "
      "\"only the vault can read this\"}'\n  ",
      prefix, " --context demo audit list\n");
}

absl::Status WaitForEnd(dev::Supervisor& supervisor, const dev::Interrupt& interrupt,
                        Terminal& terminal) {
  interrupt.Wait();
  terminal.Note("stopping");
  return supervisor.Stop();
}

// What the detached process said when it could not start.
absl::Status WhyItEnded(const std::string& output) {
  const auto text = dev::ReadFile(output);
  std::string last = text.ok() ? *text : std::string();
  while (!last.empty() && last.back() == '\n') last.pop_back();
  if (const size_t error = last.rfind("error: "); error != std::string::npos) {
    last = last.substr(error + 7);
  }
  return absl::FailedPreconditionError(last.empty() ? StrCat("it did not start; see ", output)
                                                    : last);
}

}  // namespace

absl::Status Up(Invocation& run, const UpOptions& options) {
  const dev::Interrupt interrupt;
  dev::Supervisor::Options start;
  start.directory = options.directory;
  start.binaries = run.binaries;
  start.migrations = AllMigrations();
  start.shards = options.shards;
  start.interrupt = &interrupt.notification();
  start.on_progress = [&](std::string_view line) { run.terminal.Progress(StrCat("  ", line)); };
  start.on_error = [&](std::string_view source, std::string_view line) {
    run.terminal.Note(StrCat(source, ": ", line));
  };
  const absl::Time begin = absl::Now();
  ASSIGN_OR_RETURN(const auto supervisor, dev::Supervisor::Start(std::move(start)));
  ASSIGN_OR_RETURN(const DemoTenant tenant, EnsureDemoTenant(supervisor->installation()));
  run.terminal.ClearProgress();
  Print(StrCat("Kasbah runs in ", supervisor->installation().directory(), " (ready after ",
               absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Milliseconds(100))),
               ")\n\n", WelcomeOf(supervisor->installation(), tenant, run.binaries),
               "\nCtrl-C ends it.\n"));
  return WaitForEnd(*supervisor, interrupt, run.terminal);
}

absl::Status UpDetached(Invocation& run, const UpOptions& options) {
  RETURN_IF_ERROR(dev::MakeDirectory(options.directory, dev::Installation::DirectoryMode()));
  RETURN_IF_ERROR(dev::MakeDirectory(options.directory + "/logs", 0700));
  const std::string lock = options.directory + "/lock";
  if (dev::DirectoryLock::Holder(lock).has_value()) return dev::DirectoryLock::Take(lock).status();
  const std::string output = options.directory + "/logs/supervisor.log";
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return dev::FileError("write", output, errno);
  dev::Process::Options child;
  child.arguments = {run.binaries + "/kasbah", "dev", "up", "--directory", options.directory};
  for (const std::string& shard : options.shards) {
    child.arguments.insert(child.arguments.end(), {"--shard", shard});
  }
  child.output = file;
  child.detached = true;
  auto process = dev::Process::Spawn(child);
  close(file);
  RETURN_IF_ERROR(process.status());
  const absl::Time deadline = absl::Now() + kDetachTimeout;
  run.terminal.Progress("  starting");
  while (absl::Now() < deadline) {
    if (process->Poll().has_value()) return WhyItEnded(output);
    const auto said = dev::ReadFile(output);
    // It says so when everything is ready, and then waits.
    if (said.ok() && said->find("Ctrl-C ends it.") != std::string::npos) {
      run.terminal.ClearProgress();
      Print(said->substr(0, said->find("Ctrl-C ends it.")));
      Print("End it with: kasbah dev down\n");
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Milliseconds(100));
  }
  process->Signal(SIGTERM);
  return absl::DeadlineExceededError(StrCat("not ready within 2 minutes; see ", output));
}

}  // namespace kasbah::cli
