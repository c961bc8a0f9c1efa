#pragma once

#include <vector>

#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/auth/trust/kubernetes_tokens.h"

namespace kasbah::auth {

// What every service has, and:
//
//   resolver: {dsn, password_file, connections}    role kasbah_auth_resolver
//   kubernetes: [{issuer, audience, jwks_file}]    clusters whose pods may be workloads
struct AuthConfig {
  service::ServiceConfig service;
  postgres::PoolOptions resolver;
  std::vector<KubernetesCluster> kubernetes;

  void Read(config::Section& root);
};

}  // namespace kasbah::auth
