#pragma once

#include <string>
#include <vector>

#include "services/tenant_data/domain/rights_operation.h"
#include "services/tenant_data/domain/tenant.h"

namespace kasbah::tenantdata {

// manifest.json: whose data an archive holds, and of each member its rows, bytes and SHA-256.
std::string ManifestOf(const RightsOperation& operation, const Tenant& tenant,
                       const std::vector<ArchiveMember>& members,
                       const std::vector<RightsCount>& counts);

// The same digests as sha256sum writes and checks them.
std::string ChecksumsOf(const std::vector<ArchiveMember>& members);

}  // namespace kasbah::tenantdata
