#pragma once

#include "absl/time/time.h"
#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"

namespace kasbah::audit {

// The settings of kasbah-audit: those of every service, and
//
//   ingest: {dsn, password_file, connections}   the role that writes the logs, kasbah_audit_ingest
//   flush: {interval, events}                   how long a batch waits for company
struct AuditConfig {
  service::ServiceConfig service;
  postgres::PoolOptions ingest;
  absl::Duration flush_interval = absl::Milliseconds(50);
  int flush_events = 2000;

  void Read(config::Section& root);
};

}  // namespace kasbah::audit
