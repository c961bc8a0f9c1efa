#include "services/auth/store/signing_key_store.h"

#include <string>

namespace kasbah::auth {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Result;
using postgres::Row;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kInsert{"signing_keys.insert", R"sql(
INSERT INTO auth.signing_keys (key_id, public_key, not_after, certificate)
VALUES ($1, $2, $3, $4))sql",
                            Access::kWrite};

constexpr Statement kListUnexpired{"signing_keys.list_unexpired", R"sql(
SELECT key_id, public_key, not_after, certificate
FROM auth.signing_keys WHERE not_after > $1 ORDER BY not_after DESC, key_id)sql"};

constexpr Statement kDeleteExpired{"signing_keys.delete_expired", R"sql(
DELETE FROM auth.signing_keys WHERE not_after < $1)sql",
                                   Access::kWrite};

}  // namespace

absl::Status SigningKeyStore::Insert(const CertifiedKey& key, absl::Time deadline) {
  return door_
      .Run(deadline,
           [&](Transaction& tx) {
             return tx.Run(kInsert, key.key_id, Bytes{key.public_key}, key.not_after,
                           Bytes{key.certificate});
           })
      .status();
}

absl::StatusOr<std::vector<CertifiedKey>> SigningKeyStore::ListUnexpired(absl::Time now,
                                                                         absl::Time deadline) {
  return door_.Run(deadline, [&](Transaction& tx) {
    return tx.Run(kListUnexpired, now).Map([](Result rows) {
      std::vector<CertifiedKey> keys;
      for (const Row row : rows) {
        keys.push_back(CertifiedKey{row.Get<std::string>(0), row.Get<std::string>(1),
                                    row.Get<absl::Time>(2), row.Get<std::string>(3)});
      }
      return keys;
    });
  });
}

absl::Status SigningKeyStore::DeleteExpired(absl::Time before, absl::Time deadline) {
  return door_.Run(deadline, [&](Transaction& tx) { return tx.Run(kDeleteExpired, before); })
      .status();
}

}  // namespace kasbah::auth
