#pragma once

#include <vector>

#include "kasbah/tenantdata/v1/rights.pb.h"
#include "services/tenant_data/domain/rights_operation.h"

namespace kasbah::tenantdata {

v1::RightsOperation ToProto(const RightsOperation& operation);
// With what each service was asked for, and the archive of an export that is done.
v1::RightsOperation ToProto(const RightsOperation& operation,
                            const std::vector<RightsCount>& counts,
                            const std::vector<ArchiveMember>& members);

}  // namespace kasbah::tenantdata
