#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"

namespace kasbah::postgres::internal {

// What libpq is told of one pool's connections.
class ConnectSettings {
 public:
  // FAILED_PRECONDITION for a connection string that is malformed, names a service file, or leaves
  // loopback and Unix sockets without sslmode=verify-full.
  static absl::StatusOr<ConnectSettings> Create(const PoolOptions& options);

  // Keywords and values, the password read from its file now: it may have been rotated.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Parameters() const;

  // The role, for metrics and logs.
  const std::string& role() const { return role_; }
  absl::Duration connect_timeout() const { return connect_timeout_; }

 private:
  ConnectSettings() = default;

  std::vector<std::pair<std::string, std::string>> parameters_;
  std::string password_file_;
  std::string role_;
  absl::Duration connect_timeout_;
};

}  // namespace kasbah::postgres::internal
