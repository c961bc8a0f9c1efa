#include "libs/dev/service_group.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/strings.h"

namespace kasbah::dev {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);
// A process that ran this long did start: its next crash is a new one.
constexpr absl::Duration kSettled = absl::Seconds(10);
// Beyond the services' own drain, after which nothing they do is of use.
constexpr absl::Duration kStopTimeout = absl::Seconds(15);
// config::Main ends with this for settings it does not accept: trying again would not help.
constexpr int kBadSettings = 2;

absl::Status Unknown(const std::string& name) {
  return absl::NotFoundError(StrCat("no service is called ", name));
}

}  // namespace

ServiceGroup::~ServiceGroup() {
  for (Member& member : members_) {
    member.process.reset();
    if (member.output >= 0) close(member.output);
  }
}

void ServiceGroup::Add(const std::string& name, std::vector<std::string> arguments) {
  Member member;
  member.name = name;
  member.arguments = std::move(arguments);
  member.backoff = kFirstBackoff;
  members_.push_back(std::move(member));
}

ServiceGroup::Member* ServiceGroup::Find(const std::string& name) {
  for (Member& member : members_) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

absl::Status ServiceGroup::Spawn(Member& member) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(StrCat("cannot make a pipe: ", std::strerror(errno)));
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  absl::StatusOr<Process> process = Process::Spawn(
      {.arguments = member.arguments, .environment = environment_, .output = ends[1]});
  close(ends[1]);
  if (!process.ok()) {
    close(ends[0]);
    return process.status();
  }
  member.process.emplace(*std::move(process));
  member.output = ends[0];
  member.started = absl::Now();
  member.restart_at = absl::InfiniteFuture();
  member.held = false;
  member.bad_settings = false;
  return absl::OkStatus();
}

absl::Status ServiceGroup::Start(const std::string& name) {
  Member* member = Find(name);
  if (member == nullptr) return Unknown(name);
  if (member->process.has_value()) return absl::OkStatus();
  return Spawn(*member);
}

absl::Status ServiceGroup::Stop(const std::string& name) {
  Member* member = Find(name);
  if (member == nullptr) return Unknown(name);
  member->held = true;
  if (member->process.has_value()) member->process->Signal(SIGTERM);
  FinishStop(*member);
  return absl::OkStatus();
}

void ServiceGroup::StopAll() {
  for (Member& member : members_) {
    member.held = true;
    if (member.process.has_value()) member.process->Signal(SIGTERM);
  }
  for (Member& member : members_) FinishStop(member);
}

void ServiceGroup::FinishStop(Member& member) {
  member.restart_at = absl::InfiniteFuture();
  const absl::Time deadline = absl::Now() + kStopTimeout;
  while (member.process.has_value()) {
    if (absl::Now() >= deadline) {
      report_(member.name,
              StrCat("did not end within ", absl::FormatDuration(kStopTimeout), " and is killed"));
      member.process->Signal(SIGKILL);
      member.process->Wait(absl::InfiniteFuture());
    }
    // All of them: one that is not read blocks on its full pipe, and would not end.
    for (Member& other : members_) ReadOutput(other);
    Reap(member);
    if (member.process.has_value()) absl::SleepFor(absl::Milliseconds(10));
  }
}

absl::Status ServiceGroup::Kill(const std::string& name) {
  Member* member = Find(name);
  if (member == nullptr) return Unknown(name);
  if (!member->process.has_value()) {
    return absl::FailedPreconditionError(StrCat(name, " does not run"));
  }
  member->process->Signal(SIGKILL);
  member->process->Wait(absl::InfiniteFuture());
  Reap(*member);
  return absl::OkStatus();
}

void ServiceGroup::ReadOutput(Member& member) {
  char buffer[65536];
  while (member.output >= 0) {
    const ssize_t size = read(member.output, buffer, sizeof(buffer));
    if (size > 0) {
      log_->Add(member.name, std::string_view(buffer, static_cast<size_t>(size)));
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    CloseOutput(member);
  }
}

void ServiceGroup::CloseOutput(Member& member) {
  if (member.output < 0) return;
  close(member.output);
  member.output = -1;
  log_->Finish(member.name);
}

// Notices that a process ended and decides when it starts again.
void ServiceGroup::Reap(Member& member) {
  if (!member.process.has_value()) return;
  const std::optional<Exit> exit = member.process->Poll();
  if (!exit.has_value()) return;
  ReadOutput(member);
  CloseOutput(member);
  member.process.reset();
  member.last_exit = exit->ToString();
  log_->Note(StrCat("kasbah-", member.name, " ended: ", member.last_exit));
  if (member.held) return;
  member.restarts += 1;
  if (exit->code == kBadSettings) {
    member.bad_settings = true;
    member.held = true;
    report_(member.name, "refuses its settings and stays down");
    return;
  }
  if (absl::Now() - member.started > kSettled) member.backoff = kFirstBackoff;
  member.restart_at = absl::Now() + member.backoff;
  report_(member.name, StrCat("ended (", member.last_exit, "); starts again in ",
                              absl::FormatDuration(member.backoff)));
  member.backoff = std::min(member.backoff * 2, kLongestBackoff);
}

std::vector<int> ServiceGroup::Outputs() const {
  std::vector<int> outputs;
  for (const Member& member : members_) {
    if (member.output >= 0) outputs.push_back(member.output);
  }
  return outputs;
}

bool ServiceGroup::Tick() {
  bool changed = false;
  for (Member& member : members_) {
    ReadOutput(member);
    const bool ran = member.process.has_value();
    Reap(member);
    changed |= ran != member.process.has_value();
    if (member.process.has_value() || absl::Now() < member.restart_at) continue;
    changed = true;
    if (const absl::Status status = Spawn(member); !status.ok()) {
      report_(member.name, FromAbsl(status.message()));
      member.restart_at = absl::Now() + kLongestBackoff;
    }
  }
  return changed;
}

std::vector<ServiceState> ServiceGroup::States() const {
  std::vector<ServiceState> states;
  for (const Member& member : members_) {
    ServiceState state;
    state.name = member.name;
    state.pid = member.process.has_value() ? member.process->pid() : 0;
    state.phase = member.process.has_value() ? ServiceState::Phase::kRunning
                  : member.held              ? ServiceState::Phase::kStopped
                                             : ServiceState::Phase::kBackoff;
    state.restarts = member.restarts;
    state.last_exit = member.last_exit;
    state.bad_settings = member.bad_settings;
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace kasbah::dev
