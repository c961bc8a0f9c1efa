#pragma once

#include <optional>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/ciphertext_holder.h"
#include "services/vault/domain/rewrap.h"

namespace kasbah::vault {

// vault.rewraps, within a transaction of their tenant. Stateless.
class RewrapStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // ALREADY_EXISTS when one of that key is not finished.
  static void Insert(Transaction& tx, TenantId tenant, const Rewrap& rewrap);
  // NOT_FOUND.
  static Pending<Rewrap> Get(Transaction& tx, TenantId tenant, RewrapId id);
  static Pending<Rewrap> GetForUpdate(Transaction& tx, TenantId tenant, RewrapId id);
  // Newest first.
  static Pending<std::vector<Rewrap>> List(Transaction& tx, TenantId tenant, int limit);
  // The state, and when that is an end, its time.
  static void SetState(Transaction& tx, TenantId tenant, RewrapId id, RewrapState state,
                       absl::Time now);

  // Takes a running one whose lease is over; nothing when another replica was faster.
  static Pending<std::optional<Rewrap>> Claim(Transaction& tx, TenantId tenant, RewrapId id,
                                              absl::Time now, absl::Time lease_until);
  // What a page did, if it is still running and at `cursor`: false when somebody paused, cancelled
  // or took it over.
  static Pending<bool> Advance(Transaction& tx, TenantId tenant, RewrapId id,
                               const std::string& cursor, const CiphertextHolder::Page& page,
                               absl::Time now, absl::Time lease_until);
  // Lets it go for now, until `again`.
  static void Release(Transaction& tx, TenantId tenant, RewrapId id, std::string_view waiting_for,
                      absl::Time again);
};

}  // namespace kasbah::vault
