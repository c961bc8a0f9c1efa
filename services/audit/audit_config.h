#pragma once

#include "absl/time/time.h"
#include "libs/aws/s3.h"
#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/audit/domain/retention.h"

namespace kasbah::audit {

// The settings of kasbah-audit: those of every service, and
//
//   ingest: {dsn, password_file, connections}   the role that writes the logs, kasbah_audit_ingest
//   upkeep: {dsn, password_file, connections}   the role that archives and prunes them
//   incidents: {dsn, password_file, connections}
//                                               the role that searches all of them for incidents
//   flush: {interval, events}                   how long a batch waits for company
//   archive: {directory} or {s3: {bucket, …}}   where bundles go
//   retention: {minimum_days, default_days, maximum_days, every, bundle_events}
//                                               how long trails are kept
struct AuditConfig {
  service::ServiceConfig service;
  postgres::PoolOptions ingest;
  postgres::PoolOptions upkeep;
  postgres::PoolOptions incidents;
  absl::Duration flush_interval = absl::Milliseconds(50);
  int flush_events = 2000;
  // One of the two.
  std::string archive_directory;
  aws::S3Options archive_bucket;
  RetentionLimits retention;
  absl::Duration retention_period = absl::Minutes(10);
  int bundle_events = 50'000;

  void Read(config::Section& root);

 private:
  void ReadArchive(config::Section& section);
  void ReadRetention(config::Section& section);
};

}  // namespace kasbah::audit
