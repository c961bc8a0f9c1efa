#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "libs/base/call_context.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/transaction.h"
#include "services/tenant_data/domain/definition_change.h"

namespace kasbah::tenantdata {

// What a definition's change tells the trail and the subscribers, in the transaction of the change:
// one audit event, collection.<verb>, with counts; change events collection.<verb>d, and
// field_group.created, field.updated and so on of everything in it that changed, each with its own
// sequence:
//   {"collection_id", "collection", "schema_version", "field_id", "key", "type"} and the like
absl::Status AppendDefinitionEvents(outbox::Outbox& outbox, postgres::Transaction& tx,
                                    const CallContext& call, const Clock& clock,
                                    std::string_view verb, const DefinitionChange& change);

// The change that makes a collection: all of its fields and groups are created.
DefinitionChange MakingOf(const CollectionDefinition& collection);

}  // namespace kasbah::tenantdata
