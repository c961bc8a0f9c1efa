#include "services/audit/domain/application_event.h"

#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/hash.h"
#include "libs/payload/payload.h"
#include "services/audit/domain/event_body.h"

namespace kasbah::audit {
namespace {

using outbox::v1::AuditEvent;

constexpr size_t kMostViolations = 100;
constexpr absl::Duration kOldest = absl::Hours(24 * 3653);
constexpr absl::Duration kAhead = absl::Minutes(5);
constexpr size_t kLongestAttributeName = 64;

// Attributes that this service writes.
constexpr std::string_view kReportedBy = "reported_by";
constexpr std::string_view kClientEventId = "client_event_id";
constexpr std::string_view kStripped = "stripped";

bool IsAddress(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool HasZero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

bool IsAttributeName(std::string_view name) {
  if (name.empty() || name.size() > kLongestAttributeName) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

// One claim: what is wrong with it goes to `violations` by its field.
class ClaimReader {
 public:
  ClaimReader(const v1::ApplicationEvent& claim, int index, std::vector<Violation>* violations)
      : claim_(claim), prefix_(StrCat("events[", index, "].")), violations_(violations) {}

  void Check(absl::Time now) {
    if (claim_.ByteSizeLong() > kLongestClaim) {
      violations_->push_back({prefix_.substr(0, prefix_.size() - 1),
                              StrCat("must be at most ", kLongestClaim, " bytes"), "MAX_SIZE"});
    }
    CheckTime(now);
    if (claim_.actor().kind().empty()) Refuse("actor.kind", "is required", "REQUIRED");
    if (claim_.actor().id().empty()) Refuse("actor.id", "is required", "REQUIRED");
    if (!claim_.source_address().empty() && !IsAddress(claim_.source_address())) {
      Refuse("source_address", "must be an IP address", "ADDRESS");
    }
    for (const auto& [field, text] :
         std::initializer_list<std::pair<std::string_view, const std::string*>>{
             {"actor.kind", &claim_.actor().kind()},
             {"actor.id", &claim_.actor().id()},
             {"actor.display", &claim_.actor().display()},
             {"target.kind", &claim_.target().kind()},
             {"target.id", &claim_.target().id()},
             {"target.name", &claim_.target().name()},
             {"user_agent", &claim_.user_agent()},
             {"request_id", &claim_.request_id()}}) {
      if (HasZero(*text)) Refuse(field, "must not hold a zero byte", "TEXT");
    }
    CheckAttributes();
  }

 private:
  void CheckTime(absl::Time now) {
    if (!claim_.has_occurred_at()) return;
    const absl::StatusOr<absl::Time> time = FromTimestamp(claim_.occurred_at(), "occurred_at");
    if (!time.ok()) {
      Refuse("occurred_at", "is no time", "TIME");
    } else if (*time > now + kAhead) {
      Refuse("occurred_at", "is more than 5 minutes ahead of the server's clock", "CLOCK");
    } else if (*time < now - kOldest) {
      Refuse("occurred_at", "is more than 10 years ago", "CLOCK");
    }
  }

  void CheckAttributes() {
    for (const auto& [name, value] : claim_.attributes()) {
      // Named by their place alone: a name may be anything, and anything long.
      if (!IsAttributeName(name)) {
        Refuse("attributes", "must have names of a-z, 0-9, _ and ., at most 64 bytes", "NAME");
      } else if (name == kReportedBy || name == kClientEventId || name == kStripped) {
        Refuse(StrCat("attributes.", name), "is the log's own", "NAME");
      } else if (HasZero(value)) {
        Refuse(StrCat("attributes.", name), "must not hold a zero byte", "TEXT");
      }
    }
  }

  void Refuse(std::string_view field, std::string_view description, std::string_view rule) {
    violations_->push_back({StrCat(prefix_, field), std::string(description), std::string(rule)});
  }

  const v1::ApplicationEvent& claim_;
  const std::string prefix_;
  std::vector<Violation>* violations_;
};

AuditEvent EventOf(const v1::ApplicationEvent& claim) {
  AuditEvent event;
  if (claim.has_occurred_at()) *event.mutable_occurred_at() = claim.occurred_at();
  event.set_service(std::string(kApplication));
  event.set_action(claim.action());
  *event.mutable_actor() = claim.actor();
  if (claim.has_target()) *event.mutable_target() = claim.target();
  event.set_outcome(claim.outcome() == outbox::v1::OUTCOME_UNSPECIFIED ? outbox::v1::OUTCOME_SUCCESS
                                                                       : claim.outcome());
  event.set_reason(claim.reason());
  event.set_request_id(claim.request_id());
  event.set_source_address(claim.source_address());
  event.set_user_agent(claim.user_agent());
  *event.mutable_attributes() = claim.attributes();
  return event;
}

ClaimedEvent ClaimOf(const CallContext& call, const v1::ApplicationEvent& claim, absl::Time now) {
  ClaimedEvent claimed;
  claimed.client_event_id = claim.client_event_id();
  claimed.event = EventOf(claim);
  claimed.stripped = payload::StripAttributes(claimed.event.mutable_attributes()).paths;
  // Without a time of its own it is the same event whenever it comes.
  claimed.digest = crypto::Sha256(CanonicalBody(claimed.event));
  AuditEvent& event = claimed.event;
  event.set_event_id(EventId::New(now).ToString());
  if (!event.has_occurred_at()) *event.mutable_occurred_at() = ToTimestamp(now);
  if (event.request_id().empty()) event.set_request_id(call.request_id);
  event.set_traceparent(call.traceparent);
  event.set_workload(call.workload);
  auto& attributes = *event.mutable_attributes();
  attributes[std::string(kReportedBy)] = StrCat(call.actor.kind, " ", call.actor.id);
  attributes[std::string(kClientEventId)] = claimed.client_event_id;
  if (!claimed.stripped.empty()) {
    attributes[std::string(kStripped)] = absl::StrJoin(claimed.stripped, " ");
  }
  return claimed;
}

}  // namespace

absl::StatusOr<std::vector<ClaimedEvent>> ReadClaims(const CallContext& call,
                                                     const v1::AppendEventsRequest& request,
                                                     absl::Time now) {
  std::vector<Violation> violations;
  std::set<std::string_view> ids;
  for (int i = 0; i < request.events_size() && violations.size() < kMostViolations; ++i) {
    const v1::ApplicationEvent& claim = request.events(i);
    if (!ids.insert(claim.client_event_id()).second) {
      violations.push_back(
          {StrCat("events[", i, "].client_event_id"), "stands in the batch twice", "UNIQUE"});
    }
    ClaimReader(claim, i, &violations).Check(now);
  }
  if (!violations.empty()) {
    violations.resize(std::min(violations.size(), kMostViolations));
    return InvalidFields(std::move(violations));
  }
  std::vector<ClaimedEvent> claims;
  claims.reserve(static_cast<size_t>(request.events_size()));
  for (const v1::ApplicationEvent& claim : request.events()) {
    claims.push_back(ClaimOf(call, claim, now));
  }
  return claims;
}

}  // namespace kasbah::audit
