#include "services/audit/domain/event_body.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/strings.h"
#include "libs/merkle/json_text.h"

namespace kasbah::audit {
namespace {

using outbox::v1::AuditEvent;

// One object, its members in the order they are added.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }

  // Left out when empty.
  void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) AnyText(name, value);
  }
  void AnyText(std::string_view name, std::string_view value) {
    Name(name);
    merkle::AppendJsonString(value, out_);
  }
  void Number(std::string_view name, uint64_t value) {
    if (value == 0) return;
    Name(name);
    StrAppend(out_, value);
  }
  // Starts the value of a member that is an object itself.
  ObjectWriter Object(std::string_view name) {
    Name(name);
    return ObjectWriter(out_);
  }
  void End() { out_->push_back('}'); }

 private:
  void Name(std::string_view name) {
    if (!first_) out_->push_back(',');
    first_ = false;
    merkle::AppendJsonString(name, out_);
    out_->push_back(':');
  }

  std::string* out_;
  bool first_ = true;
};

std::string Rfc3339(const google::protobuf::Timestamp& stamp) {
  // Of an event whose time PrepareEvent has checked.
  const absl::Time time = absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone());
}

void WriteAttributes(const AuditEvent& event, ObjectWriter& body) {
  if (event.attributes().empty()) return;
  std::vector<std::pair<std::string_view, std::string_view>> sorted(event.attributes().begin(),
                                                                    event.attributes().end());
  std::sort(sorted.begin(), sorted.end());
  ObjectWriter attributes = body.Object("attributes");
  // An empty value is a value here: its name says something.
  for (const auto& [name, value] : sorted) attributes.AnyText(name, value);
  attributes.End();
}

}  // namespace

std::string CanonicalBody(const AuditEvent& event) {
  std::string out;
  out.reserve(512);
  ObjectWriter body(&out);
  body.Text("event_id", event.event_id());
  if (event.has_occurred_at()) body.Text("occurred_at", Rfc3339(event.occurred_at()));
  body.Text("service", event.service());
  body.Text("action", event.action());
  ObjectWriter actor = body.Object("actor");
  actor.Text("kind", event.actor().kind());
  actor.Text("id", event.actor().id());
  actor.End();
  if (event.has_target()) {
    ObjectWriter target = body.Object("target");
    target.Text("kind", event.target().kind());
    target.Text("id", event.target().id());
    target.Text("name", event.target().name());
    target.End();
  }
  body.Text("outcome", outbox::v1::Outcome_Name(event.outcome()));
  body.Text("reason", event.reason());
  body.Text("request_id", event.request_id());
  body.Text("traceparent", event.traceparent());
  body.Text("workload", event.workload());
  WriteAttributes(event, body);
  body.Number("count", event.count());
  body.End();
  return out;
}

absl::StatusOr<AuditEvent> ParseBody(std::string_view body) {
  google::protobuf::util::JsonParseOptions options;
  // A body that a newer version wrote still reads.
  options.ignore_unknown_fields = true;
  AuditEvent event;
  if (!google::protobuf::util::JsonStringToMessage({body.data(), body.size()}, &event, options)
           .ok()) {
    return absl::InternalError("a stored event's body cannot be read");
  }
  return event;
}

}  // namespace kasbah::audit
