#pragma once

#include <string>

#include "kasbah/tenantdata/v1/rights.pb.h"

namespace kasbah::cli {

// "running, waiting: vault is away".
std::string RightsState(const tenantdata::v1::RightsOperation& operation);

// "subject_erasure".
std::string RightsKind(const tenantdata::v1::RightsOperation& operation);

// All of one operation: how far it is or what became of it, and what each service had.
std::string DescribeRights(const tenantdata::v1::RightsOperation& operation);

}  // namespace kasbah::cli
