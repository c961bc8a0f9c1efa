#pragma once

#include <string_view>

#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// A stored payload, opened with `key`, which is read again where another replica sealed with a
// newer version of it. DATA_LOSS, OPEN_FAILED, with a line in the log, for a row that was changed.
absl::StatusOr<crypto::SecretBytes> OpenStored(KeyRing& ring, const CallContext& call,
                                               KeyRing::Lease key, const SecretVersion& version,
                                               std::string_view sealed);

}  // namespace kasbah::vault
