#include "services/audit/rpc/sealed_sinks.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/audit/sinks/sink_secrets.h"
#include "services/audit/store/sink_store.h"

namespace kasbah::audit {
namespace {

using ciphertexts::Row;
using sink_store::SealedSecret;

absl::StatusOr<std::vector<SealedSecret>> SecretsOf(const std::vector<Row>& rows) {
  std::vector<SealedSecret> secrets;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(const SinkId sink, SinkId::Parse(row.place));
    secrets.push_back({sink, row.ciphertexts.at(0).bytes});
  }
  return secrets;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> SealedSinks::Count(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return sink_store::CountSecrets(tx, call.tenant); });
}

absl::StatusOr<std::vector<Row>> SealedSinks::After(const CallContext& call, uint32_t below_version,
                                                    const std::string& place, int limit) {
  SinkId after;
  if (!place.empty()) {
    const absl::StatusOr<SinkId> parsed = SinkId::Parse(place);
    if (!parsed.ok()) {
      return InvalidField("cursor", "must be one that RewrapCiphertexts returned");
    }
    after = *parsed;
  }
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> secrets,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return sink_store::SecretsAfter(tx, call.tenant, below_version, after, limit);
                   }));
  std::vector<Row> rows;
  for (const SealedSecret& secret : secrets) {
    rows.push_back({secret.sink.ToString(), {{SecretContext(secret.sink), secret.sealed}}});
  }
  return rows;
}

absl::StatusOr<uint64_t> SealedSinks::Replace(const CallContext& call,
                                              const std::vector<Row>& before,
                                              const std::vector<Row>& after) {
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> olds, SecretsOf(before));
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> news, SecretsOf(after));
  return database_.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForRewrap(), [&](postgres::Transaction& tx) {
        return sink_store::ReplaceSecrets(tx, call.tenant, olds, news);
      });
}

}  // namespace kasbah::audit
