#include "services/tenant_data/rpc/import_said.h"

#include <algorithm>
#include <string>
#include <utility>

#include "services/tenant_data/domain/validation.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/record_change.h"

namespace kasbah::tenantdata {

RefusedLine ToRefusal(const RuleTable& rules, uint64_t line,
                      const std::vector<Violation>& violations) {
  RefusedLine refused;
  refused.set_line(line);
  refused.set_schema_version(rules.schema_version());
  AddViolations(violations, &refused);
  return refused;
}

void AddTaken(const RuleTable& rules, const std::vector<uint64_t>& lines,
              const std::vector<std::vector<FieldId>>& taken, std::vector<RefusedLine>* refused) {
  for (size_t i = 0; i < lines.size(); ++i) {
    if (taken[i].empty()) continue;
    std::vector<Violation> violations;
    for (const FieldId field : taken[i]) {
      violations.push_back(TakenValue(rules.Find(field)->definition.key));
    }
    refused->push_back(ToRefusal(rules, lines[i], violations));
  }
  std::sort(refused->begin(), refused->end(),
            [](const RefusedLine& a, const RefusedLine& b) { return a.line() < b.line(); });
}

std::vector<StrippedLine> StrippedOf(const std::vector<NewRecord>& records,
                                     const std::vector<uint64_t>& lines,
                                     const std::vector<std::vector<FieldId>>& taken) {
  std::vector<StrippedLine> stripped;
  for (size_t i = 0; i < records.size(); ++i) {
    const payload::Report& report = records[i].values.stripped;
    if (report.count == 0 || !taken[i].empty()) continue;
    StrippedLine& line = stripped.emplace_back();
    line.set_line(lines[i]);
    for (std::string& path : FirstPaths(report)) line.add_paths(std::move(path));
  }
  return stripped;
}

}  // namespace kasbah::tenantdata
