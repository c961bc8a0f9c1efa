#pragma once

#include <string>
#include <vector>

#include "libs/aws/s3.h"
#include "libs/config/config.h"
#include "libs/dns/txt_resolver.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/tenant_data/domain/domain.h"
#include "services/tenant_data/domain/file.h"
#include "services/tenant_data/placement/shards.h"

namespace kasbah::tenantdata {

struct FileOptions {
  // One of the two.
  std::string directory;
  aws::S3Options s3;
  FileLimits limits;
};

// The settings of kasbah-tenant-data: those of every service, and
//
//   registry: {dsn, password_file}   the role that keeps the list of tenants
//   resolver: {dsn, password_file}   the role that knows whose a host is
//   upkeep: {dsn, password_file}     the role that sees what is due
//   mover: {dsn, password_file}      the role that moves records
//   shards: [{name, database, relay, upkeep, mover}, …]
//                                    more databases with records, each with pools as above
//   clean_after: 10m                 how long moved records stay where they were
//   base_domain: "kasbah.example"    tenants answer below it, by their slugs
//   dns: {resolver, timeout, recheck, retry}
//                                    where proofs of domains are looked up, and how often
//   files: {directory} or {s3: {bucket, …}}, max_file_bytes, max_tenant_bytes
//                                    where files are, and how large
struct TenantDataConfig {
  service::ServiceConfig service;
  postgres::PoolOptions registry;
  postgres::PoolOptions resolver;
  postgres::PoolOptions upkeep;
  postgres::PoolOptions mover;
  std::vector<ShardOptions> shards;
  absl::Duration clean_after = absl::Minutes(10);
  std::string base_domain;
  dns::ResolverOptions dns;
  CheckSchedule checks;
  FileOptions files;

  void Read(config::Section& section);
};

}  // namespace kasbah::tenantdata
