#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/domain.h"
#include "services/tenant_data/domain/host_cache.h"
#include "services/tenant_data/store/due_domain_store.h"

namespace kasbah::tenantdata {

// What a look at DNS found of a domain's proof.
enum class Look { kProved, kUnproved, kNoAnswer };

// The life of domains: each change of a domain commits together with whose its host is and with its
// events. Knows no DNS: looks are brought to it. Thread safe.
class DomainRegistry {
 public:
  static constexpr int64_t kMost = 100;

  struct Options {
    // Hosts below it belong to the installation; empty: none do.
    std::string base_domain;
    CheckSchedule schedule;
  };
  // `resolver` and `upkeep` are doors of home, where domains stay, wherever records are.
  DomainRegistry(Options options, postgres::Door& resolver, postgres::Door& upkeep,
                 outbox::Outbox& outbox, HostCache& cache, const Clock& clock)
      : options_(std::move(options)),
        resolver_(resolver),
        upkeep_(upkeep),
        outbox_(outbox),
        cache_(cache),
        clock_(clock) {}

  // What ParseHost says; ALREADY_EXISTS; FAILED_PRECONDITION, TOO_MANY_DOMAINS.
  absl::StatusOr<Domain> Create(const CallContext& call, const std::string& host);
  absl::StatusOr<Domain> Get(const CallContext& call, DomainId id);
  absl::StatusOr<std::vector<Domain>> List(const CallContext& call, DomainId after, int64_t limit);
  absl::Status Delete(const CallContext& call, DomainId id);

  // Verified from the commit on, for a proof that was just seen. ALREADY_EXISTS, DOMAIN_TAKEN,
  // while another tenant holds the host, whose proof is then looked at soon.
  absl::StatusOr<Domain> Verify(const CallContext& call, DomainId id);

  // Verified domains whose time has come; another look is due by itself after `lease`, should this
  // process not get to it.
  absl::StatusOr<std::vector<DueDomain>> ClaimDue(absl::Time deadline, absl::Duration lease,
                                                  int64_t limit);
  // In whatever state the tenant is.
  absl::StatusOr<Domain> GetDue(const CallContext& call, DomainId id);
  // Verified as before, one failure nearer to lapsing, or lapsed: at the kLapseAfter-th look in a
  // row that finds no proof, and at once where the tenant is closed. No answer changes nothing.
  absl::Status RecordLook(const CallContext& call, DomainId id, Look look);

 private:
  absl::Status Lapse(postgres::Transaction& tx, const CallContext& call, Domain domain,
                     std::string_view cause);
  // Tries no more than that: whoever holds it is looked at again anyway.
  void HastenHolder(const CallContext& call, DomainId id);

  const Options options_;
  postgres::Door& resolver_;
  postgres::Door& upkeep_;
  outbox::Outbox& outbox_;
  HostCache& cache_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
