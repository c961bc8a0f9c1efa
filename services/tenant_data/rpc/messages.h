#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/tenant.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/record_store.h"

namespace kasbah::tenantdata {

// Between the wire and our own types.

v1::LifecycleState ToProto(TenantState state);
v1::Tenant ToProto(const Tenant& tenant);
v1::Customer ToProto(const Customer& customer);
v1::Violation ToProto(const Violation& violation);
// Without its values.
v1::Record ToProto(const StoredRecord& record);

// Of one item or line among many, which could be of a thousand fields each.
inline constexpr int kMaxViolations = 20;

// The first ones in full, the others by their number.
template <typename Refused>
void AddViolations(const std::vector<Violation>& violations, Refused* refused) {
  for (const Violation& violation : violations) {
    if (refused->violations_size() < kMaxViolations) {
      *refused->add_violations() = ToProto(violation);
    } else {
      refused->set_more_violations(refused->more_violations() + 1);
    }
  }
}

// INVALID_ARGUMENT at `field` for anything but an id of this kind.
template <typename Id>
absl::StatusOr<Id> ParseId(std::string_view field, const std::string& text) {
  const absl::StatusOr<Id> id = Id::Parse(text);
  if (!id.ok()) return InvalidField(field, FromAbsl(id.status().message()));
  return *id;
}

}  // namespace kasbah::tenantdata
