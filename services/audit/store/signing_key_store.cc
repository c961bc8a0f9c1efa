#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {
namespace {

using postgres::Bytes;
using postgres::Statement;

constexpr Statement kFind = {"signing_key.find", R"sql(
  SELECT generation, public_key, sealed_seed FROM audit.signing_key
  ORDER BY generation DESC LIMIT 1)sql"};

constexpr Statement kAdd = {"signing_key.add", R"sql(
  INSERT INTO audit.signing_key (generation, public_key, sealed_seed, created_at)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING)sql",
                            postgres::Access::kWrite};

}  // namespace

absl::StatusOr<std::optional<SealedKey>> SigningKeyStore::Find(absl::Time deadline) {
  return door_.Run(deadline, [](postgres::Transaction& tx) {
    return tx.Run(kFind).Map([](const postgres::Result& result) -> std::optional<SealedKey> {
      if (result.empty()) return std::nullopt;
      const postgres::Row row = result[0];
      return SealedKey{row.Get<uint64_t>(0), row.Get<std::string>(1), row.Get<std::string>(2)};
    });
  });
}

absl::Status SigningKeyStore::AddIfFirst(const SealedKey& key, absl::Time now,
                                         absl::Time deadline) {
  return door_.Run(deadline, [&](postgres::Transaction& tx) {
    tx.Run(kAdd, key.generation, Bytes{key.public_key}, Bytes{key.sealed_seed}, now);
    return absl::OkStatus();
  });
}

}  // namespace kasbah::audit
