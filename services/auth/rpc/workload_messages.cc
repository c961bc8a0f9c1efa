#include "services/auth/rpc/workload_messages.h"

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"

namespace kasbah::auth {

v1::Workload ToMessage(const Workload& workload, const std::string& trust_domain, TenantId tenant) {
  v1::Workload message;
  message.set_workload_id(workload.id.ToString());
  message.set_name(workload.name);
  message.set_spiffe_id(StrCat("spiffe://", trust_domain, "/tenant/", tenant.ToString(),
                               "/workload/", workload.name));
  for (const ServiceAccount& account : workload.service_accounts) {
    v1::KubernetesServiceAccount* added = message.add_kubernetes();
    added->set_issuer(account.issuer);
    added->set_namespace_(account.namespace_name);
    added->set_service_account(account.name);
  }
  message.set_etag(EtagOf(workload));
  *message.mutable_create_time() = ToTimestamp(workload.create_time);
  *message.mutable_update_time() = ToTimestamp(workload.update_time);
  return message;
}

absl::StatusOr<std::vector<ServiceAccount>> FromMessage(
    const google::protobuf::RepeatedPtrField<v1::KubernetesServiceAccount>& accounts) {
  std::vector<ServiceAccount> result;
  for (const v1::KubernetesServiceAccount& account : accounts) {
    result.push_back({account.issuer(), account.namespace_(), account.service_account()});
  }
  RETURN_IF_ERROR(CheckServiceAccounts(result));
  return result;
}

std::string TextOf(const ServiceAccount& account) {
  return StrCat(account.namespace_name, "/", account.name, "@", account.issuer);
}

}  // namespace kasbah::auth
