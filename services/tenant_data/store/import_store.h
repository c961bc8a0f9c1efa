#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/call_context.h"
#include "libs/base/uuid.h"
#include "libs/postgres/transaction.h"

namespace kasbah::tenantdata {

// An import, and how far it came: `line` lines, `bytes` of its file, are done with for good.
struct ImportState {
  Uuid id;
  CollectionId collection;
  std::string format;
  std::optional<CustomerId> customer;
  uint64_t line = 0;
  uint64_t bytes = 0;
  // SHA-256 of these bytes; empty: nothing is done with, or it was before there were such.
  std::string content;
  uint64_t created = 0;
  uint64_t refused = 0;
  bool is_done = false;
  // Of the definition that the last batch was checked against and written under; 0: none yet.
  uint32_t schema_version = 0;
  // Under which name a line says whose it is; empty: none does.
  std::string subject_member = {};
};

// A line of which there is something to say: a serialized RefusedLine, or StrippedLine.
struct StoredLine {
  uint64_t line = 0;
  std::string said;
  bool is_stripped = false;
};

// tenant_data.imports and import_refusals: what makes an import that was cut off go on where it
// was.
class ImportStore {
 public:
  // As it is now; made when there is none. Forgets a few that began before `now` less a week.
  // Unset where the id is another customer's.
  postgres::Pending<std::optional<ImportState>> Begin(postgres::Transaction& tx,
                                                      const CallContext& call,
                                                      const ImportState& fresh,
                                                      absl::Time now) const;
  // Moves on from `before` to `after`. ABORTED, IMPORT_ELSEWHERE, when another stream did.
  void Advance(postgres::Transaction& tx, const CallContext& call, const ImportState& before,
               const ImportState& after) const;
  void AddLines(postgres::Transaction& tx, const CallContext& call, const ImportState& import,
                const std::vector<StoredLine>& lines) const;
  // In order, past a line.
  postgres::Pending<std::vector<StoredLine>> Lines(postgres::Transaction& tx,
                                                   const CallContext& call, const Uuid& id,
                                                   uint64_t after, int64_t limit) const;
};

// Reason of a transaction of a stream that another one of the same import overtook.
inline constexpr std::string_view kImportElsewhere = "IMPORT_ELSEWHERE";

}  // namespace kasbah::tenantdata
