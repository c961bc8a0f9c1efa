#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/ciphertexts/sealed.h"
#include "libs/postgres/transaction.h"
#include "services/audit/domain/sink.h"
#include "services/audit/store/event_store.h"

namespace kasbah::audit {

// A tenant's sinks as their tenant sees and sets them, within the transaction's tenant. Stateless.
namespace sink_store {

// Its cursor begins where the log does, or else with the next event. FAILED_PRECONDITION,
// TOO_MANY_SINKS; ALREADY_EXISTS for a name.
postgres::Pending<postgres::Result> Insert(postgres::Transaction& tx, TenantId tenant,
                                           const Sink& sink, bool from_beginning);
// NOT_FOUND.
postgres::Pending<Sink> Get(postgres::Transaction& tx, TenantId tenant, SinkId id);
// In the order they were made.
postgres::Pending<std::vector<Sink>> List(postgres::Transaction& tx, TenantId tenant);
// Settings and secret; ends a back-off, and a batch that is on its way is made anew. NOT_FOUND;
// ETAG_MISMATCH when its revision is not `sink.revision`, which is raised.
postgres::Pending<postgres::Result> Update(postgres::Transaction& tx, TenantId tenant,
                                           const Sink& sink);
// A sink that goes on does so at once. NOT_FOUND.
postgres::Pending<postgres::Result> SetPaused(postgres::Transaction& tx, TenantId tenant, SinkId id,
                                              bool paused);
// Lets a sink that waits for events which left for bundles go on where the log begins; returns what
// it passes, nothing where it does not wait so.
postgres::Pending<std::optional<SequenceRange>> PassPruned(postgres::Transaction& tx,
                                                           TenantId tenant, SinkId id);
// NOT_FOUND.
postgres::Pending<postgres::Result> Delete(postgres::Transaction& tx, TenantId tenant, SinkId id);

struct RefusedEvent {
  uint64_t sequence = 0;
  std::string reason;
  absl::Time time;
};
// Newest first, below a sequence.
postgres::Pending<std::vector<RefusedEvent>> ListRefused(postgres::Transaction& tx, TenantId tenant,
                                                         SinkId id, uint64_t below, int limit);

// For who counts and rewraps ciphertexts: sinks by the key version that sealed their secret, the
// next of those that a version below `below` sealed, and putting `after` where `before` stands.
using SealedSecret = ciphertexts::Sealed<SinkId>;
postgres::Pending<std::map<uint32_t, uint64_t>> CountSecrets(postgres::Transaction& tx,
                                                             TenantId tenant);
postgres::Pending<std::vector<SealedSecret>> SecretsAfter(postgres::Transaction& tx,
                                                          TenantId tenant, uint32_t below,
                                                          SinkId after, int limit);
postgres::Pending<uint64_t> ReplaceSecrets(postgres::Transaction& tx, TenantId tenant,
                                           const std::vector<SealedSecret>& before,
                                           const std::vector<SealedSecret>& after);

}  // namespace sink_store
}  // namespace kasbah::audit
