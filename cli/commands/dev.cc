#include "cli/commands/dev.h"

#include <signal.h>

#include "absl/time/clock.h"
#include "cli/commands/dev_up.h"
#include "cli/migrations.h"
#include "cli/tour/tour.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/directory_lock.h"
#include "libs/dev/files.h"
#include "libs/dev/installation.h"
#include "libs/dev/interrupt.h"
#include "libs/dev/probe.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

constexpr char kDirectory[] = ".kasbah";

void AddDirectory(CLI::App* leaf, std::string* directory) {
  leaf->add_option("--directory", *directory, "Where everything is kept")->capture_default_str();
}

void AddUp(CLI::App* noun, Invocation& invocation) {
  auto options = std::make_shared<UpOptions>();
  options->directory = kDirectory;
  CLI::App* leaf = noun->add_subcommand("up", "Start everything on this machine");
  AddDirectory(leaf, &options->directory);
  leaf->add_flag("--detach", options->detach, "Leave it running in the background");
  leaf->add_option("--shard", options->shards,
                   "A name: one more database that tenants' records can be moved to");
  leaf->footer(
      "PostgreSQL, a certificate authority, the five services and a demo tenant, all in one "
      "directory.\n"
      "A service that ends is restarted. Ctrl-C, or kasbah dev down, ends everything in order.");
  OnRun(leaf, invocation, [options](Invocation& run) {
    return options->detach ? UpDetached(run, *options) : Up(run, *options);
  });
}

absl::Status Down(Invocation& run, const std::string& directory) {
  const std::string lock = directory + "/lock";
  const std::optional<pid_t> holder = dev::DirectoryLock::Holder(lock);
  if (!holder.has_value()) {
    Print(StrCat("nothing runs in ", directory, "\n"));
    return absl::OkStatus();
  }
  run.terminal.Progress(StrCat("  stopping process ", *holder));
  if (*holder <= 0 || kill(*holder, SIGTERM) != 0) {
    return absl::FailedPreconditionError(StrCat("process ", *holder, " runs in ", directory,
                                                " and cannot be signalled; is it yours?"));
  }
  const bool ended = dev::DirectoryLock::WaitUntilFree(lock, absl::Now() + absl::Seconds(60));
  run.terminal.ClearProgress();
  if (!ended) {
    return absl::DeadlineExceededError(StrCat("process ", *holder, " did not end within 60 s"));
  }
  Print(StrCat("stopped what ran in ", directory, "\n"));
  return absl::OkStatus();
}

void AddDown(CLI::App* noun, Invocation& invocation) {
  auto directory = std::make_shared<std::string>(kDirectory);
  CLI::App* leaf = noun->add_subcommand("down", "Stop what runs in a directory, and wait for it");
  AddDirectory(leaf, directory.get());
  OnRun(leaf, invocation, [directory](Invocation& run) { return Down(run, *directory); });
}

// What the supervisor last wrote about its children; empty while it writes.
nlohmann::json ReadState(const dev::Installation& installation) {
  const auto text = dev::ReadFile(installation.state_file());
  if (!text.ok()) return nlohmann::json::object();
  nlohmann::json state = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return state.is_object() && state.contains("services") ? state : nlohmann::json::object();
}

absl::Status Status(Invocation& run, const std::string& directory) {
  ASSIGN_OR_RETURN(const dev::Installation installation, dev::Installation::Load(directory));
  const std::optional<pid_t> holder = dev::DirectoryLock::Holder(installation.lock_file());
  if (!holder.has_value()) {
    return absl::FailedPreconditionError(
        StrCat("nothing runs in ", installation.directory(), "; start it with: kasbah dev up"));
  }
  const nlohmann::json state = ReadState(installation);
  Table table({"SERVICE", "ADDRESS", "PID", "RESTARTS", "STATE"});
  nlohmann::json json = nlohmann::json::array();
  bool all_ready = true;
  for (const std::string& name : dev::ServiceNames()) {
    const dev::ProbeAnswer answer = dev::Probe(installation.ports(name).admin_port, "/readyz");
    const std::string ready = answer.status == 200 ? "ready"
                              : answer.status == 0 ? "does not answer"
                                                   : answer.body;
    all_ready &= answer.status == 200;
    const nlohmann::json service = state.contains("services")
                                       ? state["services"].value(name, nlohmann::json::object())
                                       : nlohmann::json::object();
    const int pid = service.value("pid", 0);
    const int restarts = service.value("restarts", 0);
    table.Add({name, installation.Address(name), StrCat(pid), StrCat(restarts), ready});
    json.push_back({{"service", name},
                    {"address", installation.Address(name)},
                    {"admin_port", installation.ports(name).admin_port},
                    {"pid", pid},
                    {"restarts", restarts},
                    {"state", ready}});
  }
  if (run.json()) {
    Print(json.dump(2) + "\n");
  } else {
    Print(StrCat(table.ToString(), "\nsupervisor ", *holder, ", log ", installation.log_file(),
                 "\n"));
  }
  return all_ready ? absl::OkStatus() : absl::UnavailableError("not everything is ready");
}

void AddStatusOfRun(CLI::App* noun, Invocation& invocation) {
  auto directory = std::make_shared<std::string>(kDirectory);
  CLI::App* leaf =
      noun->add_subcommand("status", "What runs in a directory, and whether it is ready");
  AddDirectory(leaf, directory.get());
  OnRun(leaf, invocation, [directory](Invocation& run) { return Status(run, *directory); });
}

void AddTour(CLI::App* noun, Invocation& invocation) {
  auto directory = std::make_shared<std::string>(std::string(kDirectory) + "/demo");
  CLI::App* leaf = noun->add_subcommand("tour", "Start everything and walk through what it does");
  AddDirectory(leaf, directory.get());
  leaf->footer(
      "Eight steps of real calls, a line each: what was done, what came back, how long it took. "
      "Ends\n"
      "with 0 only if every step held. What it made stays in the directory; each tour makes "
      "tenants\n"
      "of its own.");
  OnRun(leaf, invocation, [directory](Invocation& run) -> absl::Status {
    dev::Interrupt interrupt;
    TourOptions options;
    options.directory = *directory;
    options.binaries = run.binaries;
    options.migrations = AllMigrations();
    return RunTour(options, run.terminal, interrupt);
  });
}

}  // namespace

void AddDev(CLI::App& root, Invocation& invocation) {
  CLI::App* noun = AddNoun(root, "dev", "Everything on this machine, for development",
                           "  kasbah dev up              in this terminal, until Ctrl-C\n"
                           "  kasbah dev up --detach     in the background, until kasbah dev down\n"
                           "  kasbah dev tour            a tour of what it does");
  AddUp(noun, invocation);
  AddDown(noun, invocation);
  AddStatusOfRun(noun, invocation);
  AddTour(noun, invocation);
}

}  // namespace kasbah::cli
