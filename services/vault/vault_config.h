#pragma once

#include <string>

#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"

namespace kasbah::vault {

// The settings of kasbah-vault: those of every service, and
//
//   seal_file: path              the 32 byte seal key, mode 0600
//   root: {dsn, password_file}   the role of the root keys' door
//   upkeep: {dsn, password_file} the role that sees what is due
struct VaultConfig {
  service::ServiceConfig service;
  std::string seal_file;
  postgres::PoolOptions root;
  postgres::PoolOptions upkeep;

  void Read(config::Section& section);
};

}  // namespace kasbah::vault
