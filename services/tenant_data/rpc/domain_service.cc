#include "services/tenant_data/rpc/domain_service.h"

#include <optional>
#include <vector>

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/domain/domain_proof.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/messages.h"

namespace kasbah::tenantdata {
namespace {

constexpr std::string_view kListed = "domains";

// Both enumerations name the same states in the same order; the wire's begins with "unspecified".
static_assert(static_cast<int>(DomainState::kPending) + 1 == v1::DOMAIN_STATE_PENDING);
static_assert(static_cast<int>(DomainState::kLapsed) + 1 == v1::DOMAIN_STATE_LAPSED);

v1::Domain ToProto(TenantId tenant, const Domain& domain) {
  v1::Domain proto;
  proto.set_domain_id(domain.id.ToString());
  proto.set_host(domain.host);
  proto.set_state(static_cast<v1::DomainState>(static_cast<int>(domain.state) + 1));
  proto.mutable_challenge()->set_name(ChallengeName(domain.host));
  proto.mutable_challenge()->set_value(ChallengeValue(tenant, domain.host, domain.nonce));
  *proto.mutable_create_time() = ToTimestamp(domain.created);
  if (domain.verified) *proto.mutable_verify_time() = ToTimestamp(*domain.verified);
  if (domain.checked) *proto.mutable_check_time() = ToTimestamp(*domain.checked);
  proto.set_failed_checks(static_cast<uint32_t>(domain.failed_checks));
  return proto;
}

}  // namespace

DomainService::DomainService(rpc::Pipeline& pipeline, DomainRegistry& registry,
                             DomainChecker& checker)
    : pipeline_(pipeline), registry_(registry), checker_(checker) {}

absl::StatusOr<v1::Domain> DomainService::Create(const rpc::Call& call,
                                                 const v1::CreateDomainRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const Domain domain, registry_.Create(call, request.host()));
  return ToProto(call.tenant, domain);
}

absl::StatusOr<v1::Domain> DomainService::Verify(const rpc::Call& call,
                                                 const v1::VerifyDomainRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const DomainId id, ParseId<DomainId>("domain_id", request.domain_id()));
  ASSIGN_OR_RETURN(const Domain domain, checker_.Verify(call, id));
  return ToProto(call.tenant, domain);
}

absl::StatusOr<v1::Domain> DomainService::Get(const rpc::Call& call,
                                              const v1::GetDomainRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const DomainId id, ParseId<DomainId>("domain_id", request.domain_id()));
  ASSIGN_OR_RETURN(const Domain domain, registry_.Get(call, id));
  return ToProto(call.tenant, domain);
}

absl::StatusOr<v1::ListDomainsResponse> DomainService::List(const rpc::Call& call,
                                                            const v1::ListDomainsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::optional<Uuid> after, ParsePageToken(request.page_token(), kListed));
  // One more than the page, to know whether another follows.
  ASSIGN_OR_RETURN(const std::vector<Domain> domains,
                   registry_.List(call, DomainId(after.value_or(Uuid())), size + 1));
  v1::ListDomainsResponse reply;
  for (const Domain& domain : domains) {
    if (reply.domains_size() == size) {
      const size_t last = static_cast<size_t>(size) - 1;
      reply.set_next_page_token(FormatPageToken(domains[last].id.uuid(), kListed));
      break;
    }
    *reply.add_domains() = ToProto(call.tenant, domain);
  }
  return reply;
}

absl::StatusOr<v1::DeleteDomainResponse> DomainService::Delete(
    const rpc::Call& call, const v1::DeleteDomainRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const DomainId id, ParseId<DomainId>("domain_id", request.domain_id()));
  RETURN_IF_ERROR(registry_.Delete(call, id));
  return v1::DeleteDomainResponse();
}

}  // namespace kasbah::tenantdata
