#include "tests/bench/growth.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "kasbah/audit/v1/proofs.grpc.pb.h"
#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/bench/ingest.h"

namespace kasbah::bench {
namespace {

constexpr int kStretches = 10;
// Events whose latencies are measured, one at a time.
constexpr int kSingles = 200;

struct Latencies {
  std::vector<double> acknowledged_ms;
  std::vector<double> proved_ms;
};

double At(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(quantile * static_cast<double>(values.size() - 1))];
}

// One event at a time on an idle service: brought by a relay, then its proof asked for.
Latencies MeasureSingles(Installation& kasbah, TenantId tenant) {
  auto receiver = outbox::v1::ReceiverService::NewStub(kasbah.Channel("audit", "webhook"));
  auto proofs = audit::v1::ProofService::NewStub(kasbah.Channel("audit", "operator-admin"));
  const std::string epoch = Uuid::V7(absl::Now()).ToString();
  Latencies latencies;
  for (uint64_t n = 1; n <= kSingles; ++n) {
    const outbox::v1::ReceiveBatchRequest batch = MakeBatch({tenant}, epoch, n, 1);
    const absl::Time start = absl::Now();
    Installation::Invoke(*receiver, &outbox::v1::ReceiverService::Stub::ReceiveBatch, batch,
                         TenantId());
    const absl::Time acknowledged = absl::Now();
    audit::v1::GetEventProofRequest request;
    request.set_sequence(static_cast<uint64_t>(
        std::stoll(kasbah.Query(StrCat("SELECT size - 1 FROM audit.log_head WHERE tenant_id = '",
                                       tenant.uuid().ToString(), "'")))));
    const absl::Time asked = absl::Now();
    Installation::Invoke(*proofs, &audit::v1::ProofService::Stub::GetEventProof, request, tenant);
    latencies.acknowledged_ms.push_back(absl::ToDoubleMilliseconds(acknowledged - start));
    latencies.proved_ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - asked));
  }
  return latencies;
}

// Of the trail and its tree, partitions and indexes included.
double BytesOnDisk(Installation& kasbah) {
  return std::stod(
      kasbah.Query("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c "
                   "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'audit' "
                   "AND c.relkind IN ('r', 'm') AND c.relname NOT LIKE 'outbox%'"));
}

}  // namespace

std::string MeasureGrowth(Installation& kasbah, int64_t events) {
  const std::vector<TenantId> tenants = kasbah.MakeTenants(1);
  const double empty = BytesOnDisk(kasbah);
  std::string table =
      absl::StrFormat("%-12s %10s %14s %14s %14s %14s %12s\n", "events in log", "events/s",
                      "ack p50 ms", "ack p99 ms", "proof p50 ms", "proof p99 ms", "bytes/event");
  int64_t logged = 0;
  for (int stretch = 1; stretch <= kStretches; ++stretch) {
    std::vector<double> rates;
    while (logged < events * stretch / kStretches) {
      const Ingested ingested = Ingest(kasbah, tenants);
      rates.push_back(ingested.per_second);
      logged += ingested.events;
      fprintf(stderr, "\r%lld", static_cast<long long>(logged));
    }
    const double bytes = (BytesOnDisk(kasbah) - empty) / static_cast<double>(logged);
    const Latencies latencies = MeasureSingles(kasbah, tenants.front());
    absl::StrAppendFormat(&table, "%-12d %10.0f %14.2f %14.2f %14.2f %14.2f %12.0f\n", logged,
                          At(rates, 0.5), At(latencies.acknowledged_ms, 0.5),
                          At(latencies.acknowledged_ms, 0.99), At(latencies.proved_ms, 0.5),
                          At(latencies.proved_ms, 0.99), bytes);
    logged += kSingles;
  }
  return table;
}

}  // namespace kasbah::bench
