#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "services/vault/domain/kek.h"
#include "services/vault/domain/share_store.h"
#include "services/vault/domain/subject_share.h"

namespace kasbah::vault {

// A data subject as the database knows them.
struct StoredSubject {
  // Kek::HashOf their id.
  std::string hash;
  Uuid share;
  bool is_shredded = false;
  // Whether it is noted that the key asked about sealed something for them.
  bool is_noted = false;
};

// Where data subjects are kept. Calls enter the tenant.
class SubjectSource {
 public:
  virtual ~SubjectSource() = default;
  // Those of `hashes` that are there, in any order.
  virtual absl::StatusOr<std::vector<StoredSubject>> FindSubjects(
      const CallContext& call, const std::vector<std::string>& hashes, KeyId key) = 0;
  // Adds subjects, but for those that another was quicker with, and notes for all of `hashes` that
  // `key` seals for them.
  virtual absl::Status AddSubjects(const CallContext& call,
                                   const std::vector<StoredSubject>& subjects,
                                   const std::vector<std::string>& hashes, KeyId key) = 0;
};

// Data subjects' shares, on leases of five seconds like the keys they are used with: a subject who
// is shredded is so on every replica within that. At most 10,000 are kept. Thread safe.
class SubjectRing {
 public:
  using Share = std::shared_ptr<const SubjectShare>;

  SubjectRing(ShareStore& shares, SubjectSource& source, const Clock& clock)
      : shares_(shares), source_(source), clock_(clock) {}

  // On a live lease, and noted for the key; null otherwise. Asks nothing.
  Share FindLive(TenantId tenant, const std::string& subject, KeyId key);

  // One answer for each of `subjects`, which differ from each other: FAILED_PRECONDITION,
  // KEY_SHREDDED; UNAVAILABLE, SHARE_UNAVAILABLE; and for one that nothing was ever sealed for
  // OPEN_FAILED, unless `make`. The status of the whole is the database's.
  absl::StatusOr<std::vector<absl::StatusOr<Share>>> Get(const CallContext& call, const Kek& kek,
                                                         KeyId key,
                                                         const std::vector<std::string>& subjects,
                                                         bool make);

 private:
  struct Entry {
    Share share;
    absl::Time issued;
    absl::Time read_at;
    std::vector<KeyId> noted;
  };
  absl::StatusOr<std::vector<StoredSubject>> FindOrMake(const CallContext& call, KeyId key,
                                                        const std::vector<std::string>& hashes,
                                                        bool make);
  absl::StatusOr<Share> Read(TenantId tenant, const std::string& subject,
                             const StoredSubject& stored);
  void Keep(TenantId tenant, const std::string& subject, Share share, KeyId key, bool noted,
            absl::Time issued);

  ShareStore& shares_;
  SubjectSource& source_;
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::pair<TenantId, std::string>, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::vault
