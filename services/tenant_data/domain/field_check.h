#pragma once

#include <vector>

#include "libs/base/error.h"
#include "services/tenant_data/domain/field.h"

namespace kasbah::tenantdata {

// Everything that is wrong with the fields and groups of a collection, with paths as
// fields[2].pattern and groups[0].key. Empty: they can be compiled (rule_table.h).
std::vector<Violation> CheckDefinition(const CollectionDefinition& collection);

}  // namespace kasbah::tenantdata
