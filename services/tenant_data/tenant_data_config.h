#pragma once

#include <string>

#include "libs/aws/s3.h"
#include "libs/config/config.h"
#include "libs/dns/txt_resolver.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/tenant_data/domain/domain.h"
#include "services/tenant_data/domain/file.h"

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
  std::string base_domain;
  dns::ResolverOptions dns;
  CheckSchedule checks;
  FileOptions files;

  void Read(config::Section& section);
};

}  // namespace kasbah::tenantdata
