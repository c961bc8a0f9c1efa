#include "services/audit/rpc/sink_service.h"

#include <algorithm>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "libs/crypto/secret_bytes.h"
#include "libs/outbox/audit_event.h"
#include "services/audit/rpc/proto_conversion.h"
#include "services/audit/rpc/sink_conversion.h"
#include "services/audit/sinks/tls_context.h"
#include "services/audit/store/sink_store.h"

namespace kasbah::audit {
namespace {

template <typename Request>
SinkSettings SettingsOf(const Request& request) {
  return {request.name(), request.filter(), TargetOf(request)};
}

bool IsPrintable(char c) { return c >= ' ' && c <= '~'; }

// For the trail: where it goes, and nothing of what it shows there.
std::string KindOf(const Sink& sink) {
  switch (sink.settings.target.target_case()) {
    case v1::Sink::kSyslog:
      return "syslog";
    case v1::Sink::kHttp:
      return "http";
    default:
      return "s3";
  }
}

outbox::v1::AuditEvent EventOfChange(const rpc::Call& call, const Clock& clock,
                                     std::string_view action, const Sink& sink) {
  return outbox::Succeeded(call, clock, action, {"sink", sink.id.ToString(), sink.settings.name},
                           {{"kind", KindOf(sink)}, {"place", PlaceOf(sink.settings.target)}});
}

}  // namespace

SinkService::SinkService(rpc::Pipeline& pipeline, Parts parts)
    : pipeline_(pipeline), parts_(std::move(parts)) {}

absl::Status SinkService::Check(const SinkSettings& settings, const std::string& secret) const {
  std::vector<Violation> violations = CheckSettings(settings, parts_.rules);
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (settings.target.has_s3() && secret.empty()) {
    return InvalidField("s3.secret_access_key", "is needed");
  }
  if (settings.target.has_http() && !std::all_of(secret.begin(), secret.end(), IsPrintable)) {
    return InvalidField("http.authorization", "must be one line of printable ASCII");
  }
  if (!settings.target.has_syslog()) return absl::OkStatus();
  const v1::SyslogTarget& syslog = settings.target.syslog();
  return MakeSslContext(syslog.ca_certificates(), syslog.client_certificate(), secret).status();
}

absl::StatusOr<std::string> SinkService::CheckAndSeal(const rpc::Call& call, SinkId id,
                                                      const SinkSettings& settings,
                                                      std::string secret) {
  absl::StatusOr<std::string> sealed = std::string();
  if (absl::Status fit = Check(settings, secret); fit.ok()) {
    sealed = parts_.secrets.Seal(call, id, secret);
  } else {
    sealed = std::move(fit);
  }
  crypto::Wipe(secret);
  return sealed;
}

absl::StatusOr<v1::Sink> SinkService::Create(const rpc::Call& call,
                                             const v1::CreateSinkRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  Sink sink;
  sink.create_time = parts_.clock.Now();
  sink.id = SinkId::New(sink.create_time);
  sink.settings = SettingsOf(request);
  std::string secret = TakeSecret(&sink.settings.target);
  // A tenant that is suspended is told so, and not what is wrong with its request.
  RETURN_IF_ERROR(
      parts_.database
          .WithTenant(call,
                      [&](postgres::Transaction& tx) { return sink_store::List(tx, call.tenant); })
          .status());
  ASSIGN_OR_RETURN(sink.sealed_secret,
                   CheckAndSeal(call, sink.id, sink.settings, std::move(secret)));

  ASSIGN_OR_RETURN(
      const Sink made,
      parts_.database.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Sink>> {
            sink_store::Insert(tx, call.tenant, sink, request.from_beginning());
            RETURN_IF_ERROR(parts_.outbox.AppendAudit(
                tx, call, EventOfChange(call, parts_.clock, "audit.sink.create", sink)));
            return sink_store::Get(tx, call.tenant, sink.id);
          }));
  parts_.wake();
  return ToProto(made, parts_.clock.Now());
}

absl::StatusOr<Sink> SinkService::Find(const rpc::Call& call, SinkId id) {
  return parts_.database.WithTenant(
      call, [&](postgres::Transaction& tx) { return sink_store::Get(tx, call.tenant, id); });
}

absl::StatusOr<v1::Sink> SinkService::Get(const rpc::Call& call,
                                          const v1::GetSinkRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(request.sink_id()));
  ASSIGN_OR_RETURN(const Sink sink, Find(call, id));
  return ToProto(sink, parts_.clock.Now());
}

absl::StatusOr<v1::ListSinksResponse> SinkService::List(const rpc::Call& call,
                                                        const v1::ListSinksRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::vector<Sink> sinks,
                   parts_.database.WithTenant(call, [&](postgres::Transaction& tx) {
                     return sink_store::List(tx, call.tenant);
                   }));
  v1::ListSinksResponse reply;
  const absl::Time now = parts_.clock.Now();
  for (const Sink& sink : sinks) *reply.add_sinks() = ToProto(sink, now);
  return reply;
}

absl::StatusOr<v1::Sink> SinkService::Update(const rpc::Call& call,
                                             const v1::UpdateSinkRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(request.sink_id()));
  ASSIGN_OR_RETURN(Sink sink, Find(call, id));
  if (!request.etag().empty() && request.etag() != EtagOf(sink)) {
    return Error(absl::StatusCode::kAborted, reason::kEtagMismatch,
                 "the sink was changed meanwhile; read it again");
  }
  const std::string place = PlaceOf(sink.settings.target);
  sink.settings = SettingsOf(request);
  std::string secret = TakeSecret(&sink.settings.target);
  if (secret.empty() && !sink.sealed_secret.empty()) {
    if (PlaceOf(sink.settings.target) != place) {
      return InvalidField("target", "goes elsewhere, so its secret must be given again");
    }
    ASSIGN_OR_RETURN(const crypto::SecretBytes kept,
                     parts_.secrets.Open(call, id, sink.sealed_secret));
    secret = std::string(kept.view(crypto::SecretAccess::ForCaller()));
  }
  ASSIGN_OR_RETURN(sink.sealed_secret, CheckAndSeal(call, id, sink.settings, std::move(secret)));

  ASSIGN_OR_RETURN(
      const Sink changed,
      parts_.database.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Sink>> {
            sink_store::Update(tx, call.tenant, sink);
            RETURN_IF_ERROR(parts_.outbox.AppendAudit(
                tx, call, EventOfChange(call, parts_.clock, "audit.sink.update", sink)));
            return sink_store::Get(tx, call.tenant, id);
          }));
  parts_.wake();
  return ToProto(changed, parts_.clock.Now());
}

absl::StatusOr<v1::DeleteSinkResponse> SinkService::Delete(const rpc::Call& call,
                                                           const v1::DeleteSinkRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(request.sink_id()));
  RETURN_IF_ERROR(parts_.database.WithTenant(call, [&](postgres::Transaction& tx) {
    sink_store::Delete(tx, call.tenant, id);
    return parts_.outbox.AppendAudit(
        tx, call,
        outbox::Succeeded(call, parts_.clock, "audit.sink.delete", {"sink", id.ToString(), ""}));
  }));
  return v1::DeleteSinkResponse();
}

absl::StatusOr<v1::Sink> SinkService::SetPaused(const rpc::Call& call, const std::string& text,
                                                bool paused) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(text));
  ASSIGN_OR_RETURN(
      const Sink sink,
      parts_.database.WithTenant(
          call, [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<Sink>> {
            sink_store::SetPaused(tx, call.tenant, id, paused);
            outbox::v1::AuditEvent own = outbox::Succeeded(
                call, parts_.clock, paused ? "audit.sink.pause" : "audit.sink.resume",
                {"sink", id.ToString(), ""});
            if (!paused) {
              ASSIGN_OR_RETURN(const std::optional<SequenceRange> passed,
                               sink_store::PassPruned(tx, call.tenant, id).Await());
              if (passed) {
                auto& attributes = *own.mutable_attributes();
                attributes["passed_first_sequence"] = StrCat(passed->first);
                attributes["passed_past_sequence"] = StrCat(passed->past);
              }
            }
            RETURN_IF_ERROR(parts_.outbox.AppendAudit(tx, call, own));
            return sink_store::Get(tx, call.tenant, id);
          }));
  if (!paused) parts_.wake();
  return ToProto(sink, parts_.clock.Now());
}

absl::StatusOr<v1::Sink> SinkService::Pause(const rpc::Call& call,
                                            const v1::PauseSinkRequest& request) {
  return SetPaused(call, request.sink_id(), true);
}

absl::StatusOr<v1::Sink> SinkService::Resume(const rpc::Call& call,
                                             const v1::ResumeSinkRequest& request) {
  return SetPaused(call, request.sink_id(), false);
}

absl::StatusOr<v1::TestSinkResponse> SinkService::Test(const rpc::Call& call,
                                                       const v1::TestSinkRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(request.sink_id()));
  ASSIGN_OR_RETURN(
      const Sink sink,
      parts_.database.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Sink> {
        ASSIGN_OR_RETURN(Sink found, sink_store::Get(tx, call.tenant, id).Await());
        RETURN_IF_ERROR(parts_.outbox.AppendAudit(
            tx, call, EventOfChange(call, parts_.clock, "audit.sink.test", found)));
        return found;
      }));
  const Delivery delivery = parts_.courier.Try(call, sink);
  v1::TestSinkResponse reply;
  reply.set_accepted(delivery.kind == Delivery::Kind::kTaken && delivery.refused.empty());
  reply.set_error(delivery.error);
  return reply;
}

absl::StatusOr<v1::ListRefusedEventsResponse> SinkService::ListRefused(
    const rpc::Call& call, const v1::ListRefusedEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const SinkId id, SinkId::Parse(request.sink_id()));
  ASSIGN_OR_RETURN(const int size, PageSizeOf(request.page_size()));
  ASSIGN_OR_RETURN(const SequenceRange rest,
                   ParsePageToken(EventOrder::kNewestFirst, request.page_token()));
  using Refused = std::vector<sink_store::RefusedEvent>;
  ASSIGN_OR_RETURN(
      const Refused refused,
      parts_.database.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Refused> {
        auto sink = sink_store::Get(tx, call.tenant, id);
        auto listed = sink_store::ListRefused(tx, call.tenant, id, rest.past, size + 1);
        RETURN_IF_ERROR(sink.Await().status());
        return listed.Await();
      }));
  v1::ListRefusedEventsResponse reply;
  for (const sink_store::RefusedEvent& one : refused) {
    if (reply.events_size() == size) {
      reply.set_next_page_token(
          PageTokenOf(EventOrder::kNewestFirst, reply.events().rbegin()->sequence()));
      break;
    }
    v1::RefusedEvent* event = reply.add_events();
    event->set_sequence(one.sequence);
    event->set_reason(one.reason);
    *event->mutable_time() = ToTimestamp(one.time);
  }
  return reply;
}

}  // namespace kasbah::audit
