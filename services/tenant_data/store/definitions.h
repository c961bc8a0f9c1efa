#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/domain/rule_table.h"
#include "services/tenant_data/store/collection_store.h"

namespace kasbah::tenantdata {

// Compiled definitions by tenant, kept in memory so that reading and writing records costs no round
// trip for them. At most 4,096 of them, the least recently used leave first. Thread safe.
//
// A cached answer skips no check of the tenant's state: whoever gets one still enters the tenant to
// touch a record.
class Definitions {
 public:
  Definitions(postgres::Database& database, const Clock& clock);
  ~Definitions();

  // The current schema version of "countries" or "col_…", at most 5 seconds old. NOT_FOUND, also
  // for a collection that was deleted.
  absl::StatusOr<std::shared_ptr<const RuleTable>> Current(const CallContext& call,
                                                           const std::string& name);
  // The last one that Current read, however old; null where there is none. For writes alone, which
  // are turned back where it has changed (CollectionStore::TryWriteUnder). Never waits.
  std::shared_ptr<const RuleTable> FindForWrite(TenantId tenant, const std::string& name);
  // For who was turned back: the next Current reads.
  void ForgetCurrent(TenantId tenant);
  // What `work` returns, a write under current definitions. Where one of them turns out to have
  // changed (CollectionStore::WriteUnder) it is done once more with what is current now.
  template <typename F>
  auto WriteUnderCurrent(const CallContext& call, F&& work) -> std::invoke_result_t<F> {
    auto done = work();
    if (ReasonOf(done.status()) != kDefinitionChanged) return done;
    ForgetCurrent(call.tenant);
    done = work();
    if (ReasonOf(done.status()) != kDefinitionChanged) return done;
    return DefinitionKeepsChanging();
  }

  // One schema version, which never changes.
  absl::StatusOr<std::shared_ptr<const RuleTable>> Version(const CallContext& call,
                                                           CollectionId collection,
                                                           uint32_t schema_version);

 private:
  struct Cache;

  static absl::Status DefinitionKeepsChanging();

  postgres::Database& database_;
  const Clock& clock_;
  CollectionStore collections_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace kasbah::tenantdata
