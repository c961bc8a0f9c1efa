#include "services/tenant_data/store/domain_registry.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/hash.h"
#include "libs/telemetry/log.h"
#include "services/tenant_data/domain/host_name.h"
#include "services/tenant_data/store/domain_store.h"
#include "services/tenant_data/store/host_store.h"
#include "services/tenant_data/store/lifecycle_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

constexpr size_t kNonceBytes = 32;
constexpr std::string_view kDomainTaken = "DOMAIN_TAKEN";

absl::Status AsTaken(absl::Status status) {
  if (ReasonOf(status) != kDomainTaken) return status;
  return Error(
      absl::StatusCode::kAlreadyExists, kDomainTaken,
      "another tenant has proved this domain and not given it up; its proof is being looked "
      "at again");
}

}  // namespace

absl::StatusOr<Domain> DomainRegistry::Create(const CallContext& call, const std::string& host) {
  Domain domain;
  domain.created = clock_.Now();
  domain.id = DomainId::New(domain.created);
  domain.nonce = crypto::RandomBytes(kNonceBytes);
  const absl::Status created = resolver_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
    HostStore::Enter(tx, call.tenant);
    ASSIGN_OR_RETURN(const int64_t count, DomainStore::Count(tx, call.tenant).Await());
    ASSIGN_OR_RETURN(domain.host, ParseHost(host, options_.base_domain));
    if (count >= kMost) {
      return Error(absl::StatusCode::kFailedPrecondition, "TOO_MANY_DOMAINS",
                   "a tenant has at most 100 domains; delete those that are not used");
    }
    DomainStore::Insert(tx, call.tenant, domain);
    return AppendDomainEvents(outbox_, tx, call, clock_, "create", domain);
  });
  if (ReasonOf(created) == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason::kAlreadyExists,
                 "this domain is on the tenant's list already");
  }
  RETURN_IF_ERROR(created);
  return domain;
}

absl::StatusOr<Domain> DomainRegistry::Get(const CallContext& call, DomainId id) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) {
    HostStore::Enter(tx, call.tenant);
    return DomainStore::Get(tx, call.tenant, id);
  });
}

absl::StatusOr<std::vector<Domain>> DomainRegistry::List(const CallContext& call, DomainId after,
                                                         int64_t limit) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) {
    HostStore::Enter(tx, call.tenant);
    return DomainStore::List(tx, call.tenant, after, limit);
  });
}

absl::Status DomainRegistry::Delete(const CallContext& call, DomainId id) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
    HostStore::Enter(tx, call.tenant);
    ASSIGN_OR_RETURN(Domain domain, DomainStore::GetForChange(tx, call.tenant, id).Await());
    ++domain.version;
    HostStore::Release(tx, domain.host, {call.tenant, id});
    DomainStore::Delete(tx, call.tenant, id);
    tx.OnCommit([this] { cache_.Clear(); });
    return AppendDomainEvents(outbox_, tx, call, clock_, "delete", domain);
  });
}

absl::StatusOr<Domain> DomainRegistry::Verify(const CallContext& call, DomainId id) {
  absl::StatusOr<Domain> verified =
      resolver_.Run(call.deadline, [&](Transaction& tx) -> absl::StatusOr<Domain> {
        HostStore::Enter(tx, call.tenant);
        ASSIGN_OR_RETURN(Domain domain, DomainStore::GetForChange(tx, call.tenant, id).Await());
        const bool was_verified = domain.state == DomainState::kVerified;
        const absl::Time now = clock_.Now();
        domain.checked = now;
        domain.failed_checks = 0;
        if (!was_verified) {
          domain.state = DomainState::kVerified;
          domain.verified = now;
          ++domain.version;
        }
        HostStore::Take(tx, domain.host, {call.tenant, id});
        DomainStore::Save(tx, call.tenant, domain, now + options_.schedule.recheck);
        if (was_verified) return domain;
        tx.OnCommit([this] { cache_.Clear(); });
        RETURN_IF_ERROR(AppendDomainEvents(outbox_, tx, call, clock_, "verify", domain));
        return domain;
      });
  if (ReasonOf(verified.status()) == kDomainTaken) HastenHolder(call, id);
  if (!verified.ok()) return AsTaken(verified.status());
  return verified;
}

absl::StatusOr<std::vector<DueDomain>> DomainRegistry::ClaimDue(absl::Time deadline,
                                                                absl::Duration lease,
                                                                int64_t limit) {
  return upkeep_.Run(deadline, [&](Transaction& tx) {
    const absl::Time now = clock_.Now();
    return DueDomainStore::Claim(tx, now, now + lease, limit);
  });
}

absl::StatusOr<Domain> DomainRegistry::GetDue(const CallContext& call, DomainId id) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) {
    HostStore::EnterAnyState(tx, call.tenant);
    return DomainStore::Get(tx, call.tenant, id);
  });
}

absl::Status DomainRegistry::RecordLook(const CallContext& call, DomainId id, Look look) {
  return resolver_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
    HostStore::EnterAnyState(tx, call.tenant);
    const auto state = HostStore::StateOf(tx, call.tenant);
    ASSIGN_OR_RETURN(Domain domain, DomainStore::GetForChange(tx, call.tenant, id).Await());
    ASSIGN_OR_RETURN(const TenantState tenant, state.Take());
    if (domain.state != DomainState::kVerified) return absl::OkStatus();
    if (tenant == TenantState::kClosed) {
      return Lapse(tx, call, std::move(domain), "the tenant is closed");
    }
    const absl::Time now = clock_.Now();
    if (look != Look::kNoAnswer) domain.checked = now;
    if (look == Look::kProved) domain.failed_checks = 0;
    if (look == Look::kUnproved && ++domain.failed_checks >= kLapseAfter) {
      return Lapse(tx, call, std::move(domain), "its proof is no longer published");
    }
    const CheckSchedule& schedule = options_.schedule;
    DomainStore::Save(tx, call.tenant, domain,
                      now + (look == Look::kProved ? schedule.recheck : schedule.retry));
    return absl::OkStatus();
  });
}

absl::Status DomainRegistry::Lapse(Transaction& tx, const CallContext& call, Domain domain,
                                   std::string_view cause) {
  domain.state = DomainState::kLapsed;
  ++domain.version;
  HostStore::Release(tx, domain.host, {call.tenant, domain.id});
  DomainStore::Save(tx, call.tenant, domain, std::nullopt);
  tx.OnCommit([this] { cache_.Clear(); });
  return AppendDomainEvents(outbox_, tx, call, clock_, "lapse", domain, cause);
}

void DomainRegistry::HastenHolder(const CallContext& call, DomainId id) {
  const auto hasten = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Domain domain, Get(call, id));
    ASSIGN_OR_RETURN(const std::optional<HostStore::Holder> holder,
                     resolver_.Run(call.deadline, [&](Transaction& tx) {
                       return HostStore::FindHolder(tx, domain.host);
                     }));
    if (!holder) return absl::OkStatus();
    const absl::Time now = clock_.Now();
    return upkeep_.Run(call.deadline, [&](Transaction& tx) -> absl::Status {
      DueDomainStore::Hasten(tx, {holder->tenant, holder->domain}, now,
                             now + options_.schedule.retry);
      return absl::OkStatus();
    });
  };
  if (const absl::Status hastened = hasten(); !hastened.ok()) {
    telemetry::LogWarning("a domain's holder could not be looked at sooner",
                          {{"reason", ReasonOf(hastened)}});
  }
}

}  // namespace kasbah::tenantdata
