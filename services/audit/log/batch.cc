#include "services/audit/log/batch.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/hash.h"
#include "libs/outbox/receiver.h"

namespace kasbah::audit {

absl::StatusOr<Batch> PrepareBatch(const outbox::v1::ReceiveBatchRequest& request,
                                   std::string_view source) {
  ASSIGN_OR_RETURN(const Uuid epoch, outbox::CheckBatch(request, outbox::v1::TOPIC_AUDIT));
  Batch batch;
  batch.key = {std::string(source), request.shard(), epoch};
  batch.identity.set_topic(request.topic());
  batch.identity.set_batch(request.batch());
  batch.identity.set_digest(request.digest());
  batch.events.reserve(static_cast<size_t>(request.entries_size()));

  const std::string_view service = source.substr(source.rfind('/') + 1);
  const std::string salts =
      crypto::RandomBytes(kSaltBytes * static_cast<size_t>(request.entries_size()));
  size_t at = 0;
  for (const outbox::v1::Entry& entry : request.entries()) {
    ASSIGN_OR_RETURN(const Uuid tenant_uuid, Uuid::FromBytes(entry.tenant()));
    const TenantId tenant(tenant_uuid);
    const std::string_view own_salts = std::string_view(salts).substr(at, kSaltBytes);
    at += kSaltBytes;
    absl::StatusOr<LoggedEvent> event = PrepareEvent(tenant, service, entry.payload(), own_salts);
    if (event.ok()) {
      event->entry_id = entry.id();
      batch.events.push_back(*std::move(event));
    } else {
      batch.unfit.push_back(
          {tenant, entry.id(), std::string(event.status().message()), entry.payload()});
    }
  }
  return batch;
}

absl::StatusOr<Batch> PrepareApplicationBatch(TenantId tenant,
                                              const std::vector<ClaimedEvent>& claims) {
  Batch batch;
  batch.events.reserve(claims.size());
  const std::string salts = crypto::RandomBytes(kSaltBytes * claims.size());
  for (size_t i = 0; i < claims.size(); ++i) {
    absl::StatusOr<LoggedEvent> event =
        PrepareEvent(tenant, kApplication, claims[i].event.SerializeAsString(),
                     std::string_view(salts).substr(i * kSaltBytes, kSaltBytes));
    if (!event.ok()) {
      return InvalidField(StrCat("events[", i, "]"), FromAbsl(event.status().message()));
    }
    batch.events.push_back(*std::move(event));
    batch.claims.push_back({claims[i].client_event_id, claims[i].digest});
  }
  return batch;
}

}  // namespace kasbah::audit
