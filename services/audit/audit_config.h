#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/aws/s3.h"
#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/audit/domain/retention.h"
#include "services/audit/log/self_check.h"
#include "services/audit/log/witnesses.h"

namespace kasbah::audit {

// Of the sinks that tenants set up.
struct SinkConfig {
  int workers = 16;
  absl::Duration timeout = absl::Seconds(30);
  // Off a developer's machine receivers are https and public.
  bool allow_http = false;
  std::vector<std::string> allow_addresses;
  // PEM file of roots that HTTPS receivers' certificates may come from; empty: the system's.
  std::string ca_file;
  // Of the structured data in syslog messages.
  int enterprise_number = 32473;

  void Read(config::Section& section);
};

// The settings of kasbah-audit: those of every service, and
//
//   ingest: {dsn, password_file, connections}   the role that writes the logs, kasbah_audit_ingest
//   upkeep: {dsn, password_file, connections}   the role that archives and prunes them
//   incidents: {dsn, password_file, connections}
//                                               the role that searches all of them for incidents
//   flush: {interval, events}                   how long a batch waits for company
//   system_log: {interval, quorum, …}           how often heads go into the system log
//   witnesses: [{verifier_key, url}]            who cosigns it
//   self_check: {rows_per_second, pause}        how fast logs are walked
//   sinks: {workers, timeout, allow_http, allow_addresses, ca_file, enterprise_number}
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
  SinkConfig sinks;

  absl::Duration system_log_interval = absl::Seconds(10);
  std::vector<WitnessAddress> witnesses;
  // Witnesses that have to have cosigned; without a setting more than half of them.
  size_t quorum() const;
  bool witness_allow_http = false;
  std::vector<std::string> witness_allow_addresses;
  std::string witness_ca_file;

  SelfCheckOptions self_check;

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

  int quorum_ = -1;
};

}  // namespace kasbah::audit
