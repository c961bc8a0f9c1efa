#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/payload/payload.h"
#include "libs/rpc/call.h"

namespace kasbah::kept_values {

// A caller's wish to have the secrets of its payload moved into the vault.
struct Wish {
  // The secrets become <path>/<request_id>/<number>, from 1.
  std::string path;
  // Makes it repeatable: the same values under the same id make no second secret.
  std::string request_id;
  // The request's field that holds the payload, for errors.
  std::string_view field;
};

struct Kept {
  // As in payload::Found.
  std::string path;
  // sec_….
  std::string secret_id;
};

// INVALID_FIELDS without a request_id; PERMISSION_DENIED for a caller who may not write secrets.
absl::Status CheckWish(const rpc::Call& call, const Wish& wish);

// Keeps what was found in the vault, for the caller, by one call, and puts each secret's id in the
// value's place. Strings are kept as they are, anything else as JSON. All or nothing:
// INVALID_FIELDS for more than 100 values, or one that is empty or larger than the vault takes; the
// vault's errors. CheckWish comes before it.
absl::StatusOr<std::vector<Kept>> Keep(const rpc::Call& call, vault::v1::SecretService::Stub& vault,
                                       const Wish& wish, const std::vector<payload::Found>& found);

}  // namespace kasbah::kept_values
