#include "services/webhook/webhook_app.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/ciphertexts/ciphertext_service.h"
#include "libs/usage/meter_service.h"
#include "services/webhook/delivery/delivery_worker.h"
#include "services/webhook/delivery/gone_endpoint.h"
#include "services/webhook/delivery/vault_signer.h"
#include "services/webhook/rpc/delivery_service.h"
#include "services/webhook/rpc/endpoint_service.h"
#include "services/webhook/rpc/message_service.h"
#include "services/webhook/rpc/meters.h"
#include "services/webhook/rpc/receiver_service.h"
#include "services/webhook/rpc/sealed_secrets.h"
#include "services/webhook/rpc/subject_service.h"

namespace kasbah::webhook {
namespace {

constexpr char kWorkload[] = "service/webhook";

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  const auto* webhook = v1::Endpoint::descriptor()->file();
  return {webhook->FindServiceByName("EndpointService"),
          webhook->FindServiceByName("DeliveryService"),
          webhook->FindServiceByName("MessageService"),
          outbox::v1::Entry::descriptor()->file()->FindServiceByName("ReceiverService"),
          subject::v1::Subject::descriptor()->file()->FindServiceByName("SubjectService"),
          ciphertexts::v1::CountCiphertextsRequest::descriptor()->file()->FindServiceByName(
              "CiphertextService"),
          usage::v1::CountUsageRequest::descriptor()->file()->FindServiceByName("MeterService")};
}

}  // namespace

absl::Status RunWebhook(const WebhookConfig& config) {
  if (config.service.vault_address.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
                 "peers.vault is needed: deliveries are signed there");
  }
  ASSIGN_OR_RETURN(DeliveryOptions delivery, config.Delivery());
  ASSIGN_OR_RETURN(auto service, service::Service::Create({.schema = "webhook",
                                                           .config = config.service,
                                                           .descriptors = Descriptors(),
                                                           .emits_changes = true,
                                                           .own_jwks = nullptr}));
  ASSIGN_OR_RETURN(auto queue,
                   service->OpenDoor(config.queue, postgres::DoorToken::WebhookQueue()));
  ASSIGN_OR_RETURN(auto vault, service->ChannelTo("vault", config.service.vault_address));

  const Clock& clock = service->clock();
  const http::AddressGuard guard = delivery.http.guard;
  VaultSigner signer(vault, kWorkload);
  ASSIGN_OR_RETURN(auto worker, DeliveryWorker::Start(
                                    std::move(delivery), *queue, signer,
                                    [&](TenantId tenant, EndpointId endpoint) {
                                      DisableGoneEndpoint(service->database(), service->outbox(),
                                                          clock, kWorkload, tenant, endpoint);
                                    },
                                    clock));

  rpc::Pipeline& pipeline = service->pipeline();
  EndpointService endpoints(pipeline, service->database(), service->outbox(), vault,
                            {.allow_http = config.allow_http}, guard, clock);
  DeliveryService deliveries(pipeline, service->database());
  MessageService messages(pipeline, service->database(), service->outbox(), vault, clock);
  ReceiverService receiver(
      pipeline, *queue, [&] { worker->Wake(); }, clock);
  SubjectService subjects(pipeline, service->database(), service->outbox(), clock);
  SealedSecrets sealed(service->database());
  ciphertexts::CiphertextService ciphertexts(pipeline, vault, {{kSecretKey, &sealed}});
  usage::MeterService metering(pipeline, service->database(), service->outbox(), clock, kQuotas,
                               Meters());
  return service->Run(
      {&endpoints, &deliveries, &messages, &receiver, &subjects, &ciphertexts, &metering});
}

}  // namespace kasbah::webhook
