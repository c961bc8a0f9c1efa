#include "services/webhook/rpc/delivery_service.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/webhook/rpc/conversion.h"
#include "services/webhook/rpc/page.h"

namespace kasbah::webhook {
namespace {

// Unset for an empty text.
template <typename Id>
absl::StatusOr<std::optional<Id>> ParseOptional(const std::string& text) {
  if (text.empty()) return std::optional<Id>();
  ASSIGN_OR_RETURN(const Id id, Id::Parse(text));
  return std::optional<Id>(id);
}

}  // namespace

DeliveryService::DeliveryService(rpc::Pipeline& pipeline, postgres::Database& database)
    : pipeline_(pipeline), database_(database) {}

absl::StatusOr<v1::ListDeliveriesResponse> DeliveryService::List(
    const rpc::Call& call, const v1::ListDeliveriesRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::optional<EndpointId> endpoint,
                   ParseOptional<EndpointId>(request.endpoint_id()));
  ASSIGN_OR_RETURN(const Page page, Page::Parse(request.page_size(), request.page_token(), 2));
  std::optional<DeliveryStore::Position> before;
  if (!page.after.empty()) {
    before = {MessageId(page.after[0]), EndpointId(page.after[1])};
  }
  ASSIGN_OR_RETURN(std::vector<Delivery> deliveries,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return deliveries_.List(tx, call.tenant, endpoint, before, page.limit());
                   }));
  v1::ListDeliveriesResponse reply;
  if (static_cast<int>(deliveries.size()) > page.size) {
    deliveries.resize(static_cast<size_t>(page.size));
    const Delivery& last = deliveries.back();
    reply.set_next_page_token(Page::Token({last.message.uuid(), last.endpoint.uuid()}));
  }
  for (const Delivery& delivery : deliveries) *reply.add_deliveries() = ToProto(delivery);
  return reply;
}

absl::StatusOr<v1::ListAttemptsResponse> DeliveryService::Attempts(
    const rpc::Call& call, const v1::ListAttemptsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const std::optional<EndpointId> endpoint,
                   ParseOptional<EndpointId>(request.endpoint_id()));
  ASSIGN_OR_RETURN(const std::optional<MessageId> message,
                   ParseOptional<MessageId>(request.message_id()));
  if (!endpoint && !message) {
    return InvalidFields({{"endpoint_id", "this or message_id is needed", "REQUIRED"},
                          {"message_id", "this or endpoint_id is needed", "REQUIRED"}});
  }
  ASSIGN_OR_RETURN(const Page page, Page::Parse(request.page_size(), request.page_token(), 1));
  std::optional<AttemptId> before;
  if (!page.after.empty()) before = AttemptId(page.after[0]);
  ASSIGN_OR_RETURN(
      std::vector<Attempt> attempts, database_.WithTenant(call, [&](postgres::Transaction& tx) {
        return deliveries_.ListAttempts(tx, call.tenant, endpoint, message, before, page.limit());
      }));
  v1::ListAttemptsResponse reply;
  if (static_cast<int>(attempts.size()) > page.size) {
    attempts.resize(static_cast<size_t>(page.size));
    reply.set_next_page_token(Page::Token({attempts.back().id.uuid()}));
  }
  for (const Attempt& attempt : attempts) *reply.add_attempts() = ToProto(attempt);
  return reply;
}

}  // namespace kasbah::webhook
