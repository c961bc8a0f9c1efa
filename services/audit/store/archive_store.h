#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libs/postgres/transaction.h"

namespace kasbah::audit {

// A bundle, or the intention to write one.
struct Archive {
  TenantId tenant;
  std::string name;
  uint64_t first = 0;
  uint64_t past = 0;
  absl::Time first_at;
  absl::Time last_at;
  FileId events_object;
  FileId personal_object;
  // An object beside those that is to be deleted: the personal values as they were, or a rewriting
  // that did not get done.
  std::optional<FileId> next_object;
  std::string manifest;
  uint64_t events_bytes = 0;
  uint64_t personal_bytes = 0;
  std::optional<absl::Time> written_at;
  std::optional<absl::Time> pruned_at;
};

// audit.archive. Stateless.
namespace archive_store {

// In the tenant's scope, those that are written.
postgres::Pending<std::vector<Archive>> List(postgres::Transaction& tx, TenantId tenant,
                                             uint64_t from, int limit);
// The one that has an event which the log has left behind.
postgres::Pending<std::optional<Archive>> FindWith(postgres::Transaction& tx, TenantId tenant,
                                                   uint64_t sequence);

// Through the upkeep's door.

// The bundle that begins at `first`, written or not.
postgres::Pending<std::optional<Archive>> FindAt(postgres::Transaction& tx, TenantId tenant,
                                                 uint64_t first);
// All of a tenant's that are written.
postgres::Pending<std::vector<Archive>> ListWritten(postgres::Transaction& tx, TenantId tenant);
// Tenant, sequences, times and objects; nothing is written yet.
void Begin(postgres::Transaction& tx, const Archive& archive);
// Manifest and sizes.
void Finish(postgres::Transaction& tx, const Archive& archive, absl::Time now);
// Names an object before it is written, so that a crash leaves none that nobody knows.
void SetNext(postgres::Transaction& tx, const Archive& archive, std::optional<FileId> next);
// The rewritten personal values take their place; the old ones are the next object then.
void SwapPersonal(postgres::Transaction& tx, const Archive& archive, uint64_t bytes);

}  // namespace archive_store
}  // namespace kasbah::audit
