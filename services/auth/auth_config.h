#pragma once

#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"

namespace kasbah::auth {

// What every service has, and:
//
//   resolver: {dsn, password_file, connections}    role kasbah_auth_resolver
struct AuthConfig {
  service::ServiceConfig service;
  postgres::PoolOptions resolver;

  void Read(config::Section& root);
};

}  // namespace kasbah::auth
