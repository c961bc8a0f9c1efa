#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
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
  struct Walk {
    absl::Time started_at;
    merkle::Frontier tree;
    bool began = false;
  };
  struct Kept;

  absl::StatusOr<uint64_t> Advance(TenantId tenant);
  absl::Status Begin(TenantId tenant, const RawHead& head, Walk* walk,
                     std::vector<Damage>* damages);
  std::vector<Kept> KeptHeads(TenantId tenant, const RawHead& head, std::vector<Damage>* damages);
  absl::Status Pass(const StoredStretch& stretch, const RawHead& head,
                    const std::vector<Kept>& kept, Walk* walk, std::vector<Damage>* damages);
  absl::Status CheckTiles(TenantId tenant,
                          const std::vector<std::pair<merkle::NodeId, merkle::Hash>>& completed,
                          std::vector<Damage>* damages);
  absl::Status Save(TenantId tenant, const std::vector<Damage>& damages);
  absl::Status Report();

  const SelfCheckOptions options_;
  postgres::Database& database_;
  postgres::Door& door_;
  outbox::Outbox& outbox_;
  SystemLog& system_log_;
  const SigningKey& key_;
  const Clock& clock_;
  const Uuid holder_;
  // The caller's thread alone.
  std::map<TenantId, Walk> walks_;
};

// Runs Step at the rate that the options allow, and CheckCursors each minute, on a thread of its
// own.
class SelfCheckLoop {
 public:
  SelfCheckLoop(SelfCheckOptions options, SelfCheck& check);
  ~SelfCheckLoop();

 private:
  void Loop();

  const SelfCheckOptions options_;
  SelfCheck& check_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::audit
