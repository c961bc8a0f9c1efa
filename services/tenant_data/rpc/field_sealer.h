#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/call_context.h"
#include "libs/base/ids.h"
#include "services/tenant_data/domain/vault_refusal.h"

namespace kasbah::tenantdata {

// One value and the place that its ciphertext is bound to. `bytes` is the plaintext to seal, or the
// ciphertext to open.
struct SealItem {
  RecordId record;
  FieldId field;
  std::string bytes;
  // Whose data it is, whose share of the key it takes; empty: nobody's.
  std::string subject;
};

// A value that was opened, or the vault's reason why it was not.
struct OpenedValue {
  std::string bytes;
  std::string error;
};

// The ciphertext of a value; nothing for one of somebody whose share is gone.
using SealedValue = std::optional<std::string>;

// The vault's key of this service that seals values of fields.
inline constexpr std::string_view kFieldsKey = "fields";

// What a field's ciphertext is bound to.
std::map<std::string, std::string> FieldContext(RecordId record, FieldId field);

// Seals and opens values of fields with the vault, under the tenant's key "fields" and the context
// {record, field}, so that a ciphertext moved to another record or field does not open. One call
// for what a request needs, more only past a thousand values or 4 MB. Thread safe.
//
// Errors: UNAVAILABLE and the like as the vault gave them, KEY_SHREDDED of a tenant that was
// erased; anything else is a fault of ours.
class FieldSealer {
 public:
  // A channel to the vault.
  explicit FieldSealer(std::shared_ptr<grpc::Channel> channel);

  // The ciphertexts, in order.
  absl::StatusOr<std::vector<SealedValue>> Seal(const CallContext& call,
                                                const std::vector<SealItem>& items);
  // The plaintexts, in order; what does not open says so by itself.
  absl::StatusOr<std::vector<OpenedValue>> Open(const CallContext& call,
                                                const std::vector<SealItem>& items);

 private:
  std::unique_ptr<vault::v1::CryptoService::Stub> vault_;
};

}  // namespace kasbah::tenantdata
