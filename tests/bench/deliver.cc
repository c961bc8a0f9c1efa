#include "tests/bench/deliver.h"

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/http/client.h"
#include "libs/outbox/relay.h"

namespace kasbah::bench {
namespace {

constexpr int kEndpoints = 32;
constexpr int kEvents = 200;
constexpr int kDeliveries = kEndpoints * kEvents;
constexpr int kInFlight = 256;

// Of a type that no other benchmark emits.
constexpr char kType[] = "record.deleted";

void MakeEndpoints(Installation& kasbah) {
  auto endpoints = webhook::v1::EndpointService::NewStub(kasbah.TenantChannel("webhook"));
  for (int i = 0; i < kEndpoints; ++i) {
    webhook::v1::CreateEndpointRequest request;
    request.set_url(StrCat(kasbah.receiver().url(), "/", i));
    request.add_event_types(kType);
    kasbah.Invoke(*endpoints, &webhook::v1::EndpointService::Stub::CreateEndpoint, request,
                  TenantId(), kasbah.Authorization());
  }
}

outbox::v1::ReceiveBatchRequest MakeBatch(TenantId tenant) {
  outbox::v1::ReceiveBatchRequest request;
  request.set_topic(outbox::v1::TOPIC_CHANGE);
  request.set_shard("bench");
  request.set_epoch(Uuid::V7(absl::Now()).ToString());
  request.set_batch(1);
  for (int i = 0; i < kEvents; ++i) {
    outbox::v1::ChangeEvent event;
    event.set_event_id(EventId::New(absl::Now()).ToString());
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    event.set_type(kType);
    event.set_resource_id(RecordId::New(absl::Now()).ToString());
    event.set_sequence(1);
    event.set_request_id(Uuid::V7(absl::Now()).ToString());
    for (const char* name : {"name", "code", "note"}) {
      (*event.mutable_data()->mutable_fields())[name].set_string_value("some text of a record");
    }
    auto* entry = request.add_entries();
    entry->set_id(static_cast<uint64_t>(i) + 1);
    entry->set_tenant(std::string(tenant.uuid().view()));
    entry->set_payload(event.SerializeAsString());
  }
  request.set_digest(outbox::Relay::Digest(request.entries()));
  return request;
}

// From the event's arrival to the last delivery's record.
double Deliver(Installation& kasbah) {
  auto receiver = outbox::v1::ReceiverService::NewStub(kasbah.Channel("webhook", "tenant-data"));
  const auto batch = MakeBatch(kasbah.tenant());
  const int64_t before = kasbah.receiver().received();
  const absl::Time start = absl::Now();
  kasbah.Invoke(*receiver, &outbox::v1::ReceiverService::Stub::ReceiveBatch, batch, TenantId());
  while (kasbah.Query("SELECT count(*) FROM webhook.queue") != "0") {
    absl::SleepFor(absl::Milliseconds(20));
  }
  const absl::Duration taken = absl::Now() - start;
  KASBAH_CHECK(kasbah.receiver().received() - before == kDeliveries);
  return kDeliveries / absl::ToDoubleSeconds(taken);
}

double Post(Installation& kasbah) {
  http::ClientOptions options;
  options.guard = http::AddressGuard::Create({"127.0.0.0/8"}).value();
  options.ca_file = kasbah.receiver_certificate();
  options.max_connections = kInFlight;
  const auto client = http::Client::Create(std::move(options)).value();
  const std::string body(400, 'b');
  absl::BlockingCounter answered(kDeliveries);
  const absl::Time start = absl::Now();
  for (int i = 0; i < kDeliveries; ++i) {
    http::ClientRequest request;
    request.method = "POST";
    request.url = StrCat(kasbah.receiver().url(), "/", i % kEndpoints);
    request.headers.emplace_back("content-type", "application/json");
    request.body = body;
    request.timeout = absl::Minutes(1);
    client->Send(std::move(request), [&](const absl::StatusOr<http::ClientResponse>& response) {
      KASBAH_CHECK(response.ok() && response->status == 200);
      answered.DecrementCount();
    });
  }
  answered.Wait();
  return kDeliveries / absl::ToDoubleSeconds(absl::Now() - start);
}

}  // namespace

Budget WebhookDeliver(Installation& kasbah) {
  MakeEndpoints(kasbah);
  return {"webhook.deliver",
          "deliveries/s",
          "libcurl multi to the same receiver",
          0.4,
          [&kasbah] { return Deliver(kasbah); },
          [&kasbah] { return Post(kasbah); },
          2'000};
}

}  // namespace kasbah::bench
