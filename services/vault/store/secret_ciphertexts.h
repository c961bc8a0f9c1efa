#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::vault {

// The payloads of a tenant's secrets as what they are to a key: ciphertexts of one of its versions.
// Deleted secrets' too, for they can be had back. Within a transaction of their tenant; stateless.
class SecretCiphertexts {
 public:
  struct Row {
    SecretId secret;
    uint32_t version = 0;
    uint32_t key_version = 0;
    std::string payload;
  };

  static postgres::Pending<std::map<uint32_t, uint64_t>> Count(postgres::Transaction& tx,
                                                               TenantId tenant);
  // The next `limit` after `secret`, `version` that key versions below `below` sealed.
  static postgres::Pending<std::vector<Row>> After(postgres::Transaction& tx, TenantId tenant,
                                                   uint32_t below, SecretId secret,
                                                   uint32_t version, int limit);
  // Puts the payload of each, now sealed with `key_version`, where it still is sealed with the
  // row's; how many were.
  static postgres::Pending<uint64_t> Replace(postgres::Transaction& tx, TenantId tenant,
                                             uint32_t key_version, const std::vector<Row>& rows);
};

}  // namespace kasbah::vault
