#pragma once

#include <optional>
#include <string_view>

#include "libs/postgres/transaction.h"

namespace kasbah::vault {

// What a request_id made: a secret, or one of its versions.
struct DoneRequest {
  SecretId secret;
  // 0: the secret itself.
  uint32_t version = 0;
};

// vault.requests, within a transaction of their tenant: a request that comes again is told what the
// first one did. Stateless.
class RequestStore {
 public:
  static postgres::Pending<std::optional<DoneRequest>> Find(postgres::Transaction& tx,
                                                            TenantId tenant,
                                                            std::string_view request_id);
  // ALREADY_EXISTS when the same id came first by another call.
  static void Remember(postgres::Transaction& tx, TenantId tenant, std::string_view request_id,
                       const DoneRequest& done);
  static void ForgetBefore(postgres::Transaction& tx, TenantId tenant, absl::Time time);
};

}  // namespace kasbah::vault
