#include "libs/ratelimit/memory_limiter.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/strings.h"

namespace kasbah::ratelimit {
namespace {

constexpr size_t kShards = 16;

// Keys by the time at which their bucket is full again: GCRA's theoretical arrival time. A key
// whose time has passed says nothing that a new one would not.
struct Shard {
  absl::Mutex mutex;
  absl::flat_hash_map<std::string, absl::Time> arrivals;

  void MakeRoom(size_t max_keys, absl::Time now);
};

// A quarter at a time, so that the walk over all keys is paid for by many calls.
void Shard::MakeRoom(size_t max_keys, absl::Time now) {
  if (arrivals.size() < max_keys) return;
  absl::erase_if(arrivals, [now](const auto& entry) { return entry.second <= now; });
  const size_t keep = max_keys - max_keys / 4;
  if (arrivals.size() < keep) return;

  std::vector<absl::Time> times;
  times.reserve(arrivals.size());
  for (const auto& [key, time] : arrivals) times.push_back(time);
  const auto oldest_kept = times.begin() + static_cast<ptrdiff_t>(times.size() - keep);
  std::nth_element(times.begin(), oldest_kept, times.end());
  const absl::Time bound = *oldest_kept;
  absl::erase_if(arrivals, [bound](const auto& entry) { return entry.second <= bound; });
}

}  // namespace

struct MemoryLimiter::State {
  size_t keys_a_shard = 0;
  std::array<Shard, kShards> shards;
};

MemoryLimiter::MemoryLimiter(size_t max_keys) : state_(std::make_unique<State>()) {
  state_->keys_a_shard = std::max<size_t>(max_keys / kShards, 1);
}

MemoryLimiter::~MemoryLimiter() = default;

Decision MemoryLimiter::Take(std::string_view key, const Limit& limit, absl::Time now) {
  if (limit.rate <= 0) return {.allowed = true, .retry_after = {}, .remaining = INT64_MAX};
  const absl::Duration interval = absl::Seconds(1.0 / limit.rate);
  const absl::Duration tolerance = interval * std::max(limit.burst, 1.0);

  Shard& shard = state_->shards[absl::Hash<std::string_view>{}(key) % kShards];
  absl::MutexLock lock(&shard.mutex);
  auto entry = shard.arrivals.find(ToAbsl(key));
  const absl::Time arrival = entry == shard.arrivals.end() ? now : std::max(entry->second, now);
  const absl::Time next = arrival + interval;
  if (next - now > tolerance) {
    return {.allowed = false, .retry_after = next - now - tolerance, .remaining = 0};
  }
  if (entry != shard.arrivals.end()) {
    entry->second = next;
  } else {
    shard.MakeRoom(state_->keys_a_shard, now);
    shard.arrivals.emplace(std::string(key), next);
  }
  const int64_t remaining = (tolerance - (next - now)) / interval;
  return {.allowed = true, .retry_after = {}, .remaining = remaining};
}

}  // namespace kasbah::ratelimit
