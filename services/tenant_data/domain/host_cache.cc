#include "services/tenant_data/domain/host_cache.h"

namespace kasbah::tenantdata {

std::optional<std::optional<HostOwner>> HostCache::Find(const std::string& host) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(host);
  if (found == entries_.end() || clock_.Now() >= found->second.until) return std::nullopt;
  return std::make_optional(found->second.owner);
}

uint64_t HostCache::generation() const {
  const absl::MutexLock lock(&mutex_);
  return generation_;
}

void HostCache::Put(const std::string& host, std::optional<HostOwner> owner, uint64_t generation) {
  const absl::MutexLock lock(&mutex_);
  if (generation != generation_) return;
  const absl::Time now = clock_.Now();
  if (entries_.size() >= kMost) {
    absl::erase_if(entries_, [now](const auto& entry) { return now >= entry.second.until; });
    // Asked about more names than it holds within three seconds: it begins anew.
    if (entries_.size() >= kMost) entries_.clear();
  }
  entries_.insert_or_assign(host, Entry{std::move(owner), now + kKept});
}

void HostCache::Clear() {
  const absl::MutexLock lock(&mutex_);
  entries_.clear();
  ++generation_;
}

}  // namespace kasbah::tenantdata
