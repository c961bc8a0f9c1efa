#include "libs/dev/postgres_server.h"

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dev/files.h"
#include "libs/dev/probe.h"
#include "libs/dev/server_account.h"
#include "libs/dev/server_process.h"

namespace kasbah::dev {
namespace {

constexpr int kOldestMajor = 15;
constexpr char kPackages[] = "/usr/lib/postgresql";
// Recovery after a crash included.
constexpr absl::Duration kStartTimeout = absl::Minutes(3);
constexpr absl::Duration kFastShutdown = absl::Seconds(30);

absl::StatusOr<std::string> FindPrograms() {
  int newest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kPackages, error)) {
    int major = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &major) &&
        FileExists(entry.path() / "bin/postgres") && FileExists(entry.path() / "bin/initdb")) {
      newest = std::max(newest, major);
    }
  }
  if (newest < kOldestMajor) {
    return absl::FailedPreconditionError(
        "PostgreSQL 15 or newer is not installed; on Debian: apt-get install postgresql-15");
  }
  return StrCat(kPackages, "/", newest, "/bin");
}

// What the server wrote since `from`, cut to its last lines, on one.
std::string LogSince(const std::string& path, uintmax_t from) {
  const auto log = ReadFile(path);
  if (!log.ok() || log->size() <= from) return "it wrote nothing";
  std::vector<std::string> lines =
      absl::StrSplit(log->substr(static_cast<size_t>(from)), '\n', absl::SkipWhitespace());
  std::string tail;
  for (size_t i = lines.size() > 4 ? lines.size() - 4 : 0; i < lines.size(); ++i) {
    StrAppend(&tail, tail.empty() ? "" : " | ", lines[i]);
  }
  return tail;
}

absl::Status Explain(const std::string& what, const std::string& output, int port) {
  if (absl::StrContains(output, "No space left on device")) {
    return absl::FailedPreconditionError(StrCat(what, ": the disk is full; free some space"));
  }
  if (absl::StrContains(output, "Address already in use")) {
    return absl::FailedPreconditionError(
        StrCat(what, ": port ", port, " is taken; choose another, or end what listens there"));
  }
  return absl::FailedPreconditionError(StrCat(what, ": ", output));
}

}  // namespace

struct PostgresServer::State {
  absl::Status Prepare();
  absl::Status CheckAlone() const;
  absl::Status MakeCluster();
  absl::Status ChoosePort();
  absl::Status Launch();
  absl::Status WaitUntilReady(uintmax_t log_start);
  std::string Path(const char* name) const { return options.directory + "/" + name; }
  uintmax_t LogSize() const {
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(Path("postgres.log"), error);
    return error ? 0 : size;
  }

  Options options;
  std::string programs;
  ServerAccount account;
  std::string password;
  int port = 0;
  std::unique_ptr<ServerProcess> process;
};

PostgresServer::PostgresServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

PostgresServer::~PostgresServer() { Stop().IgnoreError(); }

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start(const Options& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->options.directory = std::filesystem::absolute(options.directory).string();
  ASSIGN_OR_RETURN(state->programs, FindPrograms());
  ASSIGN_OR_RETURN(state->account, ServerAccount::Find());
  std::unique_ptr<PostgresServer> server(new PostgresServer(std::move(state)));
  RETURN_IF_ERROR(server->state_->Prepare());
  RETURN_IF_ERROR(server->state_->CheckAlone());
  RETURN_IF_ERROR(server->state_->MakeCluster());
  RETURN_IF_ERROR(server->state_->ChoosePort());
  RETURN_IF_ERROR(server->state_->Launch());
  return server;
}

absl::Status PostgresServer::State::Prepare() {
  RETURN_IF_ERROR(MakeDirectory(options.directory, 0700));
  if (!options.throwaway) {
    if (!FileExists(Path("password"))) {
      RETURN_IF_ERROR(WriteFile(Path("password"), crypto::Hex(crypto::RandomBytes(16)), 0600));
    }
    ASSIGN_OR_RETURN(password, ReadFile(Path("password")));
  }
  RETURN_IF_ERROR(account.HandOver(options.directory));
  return account.CheckReach(options.directory);
}

// PostgreSQL checks this as well, but believes a pid that another process has by now.
absl::Status PostgresServer::State::CheckAlone() const {
  const auto lock = ReadFile(Path("data/postmaster.pid"));
  int pid = 0;
  if (!lock.ok() || !absl::SimpleAtoi(lock->substr(0, lock->find('\n')), &pid)) {
    return absl::OkStatus();
  }
  const auto command = ReadFile(StrCat("/proc/", pid, "/cmdline"));
  if (command.ok() && absl::StrContains(*command, Path("data"))) {
    return absl::FailedPreconditionError(StrCat("another PostgreSQL (process ", pid, ") runs in ",
                                                options.directory, "; end it first"));
  }
  // Its process is gone, and the pid may be another's.
  unlink(Path("data/postmaster.pid").c_str());
  return absl::OkStatus();
}

absl::Status PostgresServer::State::MakeCluster() {
  if (FileExists(Path("data/PG_VERSION"))) return absl::OkStatus();
  // Made beside and moved when it is whole: an interrupted initdb leaves nothing to trip over.
  const std::string unfinished = Path("data.new");
  std::error_code error;
  std::filesystem::remove_all(unfinished, error);
  std::vector<std::string> arguments = {
      programs + "/initdb", "--pgdata",
      unfinished,           "--username=postgres",
      "--encoding=UTF8",    "--locale=C",
      "--no-instructions",  options.throwaway ? "--no-sync" : "--data-checksums"};
  arguments.push_back(options.throwaway ? "--auth=trust" : "--auth=scram-sha-256");
  if (!options.throwaway) arguments.push_back("--pwfile=" + Path("password"));
  std::filesystem::remove(Path("initdb.log"), error);
  ASSIGN_OR_RETURN(const auto initdb,
                   ServerProcess::Spawn(account, std::move(arguments), Path("initdb.log")));
  initdb->WaitUntil(absl::InfiniteFuture());
  if (initdb->ended() != 0) return Explain("initdb failed", LogSince(Path("initdb.log"), 0), 0);
  std::filesystem::remove_all(Path("data"), error);
  std::filesystem::rename(unfinished, Path("data"), error);
  return error ? FileError("make", Path("data"), error.value()) : absl::OkStatus();
}

absl::Status PostgresServer::State::ChoosePort() {
  port = options.port;
  if (port != 0) {
    if (IsPortFree(port)) return absl::OkStatus();
    return Explain("PostgreSQL cannot start", "Address already in use", port);
  }
  const auto kept = ReadFile(Path("port"));
  if (kept.ok() && absl::SimpleAtoi(*kept, &port) && IsPortFree(port)) return absl::OkStatus();
  ASSIGN_OR_RETURN(port, PickFreePort());
  return WriteFile(Path("port"), StrCat(port), 0600);
}

absl::Status PostgresServer::State::Launch() {
  std::vector<std::string> settings = {
      "listen_addresses=127.0.0.1",
      StrCat("port=", port),
      "unix_socket_directories=",
      StrCat("max_connections=", options.max_connections),
      StrCat("shared_buffers=", options.shared_buffers_mib, "MB"),
      // Values of rows reach the log in details and statements: neither is written.
      "log_error_verbosity=terse",
      "log_min_error_statement=panic",
      "log_statement=none",
      "log_checkpoints=off",
  };
  if (options.throwaway) {
    settings.insert(settings.end(), {"fsync=off", "full_page_writes=off", "autovacuum=off"});
  }
  std::vector<std::string> arguments = {programs + "/postgres", "-D", Path("data")};
  for (const std::string& setting : settings) {
    arguments.push_back("-c");
    arguments.push_back(setting);
  }
  const uintmax_t log_start = LogSize();
  ASSIGN_OR_RETURN(process,
                   ServerProcess::Spawn(account, std::move(arguments), Path("postgres.log")));
  return WaitUntilReady(log_start);
}

absl::Status PostgresServer::State::WaitUntilReady(uintmax_t log_start) {
  const std::string dsn =
      StrCat("host=127.0.0.1 connect_timeout=5 dbname=postgres user=postgres port=", port);
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (absl::Now() < deadline) {
    // Ours, and no other server that took the port meanwhile.
    if (process->WaitUntil(absl::Now() + absl::Milliseconds(20))) {
      return Explain("PostgreSQL did not start", LogSince(Path("postgres.log"), log_start), port);
    }
    if (PQping(dsn.c_str()) == PQPING_OK) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      StrCat("PostgreSQL does not get ready: ", LogSince(Path("postgres.log"), log_start)));
}

int PostgresServer::port() const { return state_->port; }

std::string PostgresServer::AdminDsn(const std::string& database) const {
  std::string dsn = RoleDsn("postgres", database);
  if (!state_->password.empty()) StrAppend(&dsn, " password='", state_->password, "'");
  return dsn;
}

std::string PostgresServer::RoleDsn(const std::string& role, const std::string& database) const {
  return StrCat("host=127.0.0.1 port=", state_->port, " dbname='", database, "' user='", role,
                "' sslmode=disable");
}

absl::Status PostgresServer::Stop() {
  if (state_->process == nullptr) return absl::OkStatus();
  // Fast shutdown, then immediate, then the kernel's.
  state_->process->Signal(SIGINT);
  bool clean = state_->process->WaitUntil(absl::Now() + kFastShutdown);
  if (!clean) {
    state_->process->Signal(SIGQUIT);
    if (!state_->process->WaitUntil(absl::Now() + kFastShutdown)) state_->process->KillFamily();
  }
  state_->process.reset();
  return clean ? absl::OkStatus()
               : absl::DeadlineExceededError("PostgreSQL did not stop in time and was killed");
}

void PostgresServer::Kill() {
  if (state_->process == nullptr) return;
  state_->process->KillFamily();
  state_->process.reset();
}

}  // namespace kasbah::dev
