#include "libs/service/service.h"

namespace kasbah::service {

void ReadPool(config::Section& section, postgres::PoolOptions* options) {
  section.Field("dsn", &options->dsn, "libpq connection string with the role's name").Required();
  section.Field("password_file", &options->password_file, "file with the role's password");
  section.Field("connections", &options->size, "connections at the most").Range(1, 200);
  section.Field("acquire_timeout", &options->acquire_timeout,
                "how long a call waits for a connection at the most");
}

void ServiceConfig::Read(config::Section& root) {
  server.Read(root.Child("server", "listeners, identity and limits"));
  config::Section& own = root.Child("database", "PostgreSQL, as the service's own role");
  ReadPool(own, &database);
  own.Field("lanes", &database.lanes,
            "connections that short calls share, beside the others; 0: none")
      .Range(0, 16);
  ReadPool(root.Child("relay", "PostgreSQL, as the role of the outbox relay"), &relay);
  config::Section& peers = root.Child("peers", "where the other services answer");
  peers.Field("audit", &audit_address, "address of audit").Required();
  peers.Field("webhook", &webhook_address, "address of webhook");
  peers.Field("tenant_data", &tenant_data_address, "address of tenant-data");
  peers.Field("vault", &vault_address, "address of the vault");
  telemetry.Read(root.Child("telemetry", "traces and error reports for the operator's collectors"));
}

}  // namespace kasbah::service
