#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "services/audit/store/archive_store.h"

namespace kasbah::audit {

// Why an event is not in a log that begins with event `begins` by now: ABORTED, LOG_PRUNED, where
// it left for a bundle; else DATA_LOSS, LOG_DAMAGED. `begins` is read after the event was looked
// for.
absl::Status MissingEvent(uint64_t sequence, uint64_t begins);

// For whoever asks for an event that left for a bundle: NOT_FOUND, EVENT_ARCHIVED, with its name.
absl::Status ArchivedEvent(const Archive& bundle);

}  // namespace kasbah::audit
