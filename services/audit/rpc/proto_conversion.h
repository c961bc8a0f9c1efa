#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "libs/base/call_context.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/proof.h"
#include "services/audit/store/event_search.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

// The stored event as clients see it, its personal values back in their places.
absl::StatusOr<v1::Event> EventOf(const EventRecord& record);

// The event as an export shows it. DATA_LOSS, LOG_DAMAGED, when its leaf is missing.
absl::StatusOr<merkle::ExportedEvent> ExportedOf(EventRecord record, merkle::NodeSource& nodes,
                                                 uint64_t size);

// Pages follow the sequence: the token is the last number that the page before looked at.
std::string PageTokenOf(EventOrder order, uint64_t last_sequence);
// The places that are left for the next page; without a token, all. INVALID_ARGUMENT.
absl::StatusOr<SequenceRange> ParsePageToken(EventOrder order, const std::string& token);
absl::StatusOr<int> PageSizeOf(int32_t asked);

}  // namespace kasbah::audit
