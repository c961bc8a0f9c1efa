#pragma once

#include <array>
#include <string_view>

namespace kasbah::tenantdata {

// Every column of schema tenant_data that holds something about a person and that SubjectService
// exports and erases; a catalog test compares it with the columns' comments. Values of records are
// the tenant's, and a subject's where the record says whose it is: they go with it.
inline constexpr auto kPersonalColumns = std::to_array<std::string_view>({
    "tenant_data.customers.display_name",
    "tenant_data.customers.external_id",
    "tenant_data.files.name",
    "tenant_data.files.subject",
    "tenant_data.records.subject",
    "tenant_data.rights_operations.subject",
});

}  // namespace kasbah::tenantdata
