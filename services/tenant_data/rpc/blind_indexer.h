#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// A value of a searchable field, as JSON.
struct BlindItem {
  FieldId field;
  std::string json;
};

// The vault's key of this service that makes blind indexes; the tenant's, derived for each field.
inline constexpr std::string_view kBlindKey = "fields-index";

// What equal values of a sealed field have in common: the key's version, 4 bytes, and 128 bits of a
// keyed hash. Nobody without the vault can make one for a value, or tell a value from it; which
// records share one shows. Thread safe.
//
// Errors: as FieldSealer's.
class BlindIndexer {
 public:
  explicit BlindIndexer(std::shared_ptr<grpc::Channel> vault);

  // Under the key's newest version, in order.
  absl::StatusOr<std::vector<std::string>> Index(const CallContext& call,
                                                 const std::vector<BlindItem>& items);
  // Under every version that there is, so that what was indexed before a rotation is found.
  absl::StatusOr<std::vector<std::vector<std::string>>> Lookup(const CallContext& call,
                                                               const std::vector<BlindItem>& items);

 private:
  std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
};

}  // namespace kasbah::tenantdata
