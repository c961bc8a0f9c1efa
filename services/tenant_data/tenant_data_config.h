#pragma once

#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"

namespace kasbah::tenantdata {

// The settings of kasbah-tenant-data: those of every service, and
//
//   registry: {dsn, password_file}   the role that keeps the list of tenants
struct TenantDataConfig {
  service::ServiceConfig service;
  postgres::PoolOptions registry;

  void Read(config::Section& section);
};

}  // namespace kasbah::tenantdata
