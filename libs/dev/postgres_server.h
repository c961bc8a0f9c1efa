#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kasbah::dev {

// A PostgreSQL of our own in one directory, from Debian's packages: for `kasbah dev` and for tests.
// Listens on 127.0.0.1 only, no Unix socket (their paths may not pass 107 bytes, directories may).
// As root it runs as user postgres (or nobody), to which the directory is handed. Ends with this
// process, however that ends.
class PostgresServer {
 public:
  struct Options {
    // Cluster, log and password files. May hold spaces.
    std::string directory;
    // 0: any free port, kept in the directory for the next start.
    int port = 0;
    // Tests: trust on loopback and no fsync, since nobody needs the data after a crash.
    bool throwaway = false;
    int max_connections = 200;
    // What it keeps of its tables and indexes in memory.
    int shared_buffers_mib = 128;
  };
  // Makes the cluster at the first start. FAILED_PRECONDITION with what to do when the packages are
  // missing, the disk is full, the port is taken or another server runs there.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start(const Options& options);
  ~PostgresServer();

  int port() const;
  // libpq connection string of the superuser for a database: "postgres", "kasbah".
  std::string AdminDsn(const std::string& database) const;
  // Of a role without its password; throwaway servers need none.
  std::string RoleDsn(const std::string& role, const std::string& database) const;

  // Fast shutdown, waits. Start again with the same options.
  absl::Status Stop();
  // SIGKILL to every server process: a crash.
  void Kill();

 private:
  struct State;
  explicit PostgresServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::dev
