#pragma once

#include <vector>

#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/error.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// What an import says of a batch's lines.
using RefusedLine = v1::ImportRecordsResponse::RefusedLine;
using StrippedLine = v1::ImportRecordsResponse::StrippedLine;

RefusedLine ToRefusal(const RuleTable& rules, uint64_t line,
                      const std::vector<Violation>& violations);

// Adds the lines, one for each record, whose records' values `taken` says others have; in order.
void AddTaken(const RuleTable& rules, const std::vector<uint64_t>& lines,
              const std::vector<std::vector<FieldId>>& taken, std::vector<RefusedLine>* refused);

// Of those that go in.
std::vector<StrippedLine> StrippedOf(const std::vector<NewRecord>& records,
                                     const std::vector<uint64_t>& lines,
                                     const std::vector<std::vector<FieldId>>& taken);

}  // namespace kasbah::tenantdata
