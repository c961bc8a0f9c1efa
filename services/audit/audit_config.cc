#include "services/audit/audit_config.h"

#include <cstdint>

#include "libs/http/address_guard.h"

namespace kasbah::audit {

void SinkConfig::Read(config::Section& section) {
  section.Field("workers", &workers, "sinks served at once").Range(1, 256);
  section.Field("timeout", &timeout, "time of one batch, to the receiver's answer")
      .Between(absl::Seconds(1), absl::Minutes(5));
  section.Field("allow_http", &allow_http, "whether receivers may be plain http");
  section.Field("allow_addresses", &allow_addresses,
                "networks that receivers may be in beside public addresses, such as 10.0.0.0/8");
  section
      .Field("ca_file", &ca_file,
             "PEM file of roots for HTTPS receivers' certificates instead of the system's")
      .ReadableFile();
  section
      .Field("enterprise_number", &enterprise_number,
             "IANA private enterprise number under which syslog's structured data stands")
      .Range(1, INT32_MAX);
  for (const std::string& network : allow_addresses) {
    if (const auto cidr = http::Cidr::Parse(network); !cidr.ok()) {
      section.AddError("allow_addresses", std::string(cidr.status().message()));
    }
  }
}

void AuditConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("ingest", "PostgreSQL, as the role that writes the logs"), &ingest);
  config::Section& flush = root.Child("flush", "how batches are gathered into transactions");
  flush.Field("interval", &flush_interval, "how long the first batch waits for others");
  flush.Field("events", &flush_events, "events that end the wait").Range(1, 100'000);
  sinks.Read(root.Child("sinks", "where tenants' trails are sent"));
}

}  // namespace kasbah::audit
