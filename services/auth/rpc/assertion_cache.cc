#include "services/auth/rpc/assertion_cache.h"

#include "libs/base/strings.h"

namespace kasbah::auth {

std::string AssertionCache::KeyOf(std::string_view credential_hash, std::string_view azp) {
  return StrCat(credential_hash, azp);
}

std::optional<AssertionCache::Issued> AssertionCache::Find(std::string_view credential_hash,
                                                           std::string_view azp,
                                                           absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(KeyOf(credential_hash, azp));
  if (found == entries_.end()) return std::nullopt;
  const Issued& issued = found->second;
  if (now - issued.issue_time >= kLife || now >= issued.expire_time) return std::nullopt;
  return issued;
}

void AssertionCache::Put(std::string_view credential_hash, std::string_view azp, Issued issued) {
  std::string key = KeyOf(credential_hash, azp);
  const absl::Time now = issued.issue_time;
  absl::MutexLock lock(&mutex_);
  while (!order_.empty() &&
         (now - order_.front().first >= kLife || order_.size() >= kMostEntries)) {
    const auto oldest = entries_.find(order_.front().second);
    if (oldest != entries_.end() && oldest->second.issue_time == order_.front().first) {
      entries_.erase(oldest);
    }
    order_.pop_front();
  }
  order_.emplace_back(now, key);
  entries_.insert_or_assign(std::move(key), std::move(issued));
}

}  // namespace kasbah::auth
