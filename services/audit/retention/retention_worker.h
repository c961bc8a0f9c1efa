#pragma once

#include <optional>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/uuid.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/audit/domain/retention.h"
#include "services/audit/retention/bundle_redactor.h"
#include "services/audit/retention/bundle_writer.h"
#include "services/audit/store/retention_store.h"

namespace kasbah::audit {

// Ends what is past its retention, a month at a time: a bundle is written and verified, the log's
// beginning moves behind it, and the rows go, with their partitions where no tenant needs them any
// more, else by pages. One replica works at a time. Each step commits by itself and is found again
// by the next round, whichever was the last to be done. Thread safe.
class RetentionWorker {
 public:
  struct Options {
    RetentionLimits limits;
    // Events of one bundle, at the most.
    int bundle_events = 50'000;
    // Rows that go in one transaction.
    int page = 5'000;
  };
  RetentionWorker(Options options, postgres::Database& database, postgres::Door& upkeep,
                  outbox::Outbox& outbox, objects::ObjectStore& objects,
                  const Checkpointer& checkpointer, const SigningKey& key, const Clock& clock)
      : options_(options),
        database_(database),
        upkeep_(upkeep),
        outbox_(outbox),
        clock_(clock),
        bundles_(database, objects, checkpointer, key),
        redactor_(upkeep, objects, clock) {}
  // Gives the turn back.
  ~RetentionWorker();

  // All that is due; nothing while another replica has the turn. Goes on past a tenant that fails,
  // and returns the first failure.
  absl::Status RunOnce();

  // The steps, in the order in which a round takes them.

  // The next bundle of a log that is due, as its row says; made where there is none. Nothing when
  // nothing is due.
  absl::StatusOr<std::optional<Archive>> BeginBundle(const retention_store::TenantLog& log);
  // Writes and verifies it, and says so in its row and in the tenant's trail.
  absl::Status WriteBundle(Archive archive);
  // Lets the log begin behind it.
  absl::Status AdvanceStart(const Archive& archive);
  // Months whose partitions can go.
  absl::Status DropMonths();
  // What the partitions that stay hold of logs that begin later.
  absl::Status DeletePruned(TenantId tenant);

 private:
  absl::StatusOr<bool> TakeTurn();
  absl::StatusOr<std::vector<retention_store::TenantLog>> AllLogs();
  absl::Status ArchiveLog(retention_store::TenantLog log);
  CallContext CallFor(TenantId tenant) const;

  const Options options_;
  const Uuid holder_ = Uuid::V7(absl::Now());
  postgres::Database& database_;
  postgres::Door& upkeep_;
  outbox::Outbox& outbox_;
  const Clock& clock_;
  BundleWriter bundles_;
  BundleRedactor redactor_;
};

}  // namespace kasbah::audit
