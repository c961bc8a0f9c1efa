#include "services/tenant_data/rpc/sealed_file_keys.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/files/data_keys.h"
#include "services/tenant_data/store/file_store.h"

namespace kasbah::tenantdata {
namespace {

using ciphertexts::Row;
using SealedKey = FileKeyStore::SealedKey;

absl::StatusOr<std::vector<SealedKey>> KeysOf(const std::vector<Row>& rows) {
  std::vector<SealedKey> keys;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(const FileId file, FileId::Parse(row.place));
    keys.push_back({file, row.ciphertexts.at(0).subject, row.ciphertexts.at(0).bytes});
  }
  return keys;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> SealedFileKeys::Count(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return FileKeyStore::Count(tx, call.tenant); });
}

absl::StatusOr<std::vector<Row>> SealedFileKeys::After(const CallContext& call,
                                                       uint32_t below_version,
                                                       const std::string& place, int limit) {
  FileId after;
  if (!place.empty()) {
    const absl::StatusOr<FileId> parsed = FileId::Parse(place);
    if (!parsed.ok()) return InvalidField("cursor", "must be one that RewrapCiphertexts returned");
    after = *parsed;
  }
  ASSIGN_OR_RETURN(const std::vector<SealedKey> keys,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return FileKeyStore::After(tx, call.tenant, below_version, after, limit);
                   }));
  std::vector<Row> rows;
  for (const SealedKey& key : keys) {
    rows.push_back({key.file.ToString(), {{FileContext(key.file), key.sealed, key.subject}}});
  }
  return rows;
}

absl::StatusOr<uint64_t> SealedFileKeys::Replace(const CallContext& call,
                                                 const std::vector<Row>& before,
                                                 const std::vector<Row>& after) {
  ASSIGN_OR_RETURN(const std::vector<SealedKey> olds, KeysOf(before));
  ASSIGN_OR_RETURN(const std::vector<SealedKey> news, KeysOf(after));
  return database_.WithTenantUnaudited(call, postgres::UnauditedToken::ForRewrap(),
                                       [&](postgres::Transaction& tx) {
                                         return FileKeyStore::Replace(tx, call.tenant, olds, news);
                                       });
}

}  // namespace kasbah::tenantdata
