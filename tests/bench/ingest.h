#pragma once

#include <string>
#include <vector>

#include "kasbah/outbox/v1/outbox.pb.h"
#include "tests/bench/budget.h"
#include "tests/bench/installation.h"

namespace kasbah::bench {

// A relay's batch `number` of `events`, dealt out among `tenants`.
outbox::v1::ReceiveBatchRequest MakeBatch(const std::vector<TenantId>& tenants,
                                          const std::string& epoch, uint64_t number, int events);

struct Ingested {
  int64_t events = 0;
  double per_second = 0;
};
// Some ten thousand events by two relays at once. What is sent is made before the clock runs.
Ingested Ingest(Installation& kasbah, const std::vector<TenantId>& tenants);

// Events committed and provable a second, spread over `tenants`, against COPY of the same rows into
// the same tables without row-level security.
Budget AuditIngest(Installation& kasbah, int tenants);

}  // namespace kasbah::bench
