#pragma once

#include <string>

#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/vault/domain/pkcs11_seal.h"
#include "services/vault/kms/aws_kms_seal.h"

namespace kasbah::vault {

// The settings of kasbah-vault: those of every service, and
//
//   seal_file: path              the 32 byte seal key, mode 0600
//   pkcs11: {module, token, pin_file, key}
//                                a seal in a PKCS#11 token
//   aws_kms: {key_id, region, endpoint, credentials_file}
//                                a seal in AWS KMS; at least one of the three
//   root: {dsn, password_file}   the role of the root keys' door
//   upkeep: {dsn, password_file} the role that sees what is due
struct VaultConfig {
  service::ServiceConfig service;
  std::string seal_file;
  Pkcs11Options pkcs11;
  AwsKmsOptions aws_kms;
  postgres::PoolOptions root;
  postgres::PoolOptions upkeep;

  void Read(config::Section& section);
};

}  // namespace kasbah::vault
