#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "libs/base/call_context.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/proof.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

// The stored event as clients see it, its personal values back in their places.
absl::StatusOr<v1::Event> EventOf(const EventRecord& record);

// The event as an export shows it. DATA_LOSS, LOG_DAMAGED, when its leaf is missing.
absl::StatusOr<merkle::ExportedEvent> ExportedOf(EventRecord record, merkle::NodeSource& nodes,
                                                 uint64_t size);

// Pages go down the sequence: the token is the last number of the page before.
std::string PageTokenOf(uint64_t last_sequence);
// The number that the next page stays below; without a token, none. INVALID_ARGUMENT.
absl::StatusOr<uint64_t> ParsePageToken(const std::string& token);
absl::StatusOr<int> PageSizeOf(int32_t asked);

}  // namespace kasbah::audit
