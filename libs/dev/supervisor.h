#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "libs/dev/installation.h"
#include "libs/dev/service_group.h"
#include "libs/postgres/migration.h"

namespace kasbah::dev {

// Runs a whole installation on one machine: PostgreSQL, then the five services, each restarted when
// it ends unasked (after 100 ms, doubling to 5 s while it keeps ending), their output merged into
// one log. PostgreSQL too is started again when its first process is gone for 3 s. What it starts
// ends with it, also when it is killed. Thread safe.
//
// `kasbah dev up` is this class and a terminal; tests use it directly.
class Supervisor {
 public:
  struct Options {
    // Made when missing. May hold spaces.
    std::string directory = ".kasbah";
    // Where kasbah-auth and the others are.
    std::string binaries;
    // Of every schema: cli/migrations.h.
    std::vector<postgres::Migration> migrations;
    // Names of more databases for tenants' records; those of earlier starts stay.
    std::vector<std::string> shards;
    // PostgreSQL without fsync: a test's data.
    bool throwaway = false;
    // PostgreSQL's shared_buffers.
    int shared_buffers_mib = 128;
    // Of the services, beside their files: settings such as KASBAH_SERVER__RATE_LIMITS__READ.
    std::map<std::string, std::string> environment;
    // How long everything may take to become ready.
    absl::Duration start_timeout = absl::Seconds(90);
    // One line for people about what happens now.
    std::function<void(std::string_view line)> on_progress;
    // An error that a service logged, or that it ended.
    std::function<void(std::string_view source, std::string_view line)> on_error;
    // Start gives up with CANCELLED when this is notified. May be null.
    const absl::Notification* interrupt = nullptr;
  };

  // Returns once every service is ready. Errors say what to do: a directory in use, a taken port, a
  // full disk, a missing binary, a service that does not start.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Start(Options options);
  // Stops.
  ~Supervisor();

  // SIGTERM to the services, waits for them to drain, kills what stays, then PostgreSQL. Once.
  absl::Status Stop();

  const Installation& installation() const;
  std::vector<ServiceState> states() const;

  // SIGKILL; returns when the process is gone. It is restarted as after any crash.
  absl::Status KillService(const std::string& name);
  // SIGTERM, waits, and leaves it down until StartService.
  absl::Status StopService(const std::string& name);
  absl::Status StartService(const std::string& name);
  // Until every service, or one, answers /readyz. DEADLINE_EXCEEDED with its last answer.
  absl::Status WaitReady(absl::Duration timeout);
  absl::Status WaitReady(const std::string& name, absl::Duration timeout);

  // Stops PostgreSQL alone (fast shutdown), and starts it again on its port.
  absl::Status StopPostgres();
  absl::Status StartPostgres();
  int postgres_port() const;
  // Superuser's, for tests that look behind the services.
  std::string PostgresAdminDsn(const std::string& database) const;

 private:
  struct State;
  explicit Supervisor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::dev
