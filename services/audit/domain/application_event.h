#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/call_context.h"

namespace kasbah::audit {

// What stands for the producer in the events of tenants' own applications.
inline constexpr std::string_view kApplication = "application";

// An application's event on its way into the log.
struct ClaimedEvent {
  std::string client_event_id;
  // SHA-256 of what it claims, personal values apart: their erasure must leave no hash of them.
  std::string digest;
  // What is logged: the claim, and who made it, which the application has no say in (attribute
  // "reported_by", workload, traceparent).
  outbox::v1::AuditEvent event;
  // Names of attributes that were dropped, since they say that they hold secrets (libs/payload).
  std::vector<std::string> stripped;
};

inline constexpr size_t kLongestClaim = 64 * 1024;

// Reads the events of a request by `call`. INVALID_ARGUMENT with every fault by its field
// ("events[3].actor.id"), at most 100: an id twice, too large, a time that cannot be meant, an
// address that is none, an attribute whose name is ours.
absl::StatusOr<std::vector<ClaimedEvent>> ReadClaims(const CallContext& call,
                                                     const v1::AppendEventsRequest& request,
                                                     absl::Time now);

}  // namespace kasbah::audit
