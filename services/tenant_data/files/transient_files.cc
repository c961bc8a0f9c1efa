#include "services/tenant_data/files/transient_files.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::tenantdata {

TransientContent::~TransientContent() { crypto::Wipe(bytes); }

TransientFiles::Room::Room(Room&& other) noexcept
    : files_(std::exchange(other.files_, nullptr)), tenant_(other.tenant_), size_(other.size_) {}

TransientFiles::Room::~Room() {
  if (files_ != nullptr) files_->Free(tenant_, size_);
}

void TransientFiles::Free(TenantId tenant, int64_t size) {
  absl::MutexLock lock(&mutex_);
  total_ -= size;
  const auto used = used_.find(tenant);
  used->second -= size;
  if (used->second == 0) used_.erase(used);
}

absl::StatusOr<TransientFiles::Room> TransientFiles::Reserve(TenantId tenant, int64_t size) {
  Expire();
  absl::MutexLock lock(&mutex_);
  const auto used = used_.find(tenant);
  const int64_t tenants = used == used_.end() ? 0 : used->second;
  if (total_ + size > limits_.total_bytes || tenants + size > limits_.tenant_bytes) {
    return WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "TRANSIENT_FILES_FULL",
                                "there is no room for another transient file at the moment"),
                          absl::Seconds(5));
  }
  total_ += size;
  used_[tenant] += size;
  return Room(this, tenant, size);
}

TransientFiles::Put TransientFiles::Keep(const CallContext& call, Room room,
                                         TransientContent content) {
  const absl::Time now = clock_.Now();
  const Put put{FileId::New(now), now + limits_.kept};
  absl::MutexLock lock(&mutex_);
  entries_.emplace(put.id, Entry{call.tenant, call.customer, put.expires, std::move(content),
                                 std::make_unique<Room>(std::move(room))});
  return put;
}

absl::StatusOr<TransientContent> TransientFiles::Take(const CallContext& call, FileId id) {
  std::optional<Entry> taken;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.tenant != call.tenant ||
        found->second.expires <= clock_.Now() ||
        (call.customer && found->second.customer != call.customer)) {
      return NotFound("file");
    }
    taken.emplace(std::move(found->second));
    entries_.erase(found);
  }
  // Its room is free from here on, outside the lock that freeing it takes.
  return std::move(taken->content);
}

void TransientFiles::Expire() {
  // They go, and free their room, once the lock is.
  std::vector<Entry> expired;
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->second.expires > now) {
      ++it;
      continue;
    }
    expired.push_back(std::move(it->second));
    it = entries_.erase(it);
  }
}

}  // namespace kasbah::tenantdata
