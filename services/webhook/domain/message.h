#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/ids.h"

namespace kasbah::webhook {

// Largest body that is sent: the signed content, a little longer, has to fit the vault's 1 MiB.
inline constexpr size_t kMaxBodyBytes = 1024 * 1024 - 256;

// A change as subscribers are told of it.
struct Message {
  TenantId tenant;
  MessageId id;
  EventId event;
  std::string type;
  std::optional<CustomerId> customer;
  // JSON, made once: what is stored is what is signed and sent, on every attempt.
  std::string body;
  std::string traceparent;
  std::string request_id;
};

// The message of a change event as its producer serialised it:
//
//   {"type": "record.created", "timestamp": "2026-09-21T14:13:20.007Z", "data": {…},
//    "event_id": "evt_…", "resource_id": "rec_…", "sequence": 1, "customer_id": "cus_…"}
//
// INVALID_ARGUMENT with the reason for quarantine: EVENT_MALFORMED, EVENT_ID_INVALID,
// EVENT_TYPE_INVALID, EVENT_TIME_INVALID, EVENT_CUSTOMER_INVALID, EVENT_TOO_LARGE.
absl::StatusOr<Message> ParseMessage(TenantId tenant, MessageId id, const std::string& payload);

}  // namespace kasbah::webhook
