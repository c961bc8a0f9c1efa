#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/ids.h"

namespace kasbah::vault {

// What a secret's name meant when it was last asked for: with it the event of an access can name
// secret and version before the row is read, and both travel in one round trip. Only a hint, which
// the statement checks. Bounded; thread safe.
class VersionHints {
 public:
  struct Hint {
    SecretId secret;
    std::string path;
    uint32_t latest_version = 0;
  };

  std::optional<Hint> Find(TenantId tenant, const std::string& ref) const;
  void Put(TenantId tenant, const std::string& ref, Hint hint);
  void Drop(TenantId tenant, const std::string& ref);

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::pair<TenantId, std::string>, Hint> hints_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::vault
