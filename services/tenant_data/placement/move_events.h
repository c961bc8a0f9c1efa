#pragma once

#include <string_view>

#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/placement/move.h"

namespace kasbah::tenantdata {

// The audit event of a move's beginning or end, in the tenant's trail, from home: placement.start,
// placement.request_cancel, placement.cancel, placement.switch, placement.fail. Enters the tenant.
absl::Status AppendMoveEvent(outbox::Outbox& outbox, postgres::Transaction& tx,
                             const CallContext& call, const Clock& clock, std::string_view verb,
                             const Move& move);

}  // namespace kasbah::tenantdata
