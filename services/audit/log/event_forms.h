#pragma once

#include "absl/status/statusor.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "libs/base/ids.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/proof.h"
#include "services/audit/formats/sent_event.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

// The stored event as clients see it, its personal values back in their places.
absl::StatusOr<v1::Event> EventOf(const EventRecord& record);

// The same for another system, with the hash of its leaf and without a size of the log yet.
// DATA_LOSS, LOG_DAMAGED, when its leaf is missing.
absl::StatusOr<SentEvent> SentEventOf(TenantId tenant, const EventRecord& record);

// The event as an export with proofs shows it. DATA_LOSS, LOG_DAMAGED, when its leaf is missing.
absl::StatusOr<merkle::ExportedEvent> ExportedOf(EventRecord record, merkle::NodeSource& nodes,
                                                 uint64_t size);

}  // namespace kasbah::audit
