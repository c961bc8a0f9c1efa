#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/dev/installation.h"
#include "libs/dev/postgres_server.h"

namespace kasbah::dev {

// Writes the service's configuration file for this installation. Passwords stay in files of their
// own, which it names.
absl::Status WriteServiceSettings(const Installation& installation, const PostgresServer& postgres,
                                  const std::string& service);

// The roles whose pools a service opens beside its own and its relay's, by the section that names
// them: {"ingest", "kasbah_audit_ingest"}.
struct DoorSetting {
  std::string section;
  std::string role;
};
std::vector<DoorSetting> DoorsOf(const std::string& service);

// The database of one more shard of records: "kasbah-shard-second".
std::string ShardDatabase(const std::string& name);

// "tenant-data" → "tenant_data".
std::string SchemaOf(const std::string& service);

}  // namespace kasbah::dev
