#include "libs/dev/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/dev/database_directory.h"
#include "libs/dev/directory_lock.h"
#include "libs/dev/files.h"
#include "libs/dev/log_merger.h"
#include "libs/dev/postgres_server.h"
#include "libs/dev/probe.h"
#include "libs/dev/process.h"
#include "libs/dev/service_settings.h"
#include <nlohmann/json.hpp>

namespace kasbah::dev {

// Everything that starts or ends a process happens on one thread (ServiceGroup says why); others
// hand it work and wait for the answer.
struct Supervisor::State {
  explicit State(Options o) : options(std::move(o)) {}

  Options options;
  std::unique_ptr<DirectoryLock> lock;
  std::optional<Installation> installation;
  std::unique_ptr<PostgresServer> postgres;
  // Down without having been asked to be.
  bool postgres_lost = false;
  int postgres_misses = 0;
  absl::Time next_postgres_look = absl::InfinitePast();
  std::unique_ptr<LogMerger> log;
  std::unique_ptr<ServiceGroup> services;

  std::thread thread;
  int wake = -1;
  std::mutex mutex;
  std::deque<std::function<void()>> work;
  bool ended = false;
  // A copy for other threads.
  std::vector<ServiceState> published;
  std::once_flag stopped;
  absl::Status stop_status;

  // On the thread.
  absl::Status StartAll();
  absl::Status OpenDirectory();
  absl::Status PrepareDatabase();
  absl::Status MakeSeal();
  absl::Status StartServices();
  absl::Status StartDatabaseServer();
  absl::Status StopAll();
  void WatchDatabase();
  void Loop();
  void Publish();

  // From any.
  absl::Status Do(std::function<absl::Status()> action);
  bool Interrupted() const {
    return options.interrupt != nullptr && options.interrupt->HasBeenNotified();
  }
  void Wake() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake, &one, sizeof(one));
  }
};

absl::Status Supervisor::State::Do(std::function<absl::Status()> action) {
  auto result = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> future = result->get_future();
  {
    std::lock_guard<std::mutex> hold(mutex);
    if (ended) return absl::FailedPreconditionError("the supervisor has stopped");
    work.push_back([result, action = std::move(action)] { result->set_value(action()); });
  }
  Wake();
  return future.get();
}

absl::Status Supervisor::State::StartAll() {
  const auto step = [this](std::string_view line, absl::Status (State::*action)()) -> absl::Status {
    if (Interrupted()) return absl::CancelledError("interrupted");
    if (options.on_progress) options.on_progress(line);
    return (this->*action)();
  };
  RETURN_IF_ERROR(step("opening the directory", &State::OpenDirectory));
  RETURN_IF_ERROR(step("starting PostgreSQL", &State::StartDatabaseServer));
  RETURN_IF_ERROR(step("migrating the database", &State::PrepareDatabase));
  return step("starting auth, vault, tenant-data, webhook and audit", &State::StartServices);
}

absl::Status Supervisor::State::OpenDirectory() {
  RETURN_IF_ERROR(MakeDirectory(options.directory, Installation::DirectoryMode()));
  ASSIGN_OR_RETURN(lock, DirectoryLock::Take(options.directory + "/lock"));
  ASSIGN_OR_RETURN(installation, Installation::Prepare(options.directory));
  RETURN_IF_ERROR(installation->AddShards(options.shards));
  const auto report = [this](std::string_view source, std::string_view line) {
    if (options.on_error) options.on_error(source, line);
  };
  ASSIGN_OR_RETURN(log, LogMerger::Open(installation->log_file(), report));
  services = std::make_unique<ServiceGroup>(log.get(), report, options.environment);
  return installation->CheckPorts();
}

absl::Status Supervisor::State::StartDatabaseServer() {
  if (postgres != nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string directory, DatabaseDirectory(*installation));
  ASSIGN_OR_RETURN(postgres,
                   PostgresServer::Start({.directory = directory,
                                          .throwaway = options.throwaway,
                                          .shared_buffers_mib = options.shared_buffers_mib}));
  return absl::OkStatus();
}

absl::Status Supervisor::State::PrepareDatabase() {
  ASSIGN_OR_RETURN(const auto passwords, installation->Passwords());
  ASSIGN_OR_RETURN(std::vector<std::string> databases, installation->Shards());
  for (std::string& name : databases) name = ShardDatabase(name);
  databases.insert(databases.begin(), "kasbah");
  for (const std::string& database : databases) {
    RETURN_IF_ERROR(postgres::Bootstrap(postgres->AdminDsn("postgres"), database, passwords));
    const std::string migrator = "kasbah_migrator";
    const std::string dsn =
        StrCat(postgres->RoleDsn(migrator, database), " password=", passwords.at(migrator));
    ASSIGN_OR_RETURN(const postgres::MigrationReport report,
                     postgres::Migrate(dsn, options.migrations));
    log->Note(StrCat(database, ": migrations applied: ", report.applied.size(),
                     ", already there: ", report.already_applied));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::State::MakeSeal() {
  const std::string path = installation->Path("vault.seal");
  if (FileExists(path)) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      Process process,
      Process::Spawn({.arguments = {options.binaries + "/kasbah-vault", "--init-seal", path}}));
  const std::optional<Exit> exit = process.Wait(absl::Now() + absl::Seconds(10));
  if (exit.has_value() && exit->clean() && FileExists(path)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("kasbah-vault did not write its seal key to ", path, ": ",
             exit.has_value() ? exit->ToString() : std::string("no end within 10 s")));
}

absl::Status Supervisor::State::StartServices() {
  RETURN_IF_ERROR(MakeSeal());
  RETURN_IF_ERROR(MakeDirectory(installation->Path("shares"), 0700));
  for (const std::string& name : ServiceNames()) {
    RETURN_IF_ERROR(WriteServiceSettings(*installation, *postgres, name));
    services->Add(name, {StrCat(options.binaries, "/kasbah-", name), "--config",
                         installation->config_file(name)});
  }
  for (const std::string& name : ServiceNames()) RETURN_IF_ERROR(services->Start(name));
  Publish();
  return absl::OkStatus();
}

void Supervisor::State::Publish() {
  std::vector<ServiceState> states = services->States();
  nlohmann::json list = nlohmann::json::object();
  for (const ServiceState& state : states) {
    list[state.name] = {
        {"pid", state.pid}, {"restarts", state.restarts}, {"last_exit", state.last_exit}};
  }
  const nlohmann::json file = {{"supervisor_pid", getpid()},
                               {"postgres_port", postgres != nullptr ? postgres->port() : 0},
                               {"services", list}};
  // Only what `kasbah dev status` shows: a disk that is full does not matter here.
  WriteFile(installation->state_file(), file.dump(2) + "\n", 0644).IgnoreError();
  std::lock_guard<std::mutex> hold(mutex);
  published = std::move(states);
}

// PostgreSQL restarts its own children; this is for when its first process is gone.
void Supervisor::State::WatchDatabase() {
  if (absl::Now() < next_postgres_look) return;
  next_postgres_look = absl::Now() + absl::Seconds(1);
  if (postgres != nullptr) {
    postgres_misses = Accepts(postgres->port()) ? 0 : postgres_misses + 1;
    if (postgres_misses < 3) return;
    postgres_lost = true;
    postgres.reset();
  }
  if (!postgres_lost) return;
  postgres_misses = 0;
  const absl::Status status = StartDatabaseServer();
  postgres_lost = !status.ok();
  const std::string what = status.ok()
                               ? std::string("ended and runs again")
                               : StrCat("ended and does not start: ", FromAbsl(status.message()));
  log->Note(StrCat("PostgreSQL ", what));
  if (options.on_error) options.on_error("PostgreSQL", what);
}

void Supervisor::State::Loop() {
  while (true) {
    std::vector<pollfd> files = {{wake, POLLIN, 0}};
    if (services != nullptr) {
      for (const int output : services->Outputs()) files.push_back({output, POLLIN, 0});
    }
    // The end of a process shows as the end of its output, or at the next look.
    poll(files.data(), files.size(), 50);
    uint64_t count = 0;
    if ((files[0].revents & POLLIN) != 0) {
      [[maybe_unused]] const ssize_t size = read(wake, &count, sizeof(count));
    }
    if (services != nullptr && services->Tick()) Publish();
    WatchDatabase();
    std::deque<std::function<void()>> todo;
    {
      std::lock_guard<std::mutex> hold(mutex);
      if (ended && work.empty()) return;
      todo.swap(work);
    }
    for (const auto& action : todo) action();
  }
}

absl::Status Supervisor::State::StopAll() {
  if (services != nullptr) services->StopAll();
  absl::Status status;
  if (postgres != nullptr) status = postgres->Stop();
  postgres.reset();
  postgres_lost = false;
  if (installation.has_value()) unlink(installation->state_file().c_str());
  return status;
}

Supervisor::Supervisor(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Start(Options options) {
  const absl::Time deadline = absl::Now() + options.start_timeout;
  auto supervisor =
      std::unique_ptr<Supervisor>(new Supervisor(std::make_unique<State>(std::move(options))));
  State& state = *supervisor->state_;
  state.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::promise<absl::Status> started;
  std::future<absl::Status> result = started.get_future();
  state.thread = std::thread([&state, promise = std::move(started)]() mutable {
    promise.set_value(state.StartAll());
    state.Loop();
  });
  RETURN_IF_ERROR(result.get());
  RETURN_IF_ERROR(supervisor->WaitReady(deadline - absl::Now()));
  return supervisor;
}

Supervisor::~Supervisor() {
  Stop().IgnoreError();
  close(state_->wake);
}

absl::Status Supervisor::Stop() {
  std::call_once(state_->stopped, [this] {
    state_->stop_status = state_->Do([this] { return state_->StopAll(); });
    {
      std::lock_guard<std::mutex> hold(state_->mutex);
      state_->ended = true;
    }
    state_->Wake();
    state_->thread.join();
    // Whoever waits for the lock may start at once: nothing of ours is left by now.
    state_->lock.reset();
  });
  return state_->stop_status;
}

const Installation& Supervisor::installation() const { return *state_->installation; }

std::vector<ServiceState> Supervisor::states() const {
  std::lock_guard<std::mutex> hold(state_->mutex);
  return state_->published;
}

absl::Status Supervisor::KillService(const std::string& name) {
  return state_->Do([this, name] {
    absl::Status status = state_->services->Kill(name);
    state_->Publish();
    return status;
  });
}

absl::Status Supervisor::StopService(const std::string& name) {
  return state_->Do([this, name] {
    absl::Status status = state_->services->Stop(name);
    state_->Publish();
    return status;
  });
}

absl::Status Supervisor::StartService(const std::string& name) {
  return state_->Do([this, name] {
    absl::Status status = state_->services->Start(name);
    state_->Publish();
    return status;
  });
}

absl::Status Supervisor::WaitReady(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (const std::string& name : ServiceNames()) {
    RETURN_IF_ERROR(WaitReady(name, deadline - absl::Now()));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::WaitReady(const std::string& name, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const std::string log = StrCat(" (what it said: ", installation().log_file(), ")");
  while (true) {
    const ProbeAnswer answer = Probe(installation().ports(name).admin_port, "/readyz");
    if (answer.status == 200) return absl::OkStatus();
    if (state_->Interrupted()) return absl::CancelledError("interrupted");
    for (const ServiceState& state : states()) {
      if (state.name != name || !state.bad_settings) continue;
      return absl::FailedPreconditionError(StrCat("kasbah-", name, " refuses its settings, ",
                                                  installation().config_file(name), log));
    }
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          StrCat("kasbah-", name, " is not ready: ",
                 answer.status == 0 ? std::string("it does not answer") : answer.body, log));
    }
    absl::SleepFor(absl::Milliseconds(25));
  }
}

absl::Status Supervisor::StopPostgres() {
  return state_->Do([this]() -> absl::Status {
    if (state_->postgres == nullptr) return absl::OkStatus();
    absl::Status status = state_->postgres->Stop();
    state_->postgres.reset();
    state_->postgres_lost = false;
    return status;
  });
}

absl::Status Supervisor::StartPostgres() {
  return state_->Do([this] { return state_->StartDatabaseServer(); });
}

int Supervisor::postgres_port() const {
  int port = 0;
  state_
      ->Do([this, &port] {
        if (state_->postgres != nullptr) port = state_->postgres->port();
        return absl::OkStatus();
      })
      .IgnoreError();
  return port;
}

std::string Supervisor::PostgresAdminDsn(const std::string& database) const {
  std::string dsn;
  state_
      ->Do([this, &dsn, &database] {
        if (state_->postgres != nullptr) dsn = state_->postgres->AdminDsn(database);
        return absl::OkStatus();
      })
      .IgnoreError();
  return dsn;
}

}  // namespace kasbah::dev
