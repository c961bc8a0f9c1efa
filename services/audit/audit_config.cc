#include "services/audit/audit_config.h"

namespace kasbah::audit {

void AuditConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("ingest", "PostgreSQL, as the role that writes the logs"), &ingest);
  config::Section& flush = root.Child("flush", "how batches are gathered into transactions");
  flush.Field("interval", &flush_interval, "how long the first batch waits for others");
  flush.Field("events", &flush_events, "events that end the wait").Range(1, 100'000);
}

}  // namespace kasbah::audit
