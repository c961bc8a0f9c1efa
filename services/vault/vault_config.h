#pragma once

#include <string>
#include <vector>

#include "libs/aws/s3.h"
#include "libs/config/config.h"
#include "libs/postgres/database.h"
#include "libs/service/service.h"
#include "services/vault/domain/pkcs11_seal.h"
#include "services/vault/kms/aws_kms_seal.h"
#include "services/vault/kms/tenant_seals.h"

namespace kasbah::vault {

struct ShareOptions {
  // One of the three.
  std::string directory;
  aws::S3Options s3;
  aws::KmsOptions aws_kms;
};

// The settings of kasbah-vault: those of every service, and
//
//   seal_file: path              the 32 byte seal key, mode 0600
//   pkcs11: {module, token, pin_file, key}
//                                a seal in a PKCS#11 token
//   aws_kms: {key_id, region, endpoint, credentials_file}
//                                a seal in AWS KMS; at least one of the three
//   shares: {directory} or {s3: {bucket, …}} or {aws_kms: {region, …}}
//                                where tenants' and data subjects' shares are
//   tenant_seals: {aws_kms: {enabled, …}, pkcs11: {module, pin_directory}}
//                                keys that tenants may bring
//   root: {dsn, password_file}   the role of the root keys' door
//   upkeep: {dsn, password_file} the role that sees what is due
//   allow_addresses: [CIDR]      where tenants' databases may be beside public addresses
struct VaultConfig {
  service::ServiceConfig service;
  std::string seal_file;
  Pkcs11Options pkcs11;
  AwsKmsOptions aws_kms;
  ShareOptions shares;
  TenantSealOptions tenant_seals;
  postgres::PoolOptions root;
  postgres::PoolOptions upkeep;
  std::vector<std::string> allow_addresses;

  void Read(config::Section& section);
};

}  // namespace kasbah::vault
