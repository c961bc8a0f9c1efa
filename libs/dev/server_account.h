#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kasbah::dev {

// Whom PostgreSQL runs as: it refuses to run as root.
struct ServerAccount {
  // We are root and become somebody else.
  bool switches = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;

  // Us; as root the user postgres, or nobody where there is none.
  static absl::StatusOr<ServerAccount> Find();

  // Makes everything under `directory` this account's. Nothing to do where it does not switch.
  absl::Status HandOver(const std::string& directory) const;
  // FAILED_PRECONDITION, naming the directory above it that shuts the account out.
  absl::Status CheckReach(const std::string& directory) const;
  // In a child after fork: async-signal-safe. False when refused.
  bool Become() const;
};

}  // namespace kasbah::dev
