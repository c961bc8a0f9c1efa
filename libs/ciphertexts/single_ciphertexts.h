#pragma once

#include <map>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/ciphertexts/ciphertext_store.h"
#include "libs/ciphertexts/sealed.h"
#include "libs/postgres/database.h"

namespace kasbah::ciphertexts {

// What three statements on a table tell of, where each row has one ciphertext and an id of its own,
// which is its place. Thread safe.
template <typename Id>
class SingleCiphertexts : public CiphertextStore {
 public:
  using Many = std::vector<Sealed<Id>>;
  // In a tenant's scope, as CiphertextStore says of its methods.
  struct Table {
    postgres::Pending<std::map<uint32_t, uint64_t>> (*count)(postgres::Transaction&, TenantId);
    postgres::Pending<Many> (*after)(postgres::Transaction&, TenantId, uint32_t below, Id after,
                                     int limit);
    postgres::Pending<uint64_t> (*replace)(postgres::Transaction&, TenantId, const Many& before,
                                           const Many& after);
    // What it was sealed with.
    std::map<std::string, std::string> (*context)(Id);
  };
  SingleCiphertexts(postgres::Database& database, const Table& table)
      : database_(database), table_(table) {}

  absl::StatusOr<std::map<uint32_t, uint64_t>> Count(const CallContext& call) final {
    return database_.WithTenantInAnyState(
        call, postgres::AnyStateToken::ForLifecycle(),
        [&](postgres::Transaction& tx) { return table_.count(tx, call.tenant); });
  }

  absl::StatusOr<std::vector<Row>> After(const CallContext& call, uint32_t below_version,
                                         const std::string& place, int limit) final {
    Id after;
    if (!place.empty()) {
      const absl::StatusOr<Id> parsed = Id::Parse(place);
      if (!parsed.ok()) {
        return InvalidField("cursor", "must be one that RewrapCiphertexts returned");
      }
      after = *parsed;
    }
    ASSIGN_OR_RETURN(const Many found, database_.WithTenant(call, [&](postgres::Transaction& tx) {
      return table_.after(tx, call.tenant, below_version, after, limit);
    }));
    std::vector<Row> rows;
    for (const Sealed<Id>& one : found) {
      rows.push_back({one.id.ToString(), {{table_.context(one.id), one.bytes, one.subject}}});
    }
    return rows;
  }

  absl::StatusOr<uint64_t> Replace(const CallContext& call, const std::vector<Row>& before,
                                   const std::vector<Row>& after) final {
    ASSIGN_OR_RETURN(const Many olds, SealedOf(before));
    ASSIGN_OR_RETURN(const Many news, SealedOf(after));
    return database_.WithTenantUnaudited(
        call, postgres::UnauditedToken::ForRewrap(),
        [&](postgres::Transaction& tx) { return table_.replace(tx, call.tenant, olds, news); });
  }

 private:
  static absl::StatusOr<Many> SealedOf(const std::vector<Row>& rows) {
    Many all;
    for (const Row& row : rows) {
      ASSIGN_OR_RETURN(const Id id, Id::Parse(row.place));
      all.push_back({id, row.ciphertexts.at(0).bytes, row.ciphertexts.at(0).subject});
    }
    return all;
  }

  postgres::Database& database_;
  const Table table_;
};

}  // namespace kasbah::ciphertexts
