#include "services/vault/domain/secret_opening.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"

namespace kasbah::vault {

absl::StatusOr<crypto::SecretBytes> OpenStored(KeyRing& ring, const CallContext& call,
                                               KeyRing::Lease key, const SecretVersion& version,
                                               std::string_view sealed) {
  if (!key->Has(version.key_version)) {
    ASSIGN_OR_RETURN(key, ring.Refresh(call, key->name()));
  }
  absl::StatusOr<crypto::SecretBytes> payload =
      OpenPayload(*key, version.secret, version.version, sealed);
  if (payload.ok()) return payload;
  telemetry::LogError("a stored secret does not open: its row was changed",
                      {{"tenant", call.tenant.ToString()},
                       {"secret", version.secret.ToString()},
                       {"version", static_cast<int64_t>(version.version)}});
  return Error(absl::StatusCode::kDataLoss, "OPEN_FAILED", "the stored payload does not open");
}

}  // namespace kasbah::vault
