#include "services/audit/rpc/event_appender.h"

#include <memory>
#include <optional>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/audit/domain/application_event.h"
#include "services/audit/log/batch.h"
#include "services/audit/store/checkpoint_store.h"
#include "services/audit/store/event_quota.h"

namespace kasbah::audit {
namespace {

using Reply = EventAppender::Reply;

// More than this takes too long to prepare for a thread that others wait for.
constexpr int kMostAtOnce = 50;

// A request, ready for the flusher, and what its answer will say beside the places.
struct Prepared {
  std::shared_ptr<const Batch> batch;
  Reply reply;
};

absl::StatusOr<Prepared> Prepare(const rpc::Call& call, const v1::AppendEventsRequest& request,
                                 absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<ClaimedEvent> claims, ReadClaims(call, request, now));
  ASSIGN_OR_RETURN(Batch batch, PrepareApplicationBatch(call.tenant, claims));
  Prepared prepared;
  prepared.batch = std::make_shared<const Batch>(std::move(batch));
  for (const ClaimedEvent& claim : claims) {
    auto* appended = prepared.reply.add_events();
    appended->set_client_event_id(claim.client_event_id);
    for (const std::string& name : claim.stripped) appended->add_stripped(name);
  }
  return prepared;
}

absl::StatusOr<Reply> ReplyOf(Reply reply, const absl::StatusOr<FlushReport::Outcome>& outcome) {
  if (!outcome.ok()) return outcome.status();
  for (size_t i = 0; i < outcome->places.size(); ++i) {
    auto* appended = reply.mutable_events(static_cast<int>(i));
    appended->set_sequence(outcome->places[i].sequence);
    appended->set_repeated(outcome->places[i].repeated);
  }
  return reply;
}

}  // namespace

void EventAppender::Start(const rpc::Call& call, const v1::AppendEventsRequest& request,
                          rpc::Answer<Reply> answer) {
  if (request.events_size() > kMostAtOnce) return answer.Defer();
  if (absl::Status wide = rpc::RequireTenantWide(call); !wide.ok()) return answer.Give(wide);
  absl::StatusOr<Prepared> prepared = Prepare(call, request, clock_.Now());
  auto shared = std::make_shared<rpc::Answer<Reply>>(std::move(answer));
  // Entering the tenant is the check, and comes before what is wrong with the request.
  database_.WithTenantShared(
      call,
      [&](postgres::Transaction& tx) {
        event_quota::RequireRoom(tx, call.tenant);
        return checkpoint_store::Find(tx, call.tenant);
      },
      [this, shared, prepared = std::move(prepared)](
          std::optional<absl::StatusOr<std::optional<HeadState>>> entered) mutable {
        if (!entered) return shared->Defer();
        if (!entered->ok()) return shared->Give(entered->status());
        if (!prepared.ok()) return shared->Give(prepared.status());
        flusher_.Submit(prepared->batch, [shared, reply = std::move(prepared->reply)](
                                             absl::StatusOr<FlushReport::Outcome> outcome) {
          shared->Give(ReplyOf(reply, outcome));
        });
      });
}

absl::StatusOr<Reply> EventAppender::Append(const rpc::Call& call,
                                            const v1::AppendEventsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) {
    event_quota::RequireRoom(tx, call.tenant);
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(Prepared prepared, Prepare(call, request, clock_.Now()));
  return ReplyOf(std::move(prepared.reply), flusher_.Apply(prepared.batch, call.deadline));
}

}  // namespace kasbah::audit
