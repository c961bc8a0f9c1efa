#include "libs/rpc/admission.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/ratelimit/tiers.h"

namespace kasbah::rpc {
namespace {

using absl::StatusCode;
using policy::v1::ActorKind;

ratelimit::Tier TierOf(policy::v1::RateTier tier) {
  switch (tier) {
    case policy::v1::RATE_TIER_INTERNAL:
      return ratelimit::Tier::kInternal;
    case policy::v1::RATE_TIER_READ:
      return ratelimit::Tier::kRead;
    case policy::v1::RATE_TIER_WRITE:
      return ratelimit::Tier::kWrite;
    case policy::v1::RATE_TIER_SENSITIVE:
      return ratelimit::Tier::kSensitive;
    case policy::v1::RATE_TIER_BULK:
      return ratelimit::Tier::kBulk;
    default:
      return ratelimit::Tier::kCredential;
  }
}

std::string_view KindName(ActorKind kind) {
  switch (kind) {
    case policy::v1::ACTOR_KIND_OPERATOR:
      return "operator";
    case policy::v1::ACTOR_KIND_API_KEY:
      return "api_key";
    case policy::v1::ACTOR_KIND_USER:
      return "user";
    case policy::v1::ACTOR_KIND_EMBED:
      return "embed";
    case policy::v1::ACTOR_KIND_TENANT_WORKLOAD:
      return "tenant_workload";
    default:
      return "workload";
  }
}

// Whom a method is for: "operator, user".
std::string KindsOf(const policy::v1::Access& access) {
  std::string kinds;
  for (const int kind : access.actors()) {
    StrAppend(&kinds, kinds.empty() ? "" : ", ", KindName(static_cast<ActorKind>(kind)));
  }
  return kinds;
}

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

absl::Status AssertionInvalid(std::string_view what) {
  return Error(StatusCode::kUnauthenticated, "ASSERTION_INVALID", what);
}

// The peer's only SPIFFE id. gRPC sets the property when the certificate has one URI name alone.
absl::StatusOr<std::string> PeerUri(const grpc::ServerContextBase& context) {
  static const std::string& property = *new std::string("peer_spiffe_id");
  const auto auth = context.auth_context();
  if (auth != nullptr) {
    const std::vector<grpc::string_ref> ids = auth->FindPropertyValues(property);
    if (ids.size() == 1) return std::string(View(ids[0]));
  }
  return Error(StatusCode::kUnauthenticated, "PEER_IDENTITY_MISSING",
               "the client's certificate must carry exactly one SPIFFE id");
}

// Both name a tenant, or only one does; which then is the call's.
absl::Status AgreeOnTenant(Arrival* arrival) {
  const CallMetadata& metadata = arrival->metadata;
  Call& call = arrival->call;
  if (!metadata.tenant.empty()) {
    const absl::StatusOr<TenantId> named = TenantId::Parse(metadata.tenant);
    if (!named.ok() || named->is_nil()) {
      return Error(StatusCode::kInvalidArgument, "TENANT_INVALID",
                   "the metadata kasbah-tenant must be one ten_ id");
    }
    if (!call.tenant.is_nil() && call.tenant != *named) {
      return Error(StatusCode::kPermissionDenied, "TENANT_MISMATCH",
                   "the metadata kasbah-tenant names another tenant than the caller is of");
    }
    if (*named == kSystemTenant && !arrival->peer->is_service) {
      return Error(StatusCode::kPermissionDenied, "SYSTEM_TENANT_NOT_ALLOWED",
                   "only services act for the installation itself");
    }
    call.tenant = *named;
  }
  if (!metadata.customer.empty()) {
    const absl::StatusOr<CustomerId> named = CustomerId::Parse(metadata.customer);
    if (!named.ok() || named->is_nil()) {
      return Error(StatusCode::kInvalidArgument, "CUSTOMER_INVALID",
                   "the metadata kasbah-customer must be one cus_ id");
    }
    if (call.customer.has_value() && *call.customer != *named) {
      return Error(StatusCode::kPermissionDenied, "CUSTOMER_MISMATCH",
                   "the metadata kasbah-customer names another customer than the caller is for");
    }
    call.customer = *named;
  }
  return absl::OkStatus();
}

absl::Status CheckPermission(bool has_assertion, Arrival* arrival) {
  const policy::v1::Permission needed = arrival->method.policy.access.permission();
  if (needed == policy::v1::PERMISSION_UNSPECIFIED) return absl::OkStatus();
  Call& call = arrival->call;
  // The policy's peers and actors are what a service or an operator is granted.
  const bool by_certificate = arrival->peer->is_service || arrival->peer->is_operator;
  if (!has_assertion && by_certificate) call.permissions.set(static_cast<size_t>(needed));
  if (call.Has(needed)) return absl::OkStatus();
  return Error(StatusCode::kPermissionDenied, reason::kPermissionDenied,
               StrCat("the caller lacks ", policy::v1::Permission_Name(needed)));
}

// Only the program itself may say that it is registered: nobody forwards such a call.
absl::Status CheckRegistered(const Assertion* assertion, Arrival* arrival) {
  const bool registered = assertion != nullptr && assertion->workload.has_value() &&
                          assertion->azp == arrival->peer->uri;
  if (registered) arrival->call.registered_workload = *assertion->workload;
  if (registered || !arrival->method.policy.access.registered_workload()) return absl::OkStatus();
  return Error(StatusCode::kPermissionDenied, "WORKLOAD_NOT_REGISTERED",
               StrCat(arrival->method.policy.name,
                      " is for programs that the tenant registered: ", arrival->peer->id.path,
                      " has no assertion as one; register it (kasbah workloads create) and get it "
                      "one from auth"));
}

absl::Status CheckScope(const Arrival& arrival) {
  if (arrival.method.has_tenant) {
    if (!arrival.call.tenant.is_nil()) return absl::OkStatus();
    return Error(StatusCode::kInvalidArgument, "TENANT_REQUIRED",
                 "the call is for one tenant: name it in the metadata kasbah-tenant");
  }
  if (arrival.metadata.tenant.empty() && arrival.metadata.customer.empty()) return absl::OkStatus();
  return Error(StatusCode::kInvalidArgument, "TENANT_NOT_ALLOWED",
               "the call is for no one tenant: leave out kasbah-tenant and kasbah-customer");
}

}  // namespace

MethodRules::MethodRules(const MethodPolicy& p, size_t i, const ratelimit::Rates& rates)
    : policy(p), place(i), limit(ratelimit::LimitOf(TierOf(p.access.rate()), rates)) {
  for (int kind : p.access.actors()) actors.set(static_cast<size_t>(kind));
  takes_assertions = HasTenantActor(p.access);
  has_tenant = p.access.scope() == policy::v1::SCOPE_TENANT ||
               p.access.scope() == policy::v1::SCOPE_TENANT_ANY_STATE;
}

CallMetadata::CallMetadata(const grpc::ServerContextBase& context) {
  const auto keep = [this](std::string_view name, const grpc::string_ref& value,
                           std::string_view* place) {
    if (place->data() != nullptr) repeated = name;
    *place = View(value);
  };
  for (const auto& [key, value] : context.client_metadata()) {
    const std::string_view name = View(key);
    if (name == "authorization") {
      keep("authorization", value, &authorization);
    } else if (name == "kasbah-tenant") {
      keep("kasbah-tenant", value, &tenant);
    } else if (name == "kasbah-customer") {
      keep("kasbah-customer", value, &customer);
    } else if (name == "x-request-id") {
      request_id = request_id.data() == nullptr ? View(value) : std::string_view("");
    } else if (name == "traceparent") {
      traceparent = View(value);
    } else if (name == "user-agent") {
      user_agent = View(value);
    }
  }
}

Admission::Admission(std::string trust_domain, const PolicyTable& policies,
                     ratelimit::Limiter* limiter, const Clock& clock)
    : peers_(std::move(trust_domain), policies), limiter_(limiter), clock_(clock) {}

absl::Status Admission::Enter(const grpc::ServerContextBase& context, Arrival* arrival) {
  Call& call = arrival->call;
  call.actor_kind = policy::v1::ACTOR_KIND_WORKLOAD;
  call.actor = {.kind = "workload", .id = "unknown", .display = ""};
  ASSIGN_OR_RETURN(const std::string uri, PeerUri(context));
  ASSIGN_OR_RETURN(arrival->peer, peers_.Find(uri));
  const Peer& peer = *arrival->peer;
  if (peer.is_operator) call.actor_kind = policy::v1::ACTOR_KIND_OPERATOR;
  call.actor.kind = KindName(call.actor_kind);
  call.actor.id = peer.id.path;
  call.workload = peer.id.path;
  call.tenant = peer.tenant;
  if (!peer.may_call[arrival->method.place]) {
    return Error(StatusCode::kPermissionDenied, "PEER_NOT_ALLOWED",
                 StrCat(peer.id.path, " may not call ", arrival->method.policy.name));
  }

  const CallMetadata& metadata = arrival->metadata;
  if (metadata.repeated == "authorization") {
    return AssertionInvalid("the metadata authorization came more than once");
  }
  if (!metadata.repeated.empty()) {
    return Error(StatusCode::kInvalidArgument, "METADATA_REPEATED",
                 StrCat("the metadata ", metadata.repeated, " came more than once"));
  }
  if (metadata.authorization.data() == nullptr) return absl::OkStatus();
  constexpr std::string_view kBearer = "Bearer ";
  if (!metadata.authorization.starts_with(kBearer) ||
      metadata.authorization.size() == kBearer.size()) {
    return AssertionInvalid("the metadata authorization must be \"Bearer \" and an assertion");
  }
  if (!arrival->method.takes_assertions) {
    return Error(StatusCode::kPermissionDenied, "ACTOR_NOT_ALLOWED",
                 StrCat(arrival->method.policy.name, " takes no assertion: it is for ",
                        KindsOf(arrival->method.policy.access), ", by the certificate alone"));
  }
  arrival->token = metadata.authorization.substr(kBearer.size());
  return absl::OkStatus();
}

absl::Status Admission::TakeAssertion(const Assertion& assertion, Arrival* arrival) {
  Call& call = arrival->call;
  const Peer& peer = *arrival->peer;
  // A tenant's workload may present nobody's assertions but its own tenant's.
  const bool foreign = !peer.tenant.is_nil() && peer.tenant != assertion.tenant;
  call.tenant = assertion.tenant;
  if (foreign || (assertion.azp != peer.uri && !peer.may_forward[arrival->method.place])) {
    return Error(StatusCode::kPermissionDenied, "ASSERTION_NOT_YOURS",
                 "the assertion was issued to another workload");
  }
  call.customer = assertion.customer;
  call.actor_kind = assertion.kind;
  call.actor.kind = KindName(assertion.kind);
  call.actor.id = assertion.actor_id;
  call.session_id = assertion.session_id;
  call.permissions = assertion.permissions;
  return absl::OkStatus();
}

absl::Status Admission::Authorize(const Assertion* assertion, Arrival* arrival) {
  Call& call = arrival->call;
  const policy::v1::Access& access = arrival->method.policy.access;
  if (assertion != nullptr) RETURN_IF_ERROR(TakeAssertion(*assertion, arrival));
  RETURN_IF_ERROR(AgreeOnTenant(arrival));
  RETURN_IF_ERROR(CheckRegistered(assertion, arrival));
  if (!arrival->method.actors[static_cast<size_t>(call.actor_kind)]) {
    return Error(StatusCode::kPermissionDenied, "ACTOR_NOT_ALLOWED",
                 StrCat(arrival->method.policy.name, " is not for actors of kind ", call.actor.kind,
                        ": it is for ", KindsOf(access)));
  }
  RETURN_IF_ERROR(CheckPermission(assertion != nullptr, arrival));
  RETURN_IF_ERROR(CheckScope(*arrival));
  if (call.actor_kind == policy::v1::ACTOR_KIND_USER && assertion->assurance < access.assurance()) {
    return Error(StatusCode::kPermissionDenied, "ASSURANCE_REQUIRED",
                 "the call needs a second factor");
  }
  return CheckRate(assertion != nullptr, arrival);
}

absl::Status Admission::CheckRate(bool has_assertion, Arrival* arrival) {
  const ratelimit::Limit& limit = arrival->method.limit;
  // Between services load shedding is the bound, whatever the tier.
  if (limit.rate <= 0 || limiter_ == nullptr || (arrival->peer->is_service && !has_assertion)) {
    return absl::OkStatus();
  }
  const Call& call = arrival->call;
  std::string key;
  key.reserve(1 + 16 + call.actor.id.size());
  key.push_back(static_cast<char>('0' + arrival->method.policy.access.rate()));
  key.append(call.tenant.uuid().view());
  key.append(call.actor.id);
  const ratelimit::Decision decision = limiter_->Take(key, limit, clock_.Now());
  if (decision.allowed) return absl::OkStatus();
  return WithRetryDelay(Error(StatusCode::kResourceExhausted, "RATE_LIMITED",
                              "the caller has used up its rate for calls of this kind"),
                        decision.retry_after);
}

}  // namespace kasbah::rpc
