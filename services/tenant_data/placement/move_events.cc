#include "services/tenant_data/placement/move_events.h"

#include <string>
#include <utility>
#include <vector>

#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/placement/movable_table.h"

namespace kasbah::tenantdata {

absl::Status AppendMoveEvent(outbox::Outbox& outbox, postgres::Transaction& tx,
                             const CallContext& call, const Clock& clock, std::string_view verb,
                             const Move& move) {
  tx.Run(kEnterToMove, move.tenant);
  std::vector<std::pair<std::string, std::string>> attributes = {{"source", move.source},
                                                                 {"target", move.target}};
  if (!move.problem.empty()) attributes.emplace_back("problem", move.problem);
  return outbox.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock, StrCat("placement.", verb), {"move", move.id.ToString(), ""},
                        std::move(attributes)));
}

}  // namespace kasbah::tenantdata
