#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/log/system_log.h"
#include "services/audit/store/self_check_store.h"

namespace kasbah::audit {

struct SelfCheckOptions {
  // Events that are looked at in a second, in all logs together.
  int rows_per_second = 2000;
  // Between two rounds through one log.
  absl::Duration pause = absl::Minutes(10);
};

// Walks every tenant's log from its beginning to its end, again and again, and compares all that
// the database says: events with leaves, leaves with tiles, tiles with the head, the head with what
// was signed and what was witnessed. What does not fit is named by place and kind, and alarms: a
// metric, a line in the log, an event in the system's trail, a row that operators and the tenant
// can list. One log has one replica at a time. A copy of the tree that it builds is in memory.
class SelfCheck {
 public:
  SelfCheck(SelfCheckOptions options, postgres::Database& database, postgres::Door& door,
            outbox::Outbox& outbox, SystemLog& system_log, const SigningKey& key,
            const Clock& clock);

  // One step: a bounded stretch of the log whose turn it is; then what was found is reported.
  // Returns how many events were looked at; 0 when no log is due.
  absl::StatusOr<uint64_t> Step();
  // The relays' cursors against what they were when they were signed last.
  absl::Status CheckCursors();

 private:
  // A round through one log.
  struct Walk {
    absl::Time started_at;
    // Of every leaf so far, as it was written.
    merkle::Frontier tree;
    // By tile level, the roots of the tiles since the last full one above them.
    std::map<int, std::vector<merkle::Hash>> roots;
  };
  // A head that this log has to lead to.
  struct KeptHead {
    uint64_t size = 0;
    merkle::Hash root{};
  };

  absl::StatusOr<uint64_t> Advance(TenantId tenant);
  absl::Status Begin(TenantId tenant, const RawHead& head, Walk* walk);
  absl::Status FindWitnessed(TenantId tenant, std::vector<KeptHead>* kept,
                             std::vector<Damage>* damages);
  absl::Status FindSigned(TenantId tenant, const RawHead& head, std::vector<KeptHead>* kept,
                          std::vector<Damage>* damages);
  absl::StatusOr<bool> Pass(const StoredStretch& stretch, const RawHead& head,
                            const std::vector<KeptHead>& kept, Walk* walk,
                            std::vector<Damage>* damages);
  absl::Status CheckTile(TenantId tenant, merkle::NodeId node, const merkle::Hash& hash, Walk* walk,
                         std::vector<Damage>* damages);
  absl::Status Report();

  const SelfCheckOptions options_;
  postgres::Database& database_;
  postgres::Door& door_;
  outbox::Outbox& outbox_;
  SystemLog& system_log_;
  const SigningKey& key_;
  const Clock& clock_;
  const Uuid holder_;
  // Of the thread that calls Step.
  absl::Time enrolled_at_ = absl::InfinitePast();
  std::map<TenantId, Walk> walks_;
};

}  // namespace kasbah::audit
