#include "services/webhook/rpc/message_service.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/outbox/audit_event.h"
#include "libs/rpc/channel.h"
#include "services/webhook/domain/event_filter.h"

namespace kasbah::webhook {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Leaves room for what stands around it in the body.
constexpr payload::Limits kLimits = {
    .max_depth = 64, .max_bytes = 512 * 1024, .max_values = 100'000};
constexpr size_t kMostMoved = 100;
constexpr size_t kLargestMoved = 65'536;

// The same for the same request of a tenant, so that its second coming is known for one.
EventId EventOf(const rpc::Call& call, const std::string& request_id, absl::Time now) {
  if (request_id.empty()) return EventId::New(now);
  const std::string customer = call.customer ? call.customer->ToString() : "";
  const std::string digest = crypto::Sha256(StrCat("message|", call.tenant.ToString(), "|",
                                                   customer, "|", call.actor.id, "|", request_id));
  return EventId(*Uuid::FromBytes(digest.substr(0, 16)));
}

absl::StatusOr<std::string> TextOf(const Value& value) {
  std::string text;
  if (value.has_string_value()) {
    text = value.string_value();
  } else if (!google::protobuf::util::MessageToJsonString(value, &text).ok()) {
    return InvalidField("data", "holds a value that is not JSON");
  }
  return text;
}

absl::Status CheckMove(const rpc::Call& call, const v1::CreateMessageRequest& request) {
  std::vector<Violation> violations;
  if (request.request_id().empty()) {
    violations.push_back({"request_id", "is needed beside move_to_vault", "REQUIRED"});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (call.Has(policy::v1::PERMISSION_SECRET_WRITE)) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, reason::kPermissionDenied,
               "moving values into the vault takes the permission to write secrets");
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
  RETURN_IF_ERROR(CheckMove(call, request));
  ASSIGN_OR_RETURN(const std::vector<payload::Found> found, payload::FindSecrets(data, kLimits));
  if (found.empty()) return absl::OkStatus();
  if (found.size() > kMostMoved) {
    return InvalidField("data", StrCat("has more than ", kMostMoved, " values to move"));
  }
  vault::v1::KeepValuesRequest keep;
  keep.set_actor_kind(call.actor.kind);
  keep.set_actor_id(call.actor.id);
  keep.set_request_id(request.request_id());
  for (size_t i = 0; i < found.size(); ++i) {
    auto* value = keep.add_values();
    value->set_path(StrCat(request.move_to_vault(), "/", request.request_id(), "/", i + 1));
    ASSIGN_OR_RETURN(*value->mutable_payload(), TextOf(*found[i].value));
    if (value->payload().empty() || value->payload().size() > kLargestMoved) {
      return InvalidField("data", StrCat("cannot be kept at ", found[i].path,
                                         ": a secret has 1 to ", kLargestMoved, " bytes"));
    }
  }
  const absl::StatusOr<vault::v1::KeepValuesResponse> kept =
      rpc::Invoke(call, *vault_, &vault::v1::SecretService::Stub::KeepValues, keep);
  for (auto& value : *keep.mutable_values()) crypto::Wipe(*value.mutable_payload());
  RETURN_IF_ERROR(kept.status());
  if (static_cast<size_t>(kept->secret_ids_size()) != found.size()) {
    return absl::InternalError("the vault kept another number of values");
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const std::string& id = kept->secret_ids(static_cast<int>(i));
    found[i].value->set_string_value(id);
    auto* moved = reply->add_moved();
    moved->set_path(found[i].path);
    moved->set_secret_id(id);
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
