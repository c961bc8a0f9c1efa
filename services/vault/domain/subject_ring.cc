#include "services/vault/domain/subject_ring.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "libs/base/status_macros.h"
#include "libs/crypto/ciphertext_v1.h"
#include "services/vault/domain/kek_ring.h"
#include "services/vault/domain/key_lease.h"

namespace kasbah::vault {
namespace {

constexpr size_t kMostKept = 10'000;
// A store may be a network away: that many requests at once.
constexpr size_t kThreads = 8;

void ForEach(size_t count, const std::function<void(size_t)>& body) {
  std::atomic<size_t> next = 0;
  const auto rest = [&] {
    for (size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(kThreads, (count + kThreads - 1) / kThreads); ++i) {
    threads.emplace_back(rest);
  }
  rest();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

SubjectRing::Share SubjectRing::FindLive(TenantId tenant, const std::string& subject, KeyId key) {
  const absl::Time now = clock_.Now();
  const absl::ReaderMutexLock lock(&mutex_);
  const auto it = entries_.find(std::pair(tenant, subject));
  if (it == entries_.end()) return nullptr;
  const Entry& entry = it->second;
  const bool live = entry.issued <= now && now < entry.issued + KeyLease::kDuration;
  const bool noted = std::find(entry.noted.begin(), entry.noted.end(), key) != entry.noted.end();
  return live && noted ? entry.share : nullptr;
}

absl::StatusOr<std::vector<StoredSubject>> SubjectRing::FindOrMake(
    const CallContext& call, KeyId key, const std::vector<std::string>& hashes, bool make) {
  ASSIGN_OR_RETURN(std::vector<StoredSubject> found, source_.FindSubjects(call, hashes, key));
  if (!make) return found;
  std::vector<StoredSubject> made;
  std::vector<std::string> unnoted;
  for (const std::string& hash : hashes) {
    const auto known = std::find_if(found.begin(), found.end(),
                                    [&](const StoredSubject& s) { return s.hash == hash; });
    if (known == found.end()) made.push_back({hash, Uuid::V7(clock_.Now())});
    if (known == found.end() || (!known->is_noted && !known->is_shredded)) unnoted.push_back(hash);
  }
  if (unnoted.empty()) return found;
  // The shares first: a row without one would be a loss, a share without a row is 32 bytes too
  // many.
  std::vector<absl::Status> problems(made.size());
  ForEach(made.size(), [&](size_t i) {
    problems[i] = shares_.Make({call.tenant, made[i].share}).status();
  });
  for (size_t i = 0; i < made.size(); ++i) {
    if (!problems[i].ok()) return ShareProblem({call.tenant, made[i].share}, problems[i]);
  }
  RETURN_IF_ERROR(source_.AddSubjects(call, made, unnoted, key));
  return source_.FindSubjects(call, hashes, key);
}

absl::StatusOr<SubjectRing::Share> SubjectRing::Read(TenantId tenant, const std::string& subject,
                                                     const StoredSubject& stored) {
  if (stored.is_shredded) return KeyShredded();
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto it = entries_.find(std::pair(tenant, subject));
    if (it != entries_.end() && it->second.share->id == stored.share &&
        clock_.Now() - it->second.read_at < KekRing::kShareEvery) {
      return it->second.share;
    }
  }
  const ShareRef ref{tenant, stored.share};
  absl::StatusOr<crypto::SecretBytes> share = shares_.Read(ref);
  if (!share.ok()) return ShareProblem(ref, share.status());
  return std::make_shared<const SubjectShare>(SubjectShare{stored.share, *std::move(share)});
}

void SubjectRing::Keep(TenantId tenant, const std::string& subject, Share share, KeyId key,
                       bool noted, absl::Time issued) {
  const absl::MutexLock lock(&mutex_);
  if (entries_.size() >= kMostKept) {
    absl::erase_if(entries_, [&](const auto& entry) {
      return issued - entry.second.issued >= KeyLease::kDuration;
    });
    if (entries_.size() >= kMostKept) entries_.clear();
  }
  Entry& entry = entries_[std::pair(tenant, subject)];
  if (entry.share != share) entry = Entry{std::move(share), issued, clock_.Now(), {}};
  entry.issued = issued;
  if (noted && std::find(entry.noted.begin(), entry.noted.end(), key) == entry.noted.end()) {
    entry.noted.push_back(key);
  }
}

absl::StatusOr<std::vector<absl::StatusOr<SubjectRing::Share>>> SubjectRing::Get(
    const CallContext& call, const Kek& kek, KeyId key, const std::vector<std::string>& subjects,
    bool make) {
  const absl::Time issued = clock_.Now();
  std::vector<std::string> hashes;
  for (const std::string& subject : subjects) hashes.push_back(kek.HashOf(subject));
  ASSIGN_OR_RETURN(const std::vector<StoredSubject> stored, FindOrMake(call, key, hashes, make));
  absl::flat_hash_map<std::string, const StoredSubject*> by_hash;
  for (const StoredSubject& subject : stored) by_hash[subject.hash] = &subject;
  std::vector<absl::StatusOr<Share>> shares(subjects.size(), Share());
  ForEach(subjects.size(), [&](size_t i) {
    const auto it = by_hash.find(hashes[i]);
    if (it == by_hash.end()) {
      shares[i] = crypto::ciphertext_v1::OpenFailed();
      return;
    }
    shares[i] = Read(call.tenant, subjects[i], *it->second);
    if (shares[i].ok()) {
      Keep(call.tenant, subjects[i], *shares[i], key, it->second->is_noted, issued);
    }
  });
  return shares;
}

}  // namespace kasbah::vault
