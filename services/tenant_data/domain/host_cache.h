#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// Whose a host is.
struct HostOwner {
  TenantId tenant;
  std::string slug;
  TenantState state = TenantState::kActive;
  // By a domain of the tenant's own, not by its slug.
  bool custom = false;
};

// Answers about hosts, absent ones too, for 3 seconds and at most 10,000 of them: what another
// replica changed is known after that, what this one changed at once (Clear). Thread safe.
class HostCache {
 public:
  static constexpr absl::Duration kKept = absl::Seconds(3);
  static constexpr size_t kMost = 10'000;

  explicit HostCache(const Clock& clock) : clock_(clock) {}

  // Unset: not known here. Set to nullopt: nobody's.
  std::optional<std::optional<HostOwner>> Find(const std::string& host) const;

  // To be asked before the database is: an answer that was read before a Clear is not kept after
  // it.
  uint64_t generation() const;
  void Put(const std::string& host, std::optional<HostOwner> owner, uint64_t generation);
  // After every commit that changes whose a host is or the state of a tenant.
  void Clear();

 private:
  struct Entry {
    std::optional<HostOwner> owner;
    absl::Time until;
  };

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace kasbah::tenantdata
