#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "libs/crypto/secret_bytes.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// Where a page of records ended: after this record, with this value in the field of the order.
struct Cursor {
  RecordId record;
  // Nothing set: there is no such field, or the record has no value in it.
  IndexKey value;
  // Past the records that have a value.
  bool lacks_value = false;
};

// Page tokens: a cursor and HMAC-SHA256 over it and a description of the list, cut to 128 bits. So
// nobody makes one up, and one belongs to the list that gave it: tenant, customer, collection,
// filter and order. `key` is the tenant's.
std::string FormatCursor(const crypto::SecretBytes& key, std::string_view list,
                         const Cursor& cursor);
// Unset for an empty token; INVALID_ARGUMENT at "page_token" for one of another list.
absl::StatusOr<std::optional<Cursor>> ParseCursor(const crypto::SecretBytes& key,
                                                  std::string_view list, std::string_view token);

// The same for lists of versions.
std::string FormatVersionCursor(const crypto::SecretBytes& key, std::string_view list,
                                uint64_t version);
absl::StatusOr<std::optional<uint64_t>> ParseVersionCursor(const crypto::SecretBytes& key,
                                                           std::string_view list,
                                                           std::string_view token);

}  // namespace kasbah::tenantdata
