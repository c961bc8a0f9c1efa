#include "services/auth/rpc/workload_identity_service.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "services/auth/domain/roles.h"
#include "services/auth/rpc/workload_messages.h"
#include "services/auth/trust/sign_assertion.h"

namespace kasbah::auth {
namespace {

absl::Status Unknown(std::string_view who, std::string_view command) {
  return Error(absl::StatusCode::kPermissionDenied, "WORKLOAD_UNKNOWN",
               StrCat("the tenant registered no workload for ", who, ": ", command));
}

}  // namespace

WorkloadIdentityService::WorkloadIdentityService(rpc::Pipeline& pipeline,
                                                 postgres::Database& database,
                                                 const SigningKey& signing_key,
                                                 KubernetesTokens& kubernetes,
                                                 outbox::CountedEvents& counted,
                                                 rpc::SpiffeId identity, const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      signing_key_(signing_key),
      kubernetes_(kubernetes),
      counted_(counted),
      identity_(std::move(identity)),
      clock_(clock) {}

template <typename Response>
absl::StatusOr<Response> WorkloadIdentityService::Answer(const rpc::Call& call,
                                                         const Known& workload,
                                                         std::string_view action,
                                                         const SigningKey::InUse& signer,
                                                         absl::Time issue_time) const {
  rpc::Assertion assertion;
  assertion.actor_id = workload.id.ToString();
  assertion.kind = policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
  assertion.azp = rpc::SpiffeId{identity_.domain, call.workload}.ToString();
  assertion.tenant = call.tenant;
  assertion.session_id = assertion.actor_id;
  assertion.permissions = WorkloadPermissions();
  assertion.workload = workload.id;
  assertion.issue_time = issue_time;
  assertion.expire_time = issue_time + rpc::kAssertionLifetime;
  Response response;
  ASSIGN_OR_RETURN(*response.mutable_assertion(), SignAssertion(assertion, identity_, signer));
  *response.mutable_expire_time() = ToTimestamp(assertion.expire_time);
  response.set_workload_id(assertion.actor_id);

  CallContext by_workload = call;
  by_workload.actor = Actor{"tenant_workload", assertion.actor_id, ""};
  counted_.Used(by_workload, action, "workload", assertion.actor_id, workload.name, 1);
  return response;
}

absl::StatusOr<v1::IssueWorkloadAssertionResponse> WorkloadIdentityService::Issue(
    const rpc::Call& call, const v1::IssueWorkloadAssertionRequest&) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto signer, signing_key_.Current());
  const std::string name = WorkloadNameIn(call.workload);
  ASSIGN_OR_RETURN(const std::optional<Known> known,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return workloads_.FindByName(tx, call.tenant, name);
                   }));
  if (!known) return Unknown(call.workload, StrCat("kasbah workloads create ", name));
  return Answer<v1::IssueWorkloadAssertionResponse>(call, *known, "workload.assert", *signer, now);
}

absl::StatusOr<v1::ExchangeKubernetesTokenResponse> WorkloadIdentityService::Exchange(
    const rpc::Call& call, const v1::ExchangeKubernetesTokenRequest& request) {
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(const auto signer, signing_key_.Current());
  absl::StatusOr<PodIdentity> pod = kubernetes_.Verify(request.token());
  const bool is_its_own = pod.ok() && pod->pod_uid == request.pod_uid() &&
                          pod->pod_name == request.pod_name() &&
                          pod->service_account.namespace_name == request.namespace_();
  // The look comes first, with what no service account has where the token is none: that the tenant
  // is suspended is said before what is wrong with the token.
  const ServiceAccount account = is_its_own ? pod->service_account : ServiceAccount();
  ASSIGN_OR_RETURN(const std::optional<Known> known,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return workloads_.FindByServiceAccount(tx, call.tenant, account);
                   }));
  if (!is_its_own) return KubernetesTokenInvalid();
  if (!known) {
    return Unknown(TextOf(account), "add it with kasbah workloads update NAME --kubernetes");
  }
  return Answer<v1::ExchangeKubernetesTokenResponse>(call, *known, "workload.exchange", *signer,
                                                     now);
}

}  // namespace kasbah::auth
