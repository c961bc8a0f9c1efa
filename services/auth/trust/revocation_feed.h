#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {

// What no longer holds, read from the database each second by every replica and told to followers.
//
// A revocation takes effect from when it was first read here, not from when it was written: a
// change becomes visible only at its commit, and an assertion may have been issued, rightly,
// between the two. Whoever issues assertions dates them before it looks, so nothing that was issued
// on the state before the commit is newer than the first reading after it.
//
// A suspended tenant is a revocation from when its suspension was first read. No assertion is
// issued for it while it is suspended, so the moment need not move; once resumed, it is no longer
// told of, and assertions issued from then on are newer.
//
// Thread safe.
class RevocationFeed {
 public:
  // How long a revocation is told: an assertion's life, and a margin for clocks that differ and for
  // rows that were written by a slow transaction.
  static constexpr absl::Duration kWindow = absl::Seconds(60 + 30);
  static constexpr absl::Duration kKept = absl::Minutes(10);

  // A follower's place.
  struct Cursor {
    uint64_t reading = 0;
    uint64_t sequence = 0;
  };

  // This process's own verifier, told after each reading.
  using Listener = std::function<void(const std::vector<Revocation>& news)>;

  RevocationFeed(RevocationStore& store, const Clock& clock, Listener listener);

  // One reading. Followers hear of it even if it brought nothing; of a failed one they do not.
  absl::Status Poll();
  absl::Status Prune();

  // What is new since the cursor, which moves on; a follower's first call gets everything. nullopt
  // when no reading was made within `timeout`.
  std::optional<std::vector<Revocation>> News(Cursor* cursor, absl::Duration timeout);

  // Whether an assertion issued at `issue_time` and naming `subject` no longer holds.
  bool Contradicts(std::string_view subject, absl::Time issue_time) const;

 private:
  struct Entry {
    uint64_t sequence = 0;
    Revocation revocation;
  };
  struct Suspended {
    int64_t state_version = 0;
    Entry entry;
  };

  std::vector<Revocation> Apply(const RevocationStore::State& state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  RevocationStore& store_;
  const Clock& clock_;
  const Listener listener_;

  mutable absl::Mutex mutex_;
  uint64_t readings_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<Uuid, Entry> recent_ ABSL_GUARDED_BY(mutex_);
  std::map<TenantId, Suspended> suspended_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, absl::Time> not_before_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::auth
