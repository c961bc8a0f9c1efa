#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/transaction.h"

namespace kasbah::webhook {

// What became, or is to become, of a message at an endpoint.
struct Delivery {
  MessageId message;
  EndpointId endpoint;
  std::string event_type;
  EventId event;
  // "pending", "delivered", "failed", "dropped".
  std::string state;
  // Those that ended.
  int attempts = 0;
  absl::Time create_time;
  // While it waits for one.
  std::optional<absl::Time> next_attempt;
};

struct Attempt {
  AttemptId id;
  MessageId message;
  EndpointId endpoint;
  int number = 0;
  absl::Time time;
  int http_status = 0;
  std::string error;
  int64_t duration_ms = 0;
};

// A tenant's deliveries and attempts, to be read, within the transaction's tenant. No state of its
// own.
class DeliveryStore {
 public:
  // Where a page ends: the next one is strictly older.
  using Position = std::pair<MessageId, EndpointId>;

  // Newest first; `endpoint` unset: all of them.
  postgres::Pending<std::vector<Delivery>> List(postgres::Transaction& tx, TenantId tenant,
                                                std::optional<EndpointId> endpoint,
                                                std::optional<Position> before, int limit) const;
  // Newest first, of an endpoint, a message or one at the other.
  postgres::Pending<std::vector<Attempt>> ListAttempts(postgres::Transaction& tx, TenantId tenant,
                                                       std::optional<EndpointId> endpoint,
                                                       std::optional<MessageId> message,
                                                       std::optional<AttemptId> before,
                                                       int limit) const;

  // Bodies that tell of a customer.
  struct Body {
    MessageId message;
    std::string body;
  };
  postgres::Pending<std::vector<Body>> BodiesOf(postgres::Transaction& tx, TenantId tenant,
                                                CustomerId customer) const;
  // Blanks them, and drops what of them is still to be sent; how many.
  postgres::Pending<uint64_t> BlankBodiesOf(postgres::Transaction& tx, TenantId tenant,
                                            CustomerId customer) const;
};

}  // namespace kasbah::webhook
