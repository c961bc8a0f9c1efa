#pragma once

#include <string>

#include "libs/base/clock.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/telemetry/metrics.h"
#include "services/vault/domain/ciphertext_holder.h"
#include "services/vault/domain/rewrap.h"

namespace kasbah::vault {

// Carries on with rewraps that are running and on nobody's lease: page after page by whoever keeps
// the ciphertexts, each followed by a note of how far it got. What a crash cuts off is done again
// by the next replica from the last note, and a page done twice does nothing the second time.
class Rewrapper {
 public:
  // Values at a time: memory does not grow with how many there are.
  static constexpr int kPage = 1000;
  static constexpr absl::Duration kLease = absl::Seconds(30);

  Rewrapper(postgres::Door& door, postgres::Database& database, outbox::Outbox& outbox,
            const CiphertextHolders& holders, const Clock& clock);

  // One pass over what is due: each to its end, to what holds it up, or for `at_most`.
  absl::Status RunOnce(absl::Duration at_most = absl::Seconds(20));

 private:
  absl::Status Work(TenantId tenant, RewrapId id, absl::Time until);
  // False when there is nothing more for this replica to do.
  absl::StatusOr<bool> DoPage(TenantId tenant, CiphertextHolder& holder, Rewrap* rewrap);
  absl::Status Finish(const Rewrap& rewrap, const CallContext& call);
  void Release(const CallContext& call, RewrapId id, std::string_view waiting_for,
               absl::Duration pause);
  CallContext CallFor(TenantId tenant) const;

  postgres::Door& door_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  const CiphertextHolders& holders_;
  const Clock& clock_;
  telemetry::Counter& rewrapped_;
};

}  // namespace kasbah::vault
