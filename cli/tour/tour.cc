#include "cli/tour/tour.h"

#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "cli/client/failure.h"
#include "cli/console/output.h"
#include "cli/tour/steps.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::cli {
namespace {

struct Step {
  const char* name;
  absl::StatusOr<std::string> (*run)(World&);
};

constexpr Step kSteps[] = {
    {"two tenants", CreateTenants},
    {"importing a file", ImportCountries},
    {"secrets and key rotation", RotateSecrets},
    {"another tenant's data", AskForAnothersData},
    {"a webhook", DeliverToALateReceiver},
    {"killed services", SurviveKills},
    {"the audit trail", VerifyTheTrail},
    {"a suspended tenant", SuspendATenant},
};

// Stops everything when the tour is interrupted, whatever it waits for, and ends the process.
class InterruptWatch {
 public:
  InterruptWatch(dev::Supervisor& supervisor, const dev::Interrupt& interrupt, Terminal& terminal)
      : thread_([this, &supervisor, &interrupt, &terminal] {
          while (!done_) {
            if (!interrupt.notification().WaitForNotificationWithTimeout(absl::Milliseconds(100)))
              continue;
            terminal.Note("stopping");
            supervisor.Stop().IgnoreError();
            _exit(128 + interrupt.signal());
          }
        }) {}
  ~InterruptWatch() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

std::string Line(Terminal& terminal, std::string_view number, const std::string& text,
                 absl::Duration took) {
  const int64_t milliseconds = absl::ToInt64Milliseconds(took);
  const std::string time = milliseconds < 10'000
                               ? StrCat(milliseconds, " ms")
                               : absl::StrFormat("%.1f s", absl::ToDoubleSeconds(took));
  return StrCat("  ", terminal.Styled(Terminal::Style::kGood, number), "  ",
                absl::StrFormat("%-118s", text), "  ",
                terminal.Styled(Terminal::Style::kDim, absl::StrFormat("%8s", time)), "\n");
}

absl::Status Walk(World& world, Terminal& terminal) {
  int number = 0;
  for (const Step& step : kSteps) {
    ++number;
    terminal.Progress(StrCat("  ", number, "  ", step.name, " …"));
    const absl::Time start = absl::Now();
    const absl::StatusOr<std::string> done = step.run(world);
    terminal.ClearProgress();
    if (!done.ok()) {
      Print(StrCat(
          "  ", terminal.Styled(Terminal::Style::kBad, StrCat(number, "  ", step.name, ": FAILED")),
          "\n"));
      return absl::Status(done.status().code(),
                          StrCat("step ", number, " (", step.name, "): ", Explain(done.status()),
                                 "\nThe logs: ", world.installation().log_file()));
    }
    Print(Line(terminal, StrCat(number), *done, absl::Now() - start));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunTour(const TourOptions& options, Terminal& terminal,
                     const dev::Interrupt& interrupt) {
  dev::Supervisor::Options start;
  start.directory = options.directory;
  start.binaries = options.binaries;
  start.migrations = options.migrations;
  start.interrupt = &interrupt.notification();
  start.on_progress = [&](std::string_view line) { terminal.Progress(StrCat("  ", line)); };
  const absl::Time begin = absl::Now();
  ASSIGN_OR_RETURN(const auto supervisor, dev::Supervisor::Start(std::move(start)));
  terminal.ClearProgress();
  Print(Line(terminal, "0",
             StrCat("PostgreSQL and five services, each with a certificate of its own, ready in ",
                    supervisor->installation().directory()),
             absl::Now() - begin));
  World world;
  world.supervisor = supervisor.get();
  world.run = crypto::Hex(crypto::RandomBytes(3));
  absl::Status status;
  {
    const InterruptWatch watch(*supervisor, interrupt, terminal);
    status = Walk(world, terminal);
  }
  // A connection of ours that nobody reads from any more would keep its service draining.
  world.a.client.reset();
  world.b.client.reset();
  world.receiver.reset();
  const absl::Status stopped = supervisor->Stop();
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(stopped);
  Print(StrCat("\nEvery step held, in ",
               absl::FormatDuration(absl::Trunc(absl::Now() - begin, absl::Milliseconds(100))),
               ". Nothing runs any more; data and logs are in ", options.directory, ".\n"));
  return absl::OkStatus();
}

}  // namespace kasbah::cli
