#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/error.h"
#include "services/tenant_data/domain/row_splitter.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// A row of a file as values of a record, or what is wrong with it: rule JSON, CSV or TOO_LONG.
struct ImportRow {
  uint64_t line = 0;
  google::protobuf::Struct values;
  // Whose it is; empty: nobody's.
  std::string subject;
  std::vector<Violation> violations;
};

// The longest id of a person: CreateRecordRequest.subject_id.
inline constexpr size_t kMaxSubjectBytes = 320;

// In all of these `subject_member` is the name, of a member or a column, under which a row says
// whose it is, and which is no field's; empty: none does.

ImportRow ReadJsonRow(const FileRow& row, const std::string& subject_member);

// The first row of a CSV file: keys of fields. INVALID_ARGUMENT at "data" for a key that is there
// twice, or is no field's, unless it `may_be_unknown`: then each row with a value there is refused;
// and where the subject's column is missing.
absl::StatusOr<std::vector<std::string>> ReadCsvHeader(const RuleTable& rules, const FileRow& row,
                                                       const std::string& subject_member,
                                                       bool may_be_unknown);

// Cells are texts; what is no text is read as one, "true" and "false" as booleans, several choices
// as a JSON array, the value of a JSON field as JSON.
ImportRow ReadCsvRow(const RuleTable& rules, const std::vector<std::string>& header,
                     const std::string& subject_member, const FileRow& row);

}  // namespace kasbah::tenantdata
