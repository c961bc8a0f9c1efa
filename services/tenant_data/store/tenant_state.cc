#include "services/tenant_data/store/tenant_state.h"

#include "libs/base/error.h"

namespace kasbah::tenantdata {

std::string_view NameOf(TenantState state) {
  switch (state) {
    case TenantState::kActive:
      return "active";
    case TenantState::kSuspended:
      return "suspended";
    case TenantState::kClosed:
    case TenantState::kErased:
      return "closed";
  }
  Crash("a tenant's state that is not stored", __FILE__, __LINE__);
}

TenantState ParseTenantState(std::string_view name) {
  for (const TenantState state :
       {TenantState::kActive, TenantState::kSuspended, TenantState::kClosed}) {
    if (NameOf(state) == name) return state;
  }
  Crash("a tenant's state that the table does not allow", __FILE__, __LINE__);
}

}  // namespace kasbah::tenantdata
