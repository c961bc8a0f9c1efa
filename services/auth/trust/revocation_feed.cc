#include "services/auth/trust/revocation_feed.h"

#include <algorithm>
#include <utility>

#include "libs/base/status_macros.h"

namespace kasbah::auth {
namespace {

constexpr absl::Duration kReadTimeout = absl::Seconds(2);

}  // namespace

RevocationFeed::RevocationFeed(RevocationStore& store, const Clock& clock, Listener listener)
    : store_(store), clock_(clock), listener_(std::move(listener)) {}

absl::Status RevocationFeed::Poll() {
  ASSIGN_OR_RETURN(const RevocationStore::State state,
                   store_.Read(kWindow, absl::Now() + kReadTimeout));
  std::vector<Revocation> news;
  {
    absl::MutexLock lock(&mutex_);
    news = Apply(state);
    ++readings_;
  }
  listener_(news);
  return absl::OkStatus();
}

absl::Status RevocationFeed::Prune() { return store_.Prune(kKept, absl::Now() + kReadTimeout); }

std::vector<Revocation> RevocationFeed::Apply(const RevocationStore::State& state) {
  // After the reading: see above.
  const absl::Time now = clock_.Now();
  std::vector<Revocation> news;
  std::map<Uuid, Entry> recent;
  for (const auto& [id, revocation] : state.revocations) {
    const auto known = recent_.find(id);
    if (known != recent_.end()) {
      recent.insert(*known);
      continue;
    }
    Entry entry{++sequence_, revocation};
    entry.revocation.not_before = std::max(revocation.not_before, now);
    news.push_back(entry.revocation);
    recent.emplace(id, std::move(entry));
  }
  std::map<TenantId, Suspended> suspended;
  for (const auto& [tenant, version] : state.suspended) {
    const auto known = suspended_.find(tenant);
    if (known != suspended_.end() && known->second.state_version == version) {
      suspended.insert(*known);
      continue;
    }
    Entry entry{++sequence_, {Revocation::Kind::kTenant, tenant.ToString(), now}};
    news.push_back(entry.revocation);
    suspended.emplace(tenant, Suspended{version, std::move(entry)});
  }
  recent_ = std::move(recent);
  suspended_ = std::move(suspended);
  not_before_.clear();
  const auto remember = [&](const Revocation& revocation) {
    absl::Time& known =
        not_before_.try_emplace(revocation.subject, absl::InfinitePast()).first->second;
    known = std::max(known, revocation.not_before);
  };
  for (const auto& [id, entry] : recent_) remember(entry.revocation);
  for (const auto& [tenant, entry] : suspended_) remember(entry.entry.revocation);
  return news;
}

std::optional<std::vector<Revocation>> RevocationFeed::News(Cursor* cursor,
                                                            absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  const auto has_reading = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return readings_ > cursor->reading;
  };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&has_reading), timeout)) return std::nullopt;
  std::vector<Revocation> news;
  for (const auto& [id, entry] : recent_) {
    if (entry.sequence > cursor->sequence) news.push_back(entry.revocation);
  }
  for (const auto& [tenant, entry] : suspended_) {
    if (entry.entry.sequence > cursor->sequence) news.push_back(entry.entry.revocation);
  }
  *cursor = {readings_, sequence_};
  return news;
}

bool RevocationFeed::Contradicts(std::string_view subject, absl::Time issue_time) const {
  absl::MutexLock lock(&mutex_);
  const auto known = not_before_.find(std::string(subject));
  return known != not_before_.end() && issue_time < known->second;
}

}  // namespace kasbah::auth
