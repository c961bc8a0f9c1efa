#include "services/tenant_data/store/cursor_keys.h"

#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Access;
using postgres::Bytes;
using postgres::Result;
using postgres::Statement;
using postgres::Transaction;

constexpr Statement kFind{"cursor_keys.find",
                          "SELECT key FROM tenant_data.cursor_keys WHERE tenant_id = $1"};

constexpr Statement kMake{"cursor_keys.make",
                          "INSERT INTO tenant_data.cursor_keys (tenant_id, key) VALUES ($1, $2) "
                          "ON CONFLICT (tenant_id) DO NOTHING",
                          Access::kWrite};

constexpr size_t kKeyBytes = 32;
// More tenants than one process meets; then it begins anew.
constexpr size_t kMostKeys = 10'000;

}  // namespace

absl::StatusOr<std::shared_ptr<const crypto::SecretBytes>> CursorKeys::Get(
    const CallContext& call) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = keys_.find(call.tenant);
    if (found != keys_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(std::string bytes, Load(call));
  auto key = std::make_shared<const crypto::SecretBytes>(crypto::SecretBytes::Copy(bytes));
  crypto::Wipe(bytes);
  absl::MutexLock lock(&mutex_);
  if (keys_.size() >= kMostKeys) keys_.clear();
  return keys_[call.tenant] = key;
}

absl::StatusOr<std::string> CursorKeys::Load(const CallContext& call) {
  ASSIGN_OR_RETURN(const Result found, database_.WithTenant(call, [&](Transaction& tx) {
    return tx.Run(kFind, call.tenant);
  }));
  if (!found.empty()) return found[0].Get<std::string>(0);
  // Another replica may make it at the same moment: what is kept then counts.
  const std::string fresh = crypto::RandomBytes(kKeyBytes);
  RETURN_IF_ERROR(database_
                      .WithTenantUnaudited(
                          call, postgres::UnauditedToken::ForBookkeeping(),
                          [&](Transaction& tx) { return tx.Run(kMake, call.tenant, Bytes{fresh}); })
                      .status());
  return database_.WithTenant(call, [&](Transaction& tx) {
    return tx.RunForOne(
        kFind, "key", [](const postgres::Row& row) { return row.Get<std::string>(0); },
        call.tenant);
  });
}

}  // namespace kasbah::tenantdata
