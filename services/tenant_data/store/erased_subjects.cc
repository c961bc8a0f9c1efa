#include "services/tenant_data/store/erased_subjects.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "libs/crypto/hash.h"

namespace kasbah::tenantdata::erased_subjects {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::OwnedBytes;
using postgres::Pending;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kHold{"erased_subjects.hold", "SELECT pg_advisory_xact_lock($1)"};
// In the order of the array, the same for all: two batches do not wait for each other in a circle.
constexpr Statement kShare{"erased_subjects.share",
                           "SELECT pg_advisory_xact_lock_shared(k) FROM unnest($1) AS t (k)"};

constexpr Statement kAdd{"erased_subjects.add",
                         "INSERT INTO tenant_data.erased_subjects (tenant_id, digest) "
                         "VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         Access::kWrite};

constexpr Statement kRequireNot{"erased_subjects.require_not",
                                "SELECT core.require(NOT EXISTS (SELECT FROM "
                                "tenant_data.erased_subjects WHERE tenant_id = $1 "
                                "AND digest = ANY($2)), 'KEY_SHREDDED')"};

constexpr Statement kFind{"erased_subjects.find",
                          "SELECT digest FROM tenant_data.erased_subjects "
                          "WHERE tenant_id = $1 AND digest = ANY($2)"};

std::string DigestOf(const CallContext& call, std::string_view subject) {
  return crypto::Sha256({call.tenant.uuid().view(), subject});
}

// One of a tenant's 32: a batch of many people takes no more of the database's locks than that, and
// who holds one alone does so for a moment.
int64_t LockOf(const CallContext& call, std::string_view digest) {
  uint64_t lock = 0;
  for (const char c : crypto::Sha256({"erased", call.tenant.uuid().view()}).substr(0, 8)) {
    lock = (lock << 8) | static_cast<unsigned char>(c);
  }
  constexpr uint64_t kLocks = 32;
  return static_cast<int64_t>(lock - lock % kLocks +
                              static_cast<unsigned char>(digest.front()) % kLocks);
}

std::set<std::string> DigestsOf(const CallContext& call, const std::set<std::string>& subjects) {
  std::set<std::string> digests;
  for (const std::string& subject : subjects) {
    if (!subject.empty()) digests.insert(DigestOf(call, subject));
  }
  return digests;
}

std::vector<OwnedBytes> ToArray(const std::set<std::string>& digests) {
  std::vector<OwnedBytes> array;
  for (const std::string& digest : digests) array.push_back({digest});
  return array;
}

}  // namespace

void Add(Transaction& tx, const CallContext& call, std::string_view subject) {
  const std::string digest = DigestOf(call, subject);
  tx.Run(kHold, LockOf(call, digest));
  tx.Run(kAdd, call.tenant, Bytes{digest});
}

void RequireNot(Transaction& tx, const CallContext& call, const std::set<std::string>& subjects) {
  const std::set<std::string> digests = DigestsOf(call, subjects);
  if (digests.empty()) return;
  std::set<int64_t> locks;
  for (const std::string& digest : digests) locks.insert(LockOf(call, digest));
  tx.Run(kShare, std::vector<int64_t>(locks.begin(), locks.end()));
  // A statement of its own: it sees what the locks waited for.
  tx.Run(kRequireNot, call.tenant, ToArray(digests));
}

Pending<std::set<std::string>> Find(Transaction& tx, const CallContext& call,
                                    const std::set<std::string>& subjects) {
  return tx.Run(kFind, call.tenant, ToArray(DigestsOf(call, subjects)))
      .Map([call, subjects](const Result& rows) {
        std::set<std::string> digests;
        for (const Row& row : rows) digests.insert(row.Get<std::string>(0));
        std::set<std::string> erased;
        for (const std::string& subject : subjects) {
          if (digests.contains(DigestOf(call, subject))) erased.insert(subject);
        }
        return erased;
      });
}

}  // namespace kasbah::tenantdata::erased_subjects
