#include "services/auth/rpc/credential_service.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/hash.h"
#include "libs/rpc/assertion.h"
#include "services/auth/rpc/messages.h"
#include "services/auth/trust/sign_assertion.h"

namespace kasbah::auth {
namespace {

constexpr std::string_view kAction = "credential.resolve";

// One answer for everything that is not a credential that works.
absl::Status CredentialInvalid() {
  return Error(absl::StatusCode::kUnauthenticated, "CREDENTIAL_INVALID",
               "the credential is not valid: unknown, revoked, expired or mistyped");
}

// A workload of a tenant may resolve its own tenant's credentials and no others.
bool MayResolve(const rpc::SpiffeId& peer, TenantId tenant) {
  return !peer.is_tenant_workload() || peer.tenant() == tenant;
}

}  // namespace

CredentialService::CredentialService(rpc::Pipeline& pipeline, postgres::Database& database,
                                     const SigningKey& signing_key,
                                     const RevocationFeed& revocations,
                                     outbox::CountedEvents& counted, rpc::SpiffeId identity,
                                     const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      signing_key_(signing_key),
      revocations_(revocations),
      counted_(counted),
      identity_(std::move(identity)),
      clock_(clock) {}

absl::StatusOr<v1::ResolveCredentialResponse> CredentialService::Resolve(
    const rpc::Call& caller, const v1::ResolveCredentialRequest& request) {
  rpc::Call call = caller;
  // The gateway alone sees where credentials come from; anybody else would be believed about
  // itself.
  if (call.workload == "service/gateway") call.source_address = request.source_address();
  const std::optional<ApiKeyText> presented = ApiKeyText::Parse(request.api_key());
  if (!presented) return Refuse(call, kSystemTenant);
  ASSIGN_OR_RETURN(const Issued issued, ResolveApiKey(call, *presented));

  CallContext by_key = call;
  by_key.tenant = issued.tenant;
  by_key.actor = Actor{"api_key", issued.actor_id, ""};
  counted_.Used(by_key, kAction, "api_key", issued.actor_id, "", 1);

  v1::ResolveCredentialResponse response;
  response.set_assertion(issued.assertion);
  *response.mutable_expire_time() = ToTimestamp(issued.expire_time);
  response.set_tenant_id(issued.tenant.ToString());
  response.set_actor_id(issued.actor_id);
  return response;
}

absl::StatusOr<CredentialService::Issued> CredentialService::ResolveApiKey(
    const rpc::Call& call, const ApiKeyText& presented) {
  const rpc::SpiffeId peer{identity_.domain, call.workload};
  const std::string azp = peer.ToString();
  const std::string hash = presented.Hash();
  // Before anything is looked up: an assertion dated here cannot be newer than a revocation that
  // the look missed.
  const absl::Time now = clock_.Now();
  if (std::optional<Issued> issued = cache_.Find(hash, azp, now);
      issued && !revocations_.Contradicts(issued->actor_id, issued->issue_time) &&
      !revocations_.Contradicts(issued->workload_id, issued->issue_time) &&
      !revocations_.Contradicts(issued->tenant.ToString(), issued->issue_time)) {
    return *std::move(issued);
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<const SigningKey::InUse> signer, signing_key_.Current());
  if (!MayResolve(peer, presented.tenant)) return Refuse(call, peer.tenant());
  ASSIGN_OR_RETURN(const Known known, Authenticate(call, presented, hash));
  ASSIGN_OR_RETURN(Issued issued, Sign(known, presented.tenant, azp, *signer, now));
  // A program that is registered in a moment need not wait for what was true before.
  if (!peer.is_tenant_workload() || known.workload) cache_.Put(hash, azp, issued);
  return issued;
}

absl::StatusOr<CredentialService::Known> CredentialService::Authenticate(
    const rpc::Call& call, const ApiKeyText& presented, const std::string& hash) {
  CallContext scoped = call;
  scoped.tenant = presented.tenant;
  scoped.customer.reset();
  std::optional<WorkloadId> workload;
  absl::StatusOr<std::optional<ApiKeyStore::Credential>> found = Look(scoped, presented, &workload);
  const absl::Status refused = IsTenantRefused(found.status()) ? found.status() : absl::OkStatus();
  if (!refused.ok()) {
    // That a tenant is suspended or closed is told to those who hold one of its keys.
    found = database_.WithTenantInAnyState(
        scoped, postgres::AnyStateToken::ForDenialEvents(), [&](postgres::Transaction& tx) {
          return keys_.FindCredential(tx, presented.tenant, presented.id);
        });
  }
  // No such tenant: the refusal stands in the installation's own trail.
  if (absl::IsNotFound(found.status())) return Refuse(call, kSystemTenant);
  RETURN_IF_ERROR(found.status());

  // The comparison is made for an absent key as well, with a hash that nothing has.
  static const std::string kNoHash(32, '\0');
  const bool same = crypto::ConstantTimeEquals(*found ? (*found)->secret_hash : kNoHash, hash);
  if (!*found || !same || !(*found)->key.IsActive(clock_.Now())) {
    return Refuse(call, presented.tenant);
  }
  if (!refused.ok()) {
    counted_.Denied(scoped, kAction, ReasonOf(refused));
    return refused;
  }
  return Known{std::move((*found)->key), workload};
}

absl::StatusOr<std::optional<ApiKeyStore::Credential>> CredentialService::Look(
    const CallContext& call, const ApiKeyText& presented, std::optional<WorkloadId>* workload) {
  using Found = std::optional<ApiKeyStore::Credential>;
  if (!rpc::SpiffeId{identity_.domain, call.workload}.is_tenant_workload()) {
    return database_.WithTenant(call, [&](postgres::Transaction& tx) {
      return keys_.FindCredential(tx, presented.tenant, presented.id);
    });
  }
  return database_.WithTenant(call, [&](postgres::Transaction& tx) {
    auto key = keys_.FindCredential(tx, presented.tenant, presented.id);
    auto known = workloads_.FindByName(tx, presented.tenant, WorkloadNameIn(call.workload));
    return tx.AfterCommit([key, known, workload]() -> absl::StatusOr<Found> {
      ASSIGN_OR_RETURN(const std::optional<WorkloadStore::Known> registered, known.Take());
      if (registered) *workload = registered->id;
      return key.Take();
    });
  });
}

absl::StatusOr<CredentialService::Issued> CredentialService::Sign(const Known& known,
                                                                  TenantId tenant,
                                                                  const std::string& azp,
                                                                  const SigningKey::InUse& signer,
                                                                  absl::Time issue_time) const {
  const ApiKey& key = known.key;
  rpc::Assertion assertion;
  assertion.actor_id = key.id.ToString();
  assertion.kind = policy::v1::ACTOR_KIND_API_KEY;
  assertion.azp = azp;
  assertion.tenant = tenant;
  assertion.customer = key.customer;
  assertion.session_id = assertion.actor_id;
  assertion.assurance = policy::v1::ASSURANCE_SINGLE;
  assertion.permissions = PermissionsOf(key.role);
  assertion.workload = known.workload;
  assertion.issue_time = issue_time;
  assertion.expire_time = std::min(issue_time + rpc::kAssertionLifetime,
                                   key.expire_time.value_or(absl::InfiniteFuture()));

  Issued issued;
  ASSIGN_OR_RETURN(issued.assertion, SignAssertion(assertion, identity_, signer));
  issued.tenant = tenant;
  issued.actor_id = assertion.actor_id;
  if (known.workload) issued.workload_id = known.workload->ToString();
  issued.issue_time = issue_time;
  issued.expire_time = assertion.expire_time;
  return issued;
}

absl::Status CredentialService::Refuse(const CallContext& call, TenantId tenant) {
  // Under the peer's name: what was presented proves nobody's.
  CallContext refused = call;
  refused.tenant = tenant;
  counted_.Denied(refused, kAction, "CREDENTIAL_INVALID");
  return CredentialInvalid();
}

}  // namespace kasbah::auth
