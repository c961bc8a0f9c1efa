#include "services/vault/rpc/shred_service.h"

#include <map>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace kasbah::vault {

ShredService::ShredService(rpc::Pipeline& pipeline, KekChanges& changes, KeyStore& keys,
                           const KeyRetirement& retirement, const Clock& clock)
    : pipeline_(pipeline), changes_(changes), keys_(keys), retirement_(retirement), clock_(clock) {}

absl::StatusOr<v1::ShredTenantResponse> ShredService::Tenant(
    const rpc::Call& call, const v1::ShredTenantRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  if (call.tenant == kSystemTenant || request.confirm() != call.tenant.ToString()) {
    return InvalidField("confirm", "must be the id of the tenant that the call is for");
  }
  // Counted while it can be: whoever keeps them may not answer, which stops nothing.
  ASSIGN_OR_RETURN(const std::vector<StoredKey> keys, keys_.ListInAnyState(call));
  std::map<std::string, uint64_t> counted;
  for (const StoredKey& key : keys) {
    const auto count = retirement_.Count(call, key);
    if (!count.ok()) continue;
    uint64_t& total = counted[key.name.ToString()];
    for (const auto& [version, ciphertexts] : *count) total += ciphertexts;
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, changes_.ShredTenant(call));
  v1::ShredTenantResponse reply;
  for (const std::string& name : names) {
    v1::ShreddedKey* key = reply.add_keys();
    key->set_key(name);
    if (const auto it = counted.find(name); it != counted.end()) {
      key->set_ciphertexts(it->second);
    }
  }
  *reply.mutable_shred_time() = ToTimestamp(clock_.Now());
  return reply;
}

absl::StatusOr<v1::ShredSubjectResponse> ShredService::Subject(
    const rpc::Call& call, const v1::ShredSubjectRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   changes_.ShredSubject(call, request.subject()));
  v1::ShredSubjectResponse reply;
  for (const std::string& name : names) reply.add_keys(name);
  *reply.mutable_shred_time() = ToTimestamp(clock_.Now());
  return reply;
}

}  // namespace kasbah::vault
