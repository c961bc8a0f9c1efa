#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>

#include "absl/status/status.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// Rows of a file as ImportRecords takes them, in the order of the definition.
void AppendCsvHeader(const RuleTable& rules, std::string* out);
absl::Status AppendRow(const RuleTable& rules, v1::LineFormat format,
                       const google::protobuf::Struct& values, std::string* out);

}  // namespace kasbah::tenantdata
