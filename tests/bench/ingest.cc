#include "tests/bench/ingest.h"

#include <thread>

#include "absl/time/clock.h"
#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/outbox/relay.h"

namespace kasbah::bench {
namespace {

constexpr int kBatchEvents = 2000;
constexpr int kBatches = 20;
constexpr int kProducers = 2;

// The rows that Ingest made last, copied out in the order they were inserted and timed on their way
// into empty tables of the same shape and indexes.
double Copy(Installation& kasbah) {
  constexpr int kRows = 40'000;
  const std::string directory = kasbah.Query("SHOW data_directory");
  kasbah.Query("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench");
  double seconds = 0;
  for (const char* table : {"event", "leaf"}) {
    kasbah.Query(StrCat("CREATE TABLE bench.", table, " (LIKE audit.", table, " INCLUDING ALL)"));
    const std::string file = StrCat(directory, "/bench-", table, ".copy");
    kasbah.Query(StrCat("COPY (SELECT * FROM audit.", table, " OFFSET (SELECT count(*) - ", kRows,
                        " FROM audit.", table, ")) TO '", file, "' BINARY"));
    const absl::Time start = absl::Now();
    kasbah.Query(StrCat("COPY bench.", table, " FROM '", file, "' BINARY"));
    seconds += absl::ToDoubleSeconds(absl::Now() - start);
  }
  kasbah.Query("DROP SCHEMA bench CASCADE");
  return kRows / seconds;
}

}  // namespace

outbox::v1::ReceiveBatchRequest MakeBatch(const std::vector<TenantId>& tenants,
                                          const std::string& epoch, uint64_t number, int events) {
  outbox::v1::ReceiveBatchRequest request;
  request.set_topic(outbox::v1::TOPIC_AUDIT);
  request.set_shard("main");
  request.set_epoch(epoch);
  request.set_batch(number);
  for (int i = 0; i < events; ++i) {
    outbox::v1::AuditEvent event;
    event.set_event_id(EventId::New(absl::Now()).ToString());
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    event.set_action("record.create");
    event.mutable_actor()->set_kind("api_key");
    event.mutable_actor()->set_id("key_01h455vb4pex5vsknk084sn02q");
    event.mutable_target()->set_kind("record");
    event.mutable_target()->set_id(RecordId::New(absl::Now()).ToString());
    event.set_outcome(outbox::v1::OUTCOME_SUCCESS);
    event.set_request_id(Uuid::V7(absl::Now()).ToString());
    event.set_workload("service/tenant-data");
    event.set_source_address("192.0.2.7");
    (*event.mutable_attributes())["collection"] = "items";
    auto* entry = request.add_entries();
    entry->set_id(number * static_cast<uint64_t>(events) + static_cast<uint64_t>(i));
    const TenantId tenant = tenants[static_cast<size_t>(i) % tenants.size()];
    entry->set_tenant(std::string(tenant.uuid().view()));
    entry->set_payload(event.SerializeAsString());
  }
  request.set_digest(outbox::Relay::Digest(request.entries()));
  return request;
}

Ingested Ingest(Installation& kasbah, const std::vector<TenantId>& tenants) {
  std::vector<std::vector<outbox::v1::ReceiveBatchRequest>> batches(kProducers);
  for (auto& producer : batches) {
    const std::string epoch = Uuid::V7(absl::Now()).ToString();
    for (int n = 1; n <= kBatches; ++n) {
      producer.push_back(MakeBatch(tenants, epoch, static_cast<uint64_t>(n), kBatchEvents));
    }
  }
  // Producers are services: their names are the sources of their batches.
  const char* identities[kProducers] = {"gateway", "webhook"};
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      auto stub = outbox::v1::ReceiverService::NewStub(kasbah.Channel("audit", identities[p]));
      for (auto& request : batches[static_cast<size_t>(p)]) {
        request.set_shard(StrCat("bench-", absl::ToUnixMicros(start)));
        grpc::ClientContext context;
        outbox::v1::ReceiveBatchResponse reply;
        const grpc::Status status = stub->ReceiveBatch(&context, request, &reply);
        if (!status.ok()) Crash(status.error_message(), __FILE__, __LINE__);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  constexpr int64_t kEvents = kProducers * kBatches * kBatchEvents;
  return {kEvents, static_cast<double>(kEvents) / absl::ToDoubleSeconds(absl::Now() - start)};
}

Budget AuditIngest(Installation& kasbah, int tenants) {
  const std::vector<TenantId> ids = kasbah.MakeTenants(tenants);
  return {StrCat("audit.ingest/", tenants),
          "events/s",
          "COPY into the same tables and indexes without RLS",
          0.5,
          [&kasbah, ids] { return Ingest(kasbah, ids).per_second; },
          [&kasbah, ids] {
            // There must be rows to copy.
            static const Ingested once = Ingest(kasbah, ids);
            (void)once;
            return Copy(kasbah);
          },
          20'000};
}

}  // namespace kasbah::bench
