#pragma once

#include <optional>
#include <string_view>

#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/domain.h"
#include "services/tenant_data/domain/host_cache.h"

namespace kasbah::tenantdata {

// Whose hosts are, through the resolver's door: the one place where tenants' domains meet.
class HostStore {
 public:
  struct Holder {
    TenantId tenant;
    DomainId domain;
  };

  // The transaction may then change domains of the tenant and append to its trail. The first fails
  // unless the tenant is active.
  static void Enter(postgres::Transaction& tx, TenantId tenant);
  static void EnterAnyState(postgres::Transaction& tx, TenantId tenant);

  // The transaction fails with DOMAIN_TAKEN when somebody else holds the host; of two at once the
  // second waits for the first.
  static void Take(postgres::Transaction& tx, std::string_view host, const Holder& holder);
  // Nothing where somebody else holds it.
  static void Release(postgres::Transaction& tx, std::string_view host, const Holder& holder);
  static postgres::Pending<std::optional<Holder>> FindHolder(postgres::Transaction& tx,
                                                             std::string_view host);

  static postgres::Pending<std::optional<HostOwner>> FindByHost(postgres::Transaction& tx,
                                                                std::string_view host);
  static postgres::Pending<std::optional<HostOwner>> FindBySlug(postgres::Transaction& tx,
                                                                std::string_view slug);
  static postgres::Pending<TenantState> StateOf(postgres::Transaction& tx, TenantId tenant);
};

}  // namespace kasbah::tenantdata
