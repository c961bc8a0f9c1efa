#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::auth {

// Assertions that were issued a moment ago, so that a busy credential is looked up and signed for
// once in five seconds. An assertion is dated before its credential was looked up, so what a
// revocation says of it stays true however often it is handed out. Bounded. Thread safe.
class AssertionCache {
 public:
  static constexpr absl::Duration kLife = absl::Seconds(5);
  static constexpr size_t kMostEntries = 10'000;

  struct Issued {
    std::string assertion;
    TenantId tenant;
    std::string actor_id;
    // wkl_… where the assertion was issued to a registered workload.
    std::string workload_id;
    absl::Time issue_time;
    absl::Time expire_time;
  };

  // `credential_hash` is the credential's SHA-256, `azp` whom the assertion was issued to.
  std::optional<Issued> Find(std::string_view credential_hash, std::string_view azp,
                             absl::Time now) const;
  void Put(std::string_view credential_hash, std::string_view azp, Issued issued);

 private:
  // The hash has a fixed size, so the pair cannot be read in two ways.
  static std::string KeyOf(std::string_view credential_hash, std::string_view azp);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Issued> entries_ ABSL_GUARDED_BY(mutex_);
  // In the order of their issue times, oldest first; may name entries that were replaced.
  std::deque<std::pair<absl::Time, std::string>> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::auth
