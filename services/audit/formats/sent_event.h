#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "libs/base/ids.h"
#include "libs/merkle/tree.h"

namespace kasbah::audit {

// An event of the trail on its way to somebody else's system.
struct SentEvent {
  TenantId tenant;
  // Personal values in their places, where they were not erased.
  v1::Event event;
  // SHA-256 of the leaf (RFC 6962), by which it is found in the log again, and the log's size when
  // it was read.
  merkle::Hash leaf{};
  uint64_t log_size = 0;

  const outbox::v1::AuditEvent& what() const { return event.event(); }
  absl::Time recorded_at() const;
  // As its producer claims; where that is no time, when it was recorded.
  absl::Time occurred_at() const;
  // "SUCCESS", "DENIED", "FAILURE".
  std::string outcome() const;
  std::string leaf_text() const;
};

}  // namespace kasbah::audit
