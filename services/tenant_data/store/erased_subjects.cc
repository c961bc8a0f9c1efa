#include "services/tenant_data/store/erased_subjects.h"

#include <cstdint>
#include <string>

#include "libs/crypto/hash.h"

namespace kasbah::tenantdata::erased_subjects {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kHold{"erased_subjects.hold", "SELECT pg_advisory_xact_lock($1)"};
constexpr Statement kShare{"erased_subjects.share", "SELECT pg_advisory_xact_lock_shared($1)"};

constexpr Statement kAdd{"erased_subjects.add",
                         "INSERT INTO tenant_data.erased_subjects (tenant_id, digest) "
                         "VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         Access::kWrite};

constexpr Statement kRequireNot{"erased_subjects.require_not",
                                "SELECT core.require(NOT EXISTS (SELECT FROM "
                                "tenant_data.erased_subjects WHERE tenant_id = $1 AND digest = $2),"
                                " 'KEY_SHREDDED')"};

std::string DigestOf(const CallContext& call, std::string_view subject) {
  return crypto::Sha256({call.tenant.uuid().view(), subject});
}

// Some 64 bits of the digest: two that share a lock by chance wait for each other.
int64_t LockOf(std::string_view digest) {
  uint64_t lock = 0;
  for (const char c : digest.substr(0, 8)) lock = (lock << 8) | static_cast<unsigned char>(c);
  return static_cast<int64_t>(lock);
}

}  // namespace

void Add(Transaction& tx, const CallContext& call, std::string_view subject) {
  const std::string digest = DigestOf(call, subject);
  tx.Run(kHold, LockOf(digest));
  tx.Run(kAdd, call.tenant, Bytes{digest});
}

void RequireNot(Transaction& tx, const CallContext& call, std::string_view subject) {
  if (subject.empty()) return;
  const std::string digest = DigestOf(call, subject);
  tx.Run(kShare, LockOf(digest));
  // A statement of its own: it sees what the lock waited for.
  tx.Run(kRequireNot, call.tenant, Bytes{digest});
}

}  // namespace kasbah::tenantdata::erased_subjects
