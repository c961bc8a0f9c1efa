#include "services/vault/domain/version_hints.h"

#include <utility>

namespace kasbah::vault {
namespace {

constexpr size_t kMost = 20'000;

}  // namespace

std::optional<VersionHints::Hint> VersionHints::Find(TenantId tenant,
                                                     const std::string& ref) const {
  const absl::ReaderMutexLock lock(&mutex_);
  const auto it = hints_.find(std::pair(tenant, ref));
  if (it == hints_.end()) return std::nullopt;
  return it->second;
}

void VersionHints::Put(TenantId tenant, const std::string& ref, Hint hint) {
  const absl::MutexLock lock(&mutex_);
  // Losing them costs each secret one more round trip; ordering them would cost every access.
  if (hints_.size() >= kMost) hints_.clear();
  hints_.insert_or_assign(std::pair(tenant, ref), std::move(hint));
}

void VersionHints::Drop(TenantId tenant, const std::string& ref) {
  const absl::MutexLock lock(&mutex_);
  hints_.erase(std::pair(tenant, ref));
}

}  // namespace kasbah::vault
