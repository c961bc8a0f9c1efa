#include "tests/bench/ingest.h"

#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/outbox/relay.h"

namespace kasbah::bench {
namespace {

constexpr int kBatchEvents = 2000;
constexpr int kBatches = 4;
constexpr int kProducers = 4;

// The rows that came into the log since the last time, copied out in the order they were inserted
// and timed on their way into tables of the same shape, indexes and size: those that grow by each
// call.
double Copy(Installation& kasbah) {
  const std::string directory = kasbah.Query("SHOW data_directory");
  kasbah.Query("CREATE SCHEMA IF NOT EXISTS bench");
  double seconds = 0;
  int64_t rows = 0;
  for (const char* table : {"event", "leaf"}) {
    kasbah.Query(StrCat("CREATE TABLE IF NOT EXISTS bench.", table, " (LIKE audit.", table,
                        " INCLUDING ALL)"));
    const std::string file = StrCat(directory, "/bench-", table, ".copy");
    // As it was inserted: a scan of its own, from the table's start.
    kasbah.Query(
        StrCat("SET synchronize_seqscans TO off; SET max_parallel_workers_per_gather TO 0; "
               "COPY (SELECT * FROM audit.",
               table,
               " WHERE recorded_at > "
               "(SELECT coalesce(max(recorded_at), '-infinity') FROM bench.",
               table, ")) TO '", file, "' BINARY"));
    const absl::Time start = absl::Now();
    kasbah.Query(StrCat("COPY bench.", table, " FROM '", file, "' BINARY"));
    seconds += absl::ToDoubleSeconds(absl::Now() - start);
    rows = std::stoll(kasbah.Query(StrCat("SELECT count(*) FROM bench.", table)));
  }
  static int64_t copied = 0;
  return static_cast<double>(rows - std::exchange(copied, rows)) / seconds;
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
  const char* identities[kProducers] = {"auth", "vault", "tenant-data", "webhook"};
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
            // There must be rows to copy, whichever came first.
            Ingest(kasbah, ids);
            return Copy(kasbah);
          },
          20'000};
}

}  // namespace kasbah::bench
