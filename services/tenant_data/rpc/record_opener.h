#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/call_context.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_rows.h"

namespace kasbah::tenantdata {

// Shows records with their values, sealed ones opened in one call to the vault for all of them.
// Thread safe.
//
// While the vault is away the other values still come, and the sealed ones are named as
// unavailable; so are those that were erased with their key. Errors: FAILED_PRECONDITION,
// SEALED_VALUE_UNREADABLE, for a ciphertext that does not open where it stands.
class RecordOpener {
 public:
  RecordOpener(Definitions& definitions, FieldSealer& sealer)
      : definitions_(definitions), sealer_(sealer) {}

  absl::StatusOr<v1::Record> Show(const CallContext& call, const StoredRecord& stored);
  absl::StatusOr<std::vector<v1::Record>> Show(const CallContext& call,
                                               const std::vector<StoredRecord>& stored);
  // As many of the first as take `most` bytes in a reply, and one however large it is: numbers take
  // several times the room there that they take as they are kept.
  absl::StatusOr<std::vector<v1::Record>> ShowWithin(const CallContext& call,
                                                     const std::vector<StoredRecord>& stored,
                                                     size_t most);

 private:
  Definitions& definitions_;
  FieldSealer& sealer_;
};

}  // namespace kasbah::tenantdata
