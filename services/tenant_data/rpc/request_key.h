#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/request_store.h"

namespace kasbah::tenantdata {

// The request_id of a call and a digest of what it asks, whatever the order of its values. Values
// of sealed fields are left out, and members of JSON that are not stored for their names: a plain
// digest at rest would let them be guessed. So a request_id that comes back with another such value
// and all else equal passes for the same request. nullopt
// for a call without one; INVALID_ARGUMENT at "request_id".
absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::CreateRecordRequest& request,
                                                const RuleTable& rules);
absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::BatchCreateRecordsRequest& request,
                                                const RuleTable& rules);

// Of an upload: all that it says beforehand of its file.
absl::StatusOr<std::optional<RequestKey>> KeyOf(const v1::FileMetadata& metadata);

}  // namespace kasbah::tenantdata
