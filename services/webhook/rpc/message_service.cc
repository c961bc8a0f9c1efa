#include "services/webhook/rpc/message_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/kept_values/kept_values.h"
#include "libs/outbox/audit_event.h"
#include "services/webhook/domain/event_filter.h"
#include "services/webhook/store/delivery_quota.h"

namespace kasbah::webhook {
namespace {

using google::protobuf::Struct;

// Leaves room for what stands around it in the body.
constexpr payload::Limits kLimits = {
    .max_depth = 64, .max_bytes = 512 * 1024, .max_values = 100'000};
// The same for the same request of a tenant, so that its second coming is known for one.
EventId EventOf(const rpc::Call& call, const std::string& request_id, absl::Time now) {
  if (request_id.empty()) return EventId::New(now);
  const std::string customer = call.customer ? call.customer->ToString() : "";
  const std::string digest = crypto::Sha256(StrCat("message|", call.tenant.ToString(), "|",
                                                   customer, "|", call.actor.id, "|", request_id));
  return EventId(*Uuid::FromBytes(digest.substr(0, 16)));
}

}  // namespace

MessageService::MessageService(rpc::Pipeline& pipeline, postgres::Database& database,
                               outbox::Outbox& outbox, std::shared_ptr<grpc::Channel> vault,
                               const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      vault_(vault::v1::SecretService::NewStub(std::move(vault))),
      clock_(clock) {}

absl::Status MessageService::CheckTenant(const rpc::Call& call) {
  // Entering the tenant is the check; there is nothing to read.
  return database_.WithTenant(call, [](postgres::Transaction&) { return absl::OkStatus(); });
}

absl::Status MessageService::Move(const rpc::Call& call, const v1::CreateMessageRequest& request,
                                  Struct* data, v1::CreateMessageResponse* reply) {
  const kept_values::Wish wish{request.move_to_vault(), request.request_id(), "data"};
  RETURN_IF_ERROR(kept_values::CheckWish(call, wish));
  ASSIGN_OR_RETURN(const std::vector<payload::Found> found, payload::FindSecrets(data, kLimits));
  ASSIGN_OR_RETURN(const std::vector<kept_values::Kept> kept,
                   kept_values::Keep(call, *vault_, wish, found));
  for (const kept_values::Kept& value : kept) {
    auto* moved = reply->add_moved();
    moved->set_path(value.path);
    moved->set_secret_id(value.secret_id);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CreateMessageResponse> MessageService::Create(
    const rpc::Call& call, const v1::CreateMessageRequest& request) {
  RETURN_IF_ERROR(CheckTenant(call));
  if (!IsEventType(request.event_type())) {
    return InvalidField("event_type", "must be lower-case words joined by dots, at least two");
  }
  v1::CreateMessageResponse reply;
  Struct data = request.data();
  if (!request.move_to_vault().empty()) RETURN_IF_ERROR(Move(call, request, &data, &reply));
  ASSIGN_OR_RETURN(payload::Report report, payload::Strip(&data, kLimits));
  for (std::string& path : report.paths) reply.add_stripped_paths(std::move(path));

  const EventId event = EventOf(call, request.request_id(), clock_.Now());
  reply.set_event_id(event.ToString());
  // Of a resource that is only the tenant's business, the message is its own.
  const std::string resource =
      request.resource_id().empty() ? event.ToString() : request.resource_id();
  outbox::v1::ChangeEvent change = outbox::Change(call, clock_, request.event_type(), resource, 0);
  change.set_event_id(event.ToString());
  *change.mutable_data() = std::move(data);
  const auto append = [&](postgres::Transaction& tx) -> absl::Status {
    DeliveryQuota::RequireRoom(tx, call.tenant);
    RETURN_IF_ERROR(outbox_.AppendChange(tx, call, change));
    return outbox_.AppendAudit(
        tx, call,
        outbox::Succeeded(call, clock_, "message.create", {"event", event.ToString(), ""},
                          {{"event_type", request.event_type()},
                           {"stripped_members", StrCat(report.count)},
                           {"moved_members", StrCat(reply.moved_size())}}));
  };
  RETURN_IF_ERROR(database_.WithTenant(call, append));
  return reply;
}

}  // namespace kasbah::webhook
