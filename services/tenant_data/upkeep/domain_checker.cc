#include "services/tenant_data/upkeep/domain_checker.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/metrics.h"
#include "services/tenant_data/domain/domain_proof.h"

namespace kasbah::tenantdata {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
// Longer than a round takes: one claim, as many lookups at once, a transaction for each.
constexpr absl::Duration kLease = absl::Minutes(5);
constexpr int64_t kAtOnce = 64;

CallContext CallFor(TenantId tenant) {
  return CallContext::ForBackground("service/tenant-data", tenant, absl::Now() + kTimeout);
}

Look LookOf(const dns::TxtResolver::Answer& answer, TenantId tenant, const Domain& domain) {
  if (!answer.ok()) return Look::kNoAnswer;
  return IsProvedBy(*answer, ChallengeValue(tenant, domain.host, domain.nonce)) ? Look::kProved
                                                                                : Look::kUnproved;
}

void Count(Look look) {
  static constexpr const char* kOutcomes[] = {"proved", "unproved", "no_answer"};
  telemetry::GetCounter("kasbah_tenant_data_domain_looks_total",
                        "Looks at DNS for the proof of a verified domain",
                        {{"outcome", kOutcomes[static_cast<size_t>(look)]}})
      .Add(1);
}

absl::Status Unproved(const std::string& name, size_t records) {
  return Error(absl::StatusCode::kFailedPrecondition, "DOMAIN_UNPROVED",
               records == 0 ? StrCat("there is no TXT record at ", name)
                            : StrCat("none of the ", records, " TXT records at ", name,
                                     " is the one that this domain asks for"));
}

}  // namespace

absl::StatusOr<Domain> DomainChecker::Verify(const CallContext& call, DomainId id) {
  ASSIGN_OR_RETURN(const Domain domain, registry_.Get(call, id));
  const std::string name = ChallengeName(domain.host);
  const dns::TxtResolver::Answer answer = dns_.Lookup({name}, call.deadline).at(0);
  RETURN_IF_ERROR(answer.status());
  if (LookOf(answer, call.tenant, domain) != Look::kProved) return Unproved(name, answer->size());
  return registry_.Verify(call, id);
}

absl::StatusOr<int> DomainChecker::RunOnce() {
  ASSIGN_OR_RETURN(const std::vector<DueDomain> due,
                   registry_.ClaimDue(absl::Now() + kTimeout, kLease, kAtOnce));
  absl::Status result;
  std::vector<TenantId> tenants;
  std::vector<Domain> domains;
  std::vector<std::string> names;
  for (const DueDomain& one : due) {
    absl::StatusOr<Domain> domain = registry_.GetDue(CallFor(one.tenant), one.domain);
    if (domain.ok()) {
      tenants.push_back(one.tenant);
      names.push_back(ChallengeName(domain->host));
      domains.push_back(*std::move(domain));
    } else if (!absl::IsNotFound(domain.status())) {
      result.Update(domain.status());
    }
  }
  const auto answers = dns_.Lookup(names, absl::InfiniteFuture());
  for (size_t i = 0; i < domains.size(); ++i) {
    const Look look = LookOf(answers[i], tenants[i], domains[i]);
    Count(look);
    const absl::Status recorded = registry_.RecordLook(CallFor(tenants[i]), domains[i].id, look);
    if (!absl::IsNotFound(recorded)) result.Update(recorded);
  }
  RETURN_IF_ERROR(result);
  return static_cast<int>(domains.size());
}

}  // namespace kasbah::tenantdata
