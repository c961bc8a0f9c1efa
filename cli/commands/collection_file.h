#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/tenantdata/v1/collections.pb.h"

namespace kasbah::cli {

// A collection as people write it down:
//
//   {"key": "countries", "display_name": "Countries",
//    "fields": [{"key": "alpha_2", "type": "text", "required": true, "pattern": "[A-Z]{2}"}]}
//
// Field types by their short names ("text") or the protos' own. INVALID_ARGUMENT, with the member,
// for what is not understood.
absl::StatusOr<tenantdata::v1::CreateCollectionRequest> ParseCollection(const std::string& text);

// The same for a change. What `collections get --output json` says beside is passed over, so that
// it can be edited and sent back, with the etag that it has.
absl::StatusOr<tenantdata::v1::UpdateCollectionRequest> ParseCollectionUpdate(
    const std::string& text);

}  // namespace kasbah::cli
