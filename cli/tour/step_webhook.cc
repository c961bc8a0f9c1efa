#include "cli/tour/steps.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::cli {
namespace {

using tenantdata::v1::RecordService;
using webhook::v1::Delivery;
using webhook::v1::DeliveryService;

absl::Status CreateEndpoint(World& world) {
  webhook::v1::CreateEndpointRequest request;
  request.set_url(world.receiver->url());
  request.set_description("the tour's receiver");
  request.add_event_types("record.*");
  ASSIGN_OR_RETURN(
      const auto reply,
      world.a.client->Call(&webhook::v1::EndpointService::Stub::CreateEndpoint, request));
  world.receiver->SetSecret(reply.secret());
  return absl::OkStatus();
}

absl::Status ChangeTheRecord(World& world) {
  tenantdata::v1::GetRecordRequest get;
  get.set_record_id(world.record_id);
  ASSIGN_OR_RETURN(const auto record, world.a.client->Call(&RecordService::Stub::GetRecord, get));
  tenantdata::v1::UpdateRecordRequest update;
  update.set_record_id(world.record_id);
  update.set_etag(record.etag());
  (*update.mutable_values()->mutable_fields())["common_name"].set_string_value("Deutschland");
  RETURN_IF_ERROR(world.a.client->Call(&RecordService::Stub::UpdateRecord, update).status());
  // The same change again has lost its race.
  return ExpectRefused(world.a.client->Call(&RecordService::Stub::UpdateRecord, update).status(),
                       "ETAG_MISMATCH", "a change with a stale etag");
}

absl::StatusOr<webhook::v1::ListAttemptsResponse> AttemptsOf(World& world,
                                                             const std::string& message) {
  webhook::v1::ListAttemptsRequest request;
  request.set_message_id(message);
  return world.a.client->Call(&DeliveryService::Stub::ListAttempts, request);
}

// The change's delivery, once it was tried at a receiver that is not there.
absl::StatusOr<Delivery> WaitForFailedAttempt(World& world) {
  Delivery failed;
  RETURN_IF_ERROR(WaitFor(
      absl::Seconds(20), "a first attempt that finds nobody", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const auto reply,
                         world.a.client->Call(&DeliveryService::Stub::ListDeliveries,
                                              webhook::v1::ListDeliveriesRequest()));
        if (reply.deliveries_size() == 0) return false;
        failed = reply.deliveries(0);
        return failed.attempts() >= 1;
      }));
  ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(world, failed.message_id()));
  RETURN_IF_ERROR(
      Expect(attempts.attempts_size() >= 1 && attempts.attempts(0).error() == "CONNECT_REFUSED",
             "the attempt to say CONNECT_REFUSED"));
  RETURN_IF_ERROR(Expect(failed.state() == Delivery::STATE_PENDING,
                         "the delivery to wait for its next attempt"));
  return failed;
}

}  // namespace

absl::StatusOr<std::string> DeliverToALateReceiver(World& world) {
  ASSIGN_OR_RETURN(world.receiver, Receiver::Create());
  RETURN_IF_ERROR(CreateEndpoint(world));
  RETURN_IF_ERROR(ChangeTheRecord(world));
  ASSIGN_OR_RETURN(const Delivery failed, WaitForFailedAttempt(world));
  RETURN_IF_ERROR(world.receiver->ComeUp());
  RETURN_IF_ERROR(WaitFor(
      absl::Seconds(30), "the delivery to be listed as delivered", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const auto reply,
                         world.a.client->Call(&DeliveryService::Stub::ListDeliveries,
                                              webhook::v1::ListDeliveriesRequest()));
        return reply.deliveries_size() == 1 &&
               reply.deliveries(0).state() == Delivery::STATE_DELIVERED;
      }));
  const std::vector<Arrival> arrivals = world.receiver->arrivals();
  RETURN_IF_ERROR(Expect(world.receiver->refused() == 0, "every signature to verify"));
  RETURN_IF_ERROR(Expect(arrivals.size() == 1 && arrivals[0].message_id == failed.message_id() &&
                             arrivals[0].type == "record.updated" &&
                             arrivals[0].resource_id == world.record_id,
                         "the one change to arrive once"));
  ASSIGN_OR_RETURN(const auto attempts, AttemptsOf(world, failed.message_id()));
  return StrCat("record.updated found its receiver down, and arrived with attempt ",
                attempts.attempts_size(), ": once, signature verified");
}

}  // namespace kasbah::cli
