#include "libs/rpc/revocations.h"

#include <algorithm>

#include "libs/base/strings.h"

namespace kasbah::rpc {
namespace {

// An assertion's life, and as much again for clocks that differ.
constexpr absl::Duration kRelevantFor = absl::Minutes(2);

}  // namespace

void Revocations::Revoke(std::string_view subject, absl::Time not_before, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto found = not_before_.find(ToAbsl(subject));
  if (found != not_before_.end()) {
    found->second = std::max(found->second, not_before);
    return;
  }
  if (not_before_.size() >= bound_) MakeRoom(now);
  not_before_.emplace(std::string(subject), not_before);
}

void Revocations::MakeRoom(absl::Time now) {
  absl::erase_if(not_before_,
                 [now](const auto& entry) { return entry.second + kRelevantFor < now; });
  if (not_before_.size() < bound_) return;
  // Those that lie in the future say more than the floor can, and stay.
  floor_ = std::max(floor_, now);
  absl::erase_if(not_before_, [now](const auto& entry) { return entry.second <= now; });
}

bool Revocations::IsRevoked(std::string_view subject, absl::Time issue_time) const {
  absl::ReaderMutexLock lock(&mutex_);
  if (issue_time < floor_) return true;
  const auto found = not_before_.find(ToAbsl(subject));
  return found != not_before_.end() && issue_time < found->second;
}

}  // namespace kasbah::rpc
