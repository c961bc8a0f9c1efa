#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"
#include "services/webhook/domain/endpoint_pacing.h"

namespace kasbah::webhook {

// New deliveries and retries are claimed apart.
enum class Lane { kFirst, kRetry };

// One row of the queue, held by who has its claim until the lease ends.
struct ClaimedDelivery {
  TenantId tenant;
  MessageId message;
  EndpointId endpoint;
  Uuid claim;
  // This attempt's, from 1.
  int attempt = 0;
  std::string url;
  // Unset when the endpoint is no longer enabled: nothing is sent.
  std::optional<std::string> sealed_secret;
  std::string body;
  std::string traceparent;
  std::string request_id;
};

// What became of a claim.
struct Completion {
  enum class Next { kDelivered, kRetry, kFailed, kDropped };
  TenantId tenant;
  MessageId message;
  EndpointId endpoint;
  Uuid claim;
  Next next = Next::kRetry;
  // For kRetry, from now.
  absl::Duration delay;

  // The attempt, when one was made.
  bool attempted = true;
  AttemptId attempt_id;
  int number = 0;
  absl::Time start_time;
  int http_status = 0;
  std::string error;
  int64_t duration_ms = 0;
};

// The hot queue, through the door kasbah_webhook_queue. Times are PostgreSQL's, so that replicas'
// clocks need not agree. No state of its own.
class QueueStore {
 public:
  // At most `limit` due rows of active tenants, and of each endpoint no more than `limited` says,
  // or `room` where it says nothing. Rows that another worker is at are skipped. The attempt is
  // counted here: what kills a worker each time ends all the same.
  postgres::Pending<std::vector<ClaimedDelivery>> Claim(
      postgres::Transaction& tx, Lane lane, Uuid claim, absl::Duration lease, int limit, int room,
      const std::vector<EndpointPacing::Room>& limited) const;
  // Attempts, the queue and the outcomes in one statement. Claims that were lost to a later worker
  // change nothing but the list of attempts. Returns how many were still held.
  postgres::Pending<int64_t> Complete(postgres::Transaction& tx,
                                      const std::vector<Completion>& completions) const;
  // Gives claims back as if they had not been taken, due after `delay`.
  postgres::Pending<postgres::Result> Release(postgres::Transaction& tx,
                                              const std::vector<ClaimedDelivery>& claims,
                                              absl::Duration delay) const;
  // How long the oldest due row of an active tenant has waited; zero when none does.
  postgres::Pending<absl::Duration> OldestDue(postgres::Transaction& tx) const;
};

}  // namespace kasbah::webhook
