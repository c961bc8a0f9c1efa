#include "services/vault/upkeep/secret_holder.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/vault/domain/secret.h"
#include "services/vault/store/secret_ciphertexts.h"

namespace kasbah::vault {
namespace {

// sec_…/version, of the last one that was looked at.
absl::StatusOr<std::pair<SecretId, uint32_t>> ParseCursor(const std::string& cursor) {
  if (cursor.empty()) return std::pair(SecretId(), uint32_t{0});
  const size_t slash = cursor.find('/');
  const absl::StatusOr<SecretId> secret = SecretId::Parse(cursor.substr(0, slash));
  if (slash == std::string::npos || !secret.ok()) return absl::InternalError("not a cursor");
  return std::pair(*secret, static_cast<uint32_t>(std::stoul(cursor.substr(slash + 1))));
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> SecretHolder::Count(const CallContext& call,
                                                                 const KeyName& key) {
  if (key.name != kSecretsKey) return std::map<uint32_t, uint64_t>();
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return SecretCiphertexts::Count(tx, call.tenant); });
}

absl::StatusOr<CiphertextHolder::Page> SecretHolder::Rewrap(const CallContext& call,
                                                            const KeyName& name,
                                                            uint32_t below_version,
                                                            const std::string& cursor, int limit) {
  Page page;
  if (name.name != kSecretsKey) {
    page.is_last = true;
    return page;
  }
  ASSIGN_OR_RETURN(const auto after, ParseCursor(cursor));
  ASSIGN_OR_RETURN(const KeyRing::Lease key, ring_.Get(call, name, KeyPurpose::kEncrypt));
  ASSIGN_OR_RETURN(std::vector<SecretCiphertexts::Row> rows,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return SecretCiphertexts::After(tx, call.tenant, below_version, after.first,
                                                     after.second, limit);
                   }));
  page.seen = rows.size();
  page.is_last = rows.size() < static_cast<size_t>(limit);
  page.cursor = cursor;
  if (!rows.empty()) {
    page.cursor = rows.back().secret.ToString() + "/" + std::to_string(rows.back().version);
  }
  std::vector<SecretCiphertexts::Row> sealed_again;
  for (SecretCiphertexts::Row& row : rows) {
    const auto payload = OpenPayload(*key, row.secret, row.version, row.payload);
    if (!payload.ok()) {
      ++page.failed;
      continue;
    }
    RETURN_IF_ERROR(ring_.Take(call, *key, 1));
    ASSIGN_OR_RETURN(row.payload, SealPayload(*key, row.secret, row.version,
                                              payload->view(crypto::SecretAccess::ForSeal())));
    sealed_again.push_back(std::move(row));
  }
  if (sealed_again.empty()) return page;
  ASSIGN_OR_RETURN(page.rewrapped,
                   database_.WithTenantUnaudited(
                       call, postgres::UnauditedToken::ForRewrap(), [&](postgres::Transaction& tx) {
                         return SecretCiphertexts::Replace(tx, call.tenant, key->primary_version(),
                                                           sealed_again);
                       }));
  return page;
}

}  // namespace kasbah::vault
