#include "services/vault/upkeep/key_retirement.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::vault {
namespace {

using Changed = absl::StatusOr<std::optional<KeyStore::Change>>;

StoredKeyVersion& VersionOf(StoredKey& key, uint32_t version) {
  return *std::find_if(key.versions.begin(), key.versions.end(),
                       [&](const StoredKeyVersion& v) { return v.version == version; });
}

uint64_t OfVersion(const std::map<uint32_t, uint64_t>& references, uint32_t version) {
  const auto it = references.find(version);
  return it == references.end() ? 0 : it->second;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> KeyRetirement::Count(const CallContext& call,
                                                                  const StoredKey& key) const {
  const auto holder = holders_.find(key.name.owner);
  // What was signed or computed is kept by others, and can be made again by nobody.
  if (key.purpose != KeyPurpose::kEncrypt || holder == holders_.end()) {
    return Error(absl::StatusCode::kFailedPrecondition, "KEY_REFERENCES_UNKNOWN",
                 "nobody counts what this key made; use force when you know that it is not needed");
  }
  return holder->second->Count(call, key.name);
}

absl::StatusOr<StoredKey> KeyRetirement::Schedule(const CallContext& call, const KeyName& name,
                                                  uint32_t version, bool force) {
  ASSIGN_OR_RETURN(const StoredKey key, keys_.Get(call, name));
  RETURN_IF_ERROR(CheckMayDestroy(key, version));
  if (!force) {
    ASSIGN_OR_RETURN(const auto references, Count(call, key));
    if (const uint64_t left = OfVersion(references, version); left > 0) {
      return Error(
          absl::StatusCode::kFailedPrecondition, "KEY_VERSION_REFERENCED",
          StrCat("the version still has to open ", left, " ciphertexts; rewrap the key first"));
    }
  }
  return keys_.Save(call, name, [&](StoredKey& held) -> Changed {
    RETURN_IF_ERROR(CheckMayDestroy(held, version));
    StoredKeyVersion& going = VersionOf(held, version);
    going.destroy_at = clock_.Now() + std::max(held.destroy_delay, kShortestDelay);
    going.is_forced = force;
    return KeyStore::Change{"key.version.destroy", version, {{"forced", force ? "true" : "false"}}};
  });
}

absl::StatusOr<StoredKey> KeyRetirement::Restore(const CallContext& call, const KeyName& name,
                                                 uint32_t version) {
  return keys_.Save(call, name, [&](StoredKey& held) -> Changed {
    if (held.Find(version) == nullptr) return NotFound("key version");
    RETURN_IF_ERROR(vault::Restore(VersionOf(held, version)));
    return KeyStore::Change{"key.version.restore", version, {}};
  });
}

absl::Status KeyRetirement::Finish(const CallContext& call, KeyId id, uint32_t version) {
  ASSIGN_OR_RETURN(const StoredKey key, keys_.GetDue(call, id));
  const StoredKeyVersion* scheduled = key.Find(version);
  if (scheduled == nullptr || !scheduled->destroy_at) return absl::OkStatus();
  uint64_t left = 0;
  if (!scheduled->is_forced) {
    ASSIGN_OR_RETURN(const auto references, Count(call, key));
    left = OfVersion(references, version);
  }
  return keys_
      .SaveDue(call, id,
               [&](StoredKey& held) -> Changed {
                 StoredKeyVersion& going = VersionOf(held, version);
                 const absl::Time now = clock_.Now();
                 // Restored meanwhile, or destroyed by another replica.
                 if (!going.destroy_at || *going.destroy_at > now) return std::nullopt;
                 if (left > 0 && !going.is_forced) {
                   RETURN_IF_ERROR(vault::Restore(going));
                   return KeyStore::Change{
                       "key.version.destroy_refused", version, {{"references", StrCat(left)}}};
                 }
                 going.destroy_at = std::nullopt;
                 going.destroyed_at = now;
                 return KeyStore::Change{"key.version.destroyed", version, {}};
               })
      .status();
}

}  // namespace kasbah::vault
