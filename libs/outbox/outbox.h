#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "libs/base/call_context.h"
#include "libs/postgres/transaction.h"

namespace kasbah::outbox {

// Puts events into the schema's outbox, in the transaction of the change they tell of. Attributes
// and data whose names say that they are secret (libs/payload) are not stored: an audit event names
// them in its attribute "stripped". Thread safe.
class Outbox {
 public:
  // `schema` is the service's: "vault".
  explicit Outbox(std::string_view schema);
  ~Outbox();

  // Queues the insert and marks the transaction audited. INVALID_ARGUMENT, queueing nothing, for an
  // event over 1 MiB or without action, actor or id.
  absl::Status AppendAudit(postgres::Transaction& tx, const CallContext& call,
                           const v1::AuditEvent& event);
  absl::Status AppendChange(postgres::Transaction& tx, const CallContext& call,
                            const v1::ChangeEvent& event);
  // What one change leaves in both, one statement.
  absl::Status AppendBoth(postgres::Transaction& tx, const CallContext& call,
                          const v1::AuditEvent& audit, const v1::ChangeEvent& change);
  // Several at once, one statement.
  absl::Status AppendAudits(postgres::Transaction& tx, const CallContext& call,
                            const std::vector<v1::AuditEvent>& events);
  absl::Status AppendChanges(postgres::Transaction& tx, const CallContext& call,
                             const std::vector<v1::ChangeEvent>& events);

  // Called when a transaction that appended was committed: a relay of this process that waits looks
  // sooner than its next poll. Each relay adds its own; `token` removes it again.
  void AddWaker(const void* token, std::function<void()> waker);
  void RemoveWaker(const void* token);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::outbox
