#include "services/webhook/rpc/sealed_secrets.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/webhook/delivery/vault_signer.h"

namespace kasbah::webhook {
namespace {

using ciphertexts::Row;
using SealedSecret = EndpointStore::SealedSecret;

absl::StatusOr<std::vector<SealedSecret>> SecretsOf(const std::vector<Row>& rows) {
  std::vector<SealedSecret> secrets;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(const EndpointId endpoint, EndpointId::Parse(row.place));
    secrets.push_back({endpoint, row.ciphertexts.at(0).bytes});
  }
  return secrets;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> SealedSecrets::Count(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return endpoints_.CountSecrets(tx, call.tenant); });
}

absl::StatusOr<std::vector<Row>> SealedSecrets::After(const CallContext& call,
                                                      uint32_t below_version,
                                                      const std::string& place, int limit) {
  EndpointId after;
  if (!place.empty()) {
    const absl::StatusOr<EndpointId> parsed = EndpointId::Parse(place);
    if (!parsed.ok()) {
      return InvalidField("cursor", "must be one that RewrapCiphertexts returned");
    }
    after = *parsed;
  }
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> secrets,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return endpoints_.SecretsAfter(tx, call.tenant, below_version, after, limit);
                   }));
  std::vector<Row> rows;
  for (const SealedSecret& secret : secrets) {
    rows.push_back({secret.endpoint.ToString(), {{SecretContext(secret.endpoint), secret.sealed}}});
  }
  return rows;
}

absl::StatusOr<uint64_t> SealedSecrets::Replace(const CallContext& call,
                                                const std::vector<Row>& before,
                                                const std::vector<Row>& after) {
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> olds, SecretsOf(before));
  ASSIGN_OR_RETURN(const std::vector<SealedSecret> news, SecretsOf(after));
  return database_.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForRewrap(), [&](postgres::Transaction& tx) {
        return endpoints_.ReplaceSecrets(tx, call.tenant, olds, news);
      });
}

}  // namespace kasbah::webhook
