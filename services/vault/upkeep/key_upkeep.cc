#include "services/vault/upkeep/key_upkeep.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::vault {

absl::Status KeyUpkeep::Do(const CallContext& call, const Due& due) {
  if (due.kind == Due::Kind::kShares) return keks_.DestroyShredded(call);
  if (due.kind == Due::Kind::kKeysWithoutKek) return keks_.Adopt(call);
  const KeyId id(due.id);
  if (due.kind == Due::Kind::kKeyDestruction) return retirement_.Finish(call, id, due.version);
  ASSIGN_OR_RETURN(const StoredKey key, keys_.GetDue(call, id));
  const absl::Status rotated = ring_.RotateIfDue(call, key.name).status();
  return ReasonOf(rotated) == "NOT_DUE" ? absl::OkStatus() : rotated;
}

}  // namespace kasbah::vault
