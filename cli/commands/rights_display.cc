#include "cli/commands/rights_display.h"

#include <map>

#include "cli/console/output.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::RightsOperation;

bool IsExport(const RightsOperation& operation) {
  return operation.kind() == RightsOperation::KIND_TENANT_EXPORT ||
         operation.kind() == RightsOperation::KIND_SUBJECT_EXPORT;
}

// Where one service is; in an operation that is over, where it came to.
std::string StateOf(const RightsOperation::ServiceProgress& service, bool is_over) {
  switch (service.state()) {
    case RightsOperation::STATE_UNSPECIFIED:
      return is_over ? "not asked" : "waits";
    case RightsOperation::STATE_RUNNING:
      return is_over ? "stopped" : "running";
    default:
      return EnumName(*RightsOperation::State_descriptor(), service.state());
  }
}

}  // namespace

std::string RightsState(const RightsOperation& operation) {
  const std::string state = EnumName(*RightsOperation::State_descriptor(), operation.state());
  return operation.waiting_for().empty() ? state
                                         : StrCat(state, ", waiting: ", operation.waiting_for());
}

std::string RightsKind(const RightsOperation& operation) {
  return EnumName(*RightsOperation::Kind_descriptor(), operation.kind());
}

std::string DescribeRights(const RightsOperation& operation) {
  Properties properties = {{"operation", operation.operation_id()},
                           {"kind", RightsKind(operation)},
                           {"state", RightsState(operation)}};
  if (!operation.error().empty()) properties.emplace_back("error", operation.error());
  properties.emplace_back("by", operation.actor());
  properties.emplace_back("started", ToCell(operation.create_time(), operation.has_create_time()));
  properties.emplace_back("finished", ToCell(operation.finish_time(), operation.has_finish_time()));
  if (operation.has_archive()) {
    const RightsOperation::Archive& archive = operation.archive();
    properties.emplace_back("archive",
                            StrCat(archive.size(), " bytes in ", archive.members(), " members"));
    properties.emplace_back("kept until", ToCell(archive.expire_time(), archive.has_expire_time()));
  } else if (IsExport(operation) && operation.done()) {
    // Cancelled before or after it was done, or past its time.
    properties.emplace_back("archive", "none any more");
  } else if (operation.state() == RightsOperation::STATE_CANCELLED) {
    properties.emplace_back("erased", "nothing: called off before it began");
  }
  Table table({"SERVICE", "STATE", "WHAT", "ROWS"});
  for (const auto& service : operation.services()) {
    const std::string state = StateOf(service, operation.done());
    if (service.rows().empty()) table.Add({service.service(), state, "", ""});
    std::map<std::string, uint64_t> rows;
    for (const auto& [name, count] : service.rows()) rows[name] = count;
    for (const auto& [name, count] : rows) {
      table.Add({service.service(), state, name, StrCat(count)});
    }
  }
  return StrCat(ToString(properties), "\n", table.ToString());
}

}  // namespace kasbah::cli
