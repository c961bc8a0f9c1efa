#include "services/tenant_data/rpc/sealed_records.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/domain/sealed_values.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/store/sealed_store.h"

namespace kasbah::tenantdata {
namespace {

using ciphertexts::Row;
using Packed = SealedStore::Packed;

std::string PlaceOf(const Packed& packed) {
  const std::string record = packed.record.ToString();
  return packed.version == 0 ? record : StrCat(record, "/", packed.version);
}

// The reverse; what a page begins after.
absl::StatusOr<Packed> ParsePlace(const std::string& place) {
  Packed at;
  if (place.empty()) return at;
  const size_t slash = place.find('/');
  const absl::StatusOr<RecordId> record = RecordId::Parse(place.substr(0, slash));
  if (!record.ok() ||
      (slash != std::string::npos && !absl::SimpleAtoi(place.substr(slash + 1), &at.version))) {
    return InvalidField("cursor", "must be one that RewrapCiphertexts returned");
  }
  at.record = *record;
  return at;
}

absl::StatusOr<Row> RowOf(const Packed& packed) {
  ASSIGN_OR_RETURN(const SealedValues values, UnpackSealed(packed.sealed));
  Row row{PlaceOf(packed), {}};
  for (const auto& [field, ciphertext] : values) {
    row.ciphertexts.push_back({FieldContext(packed.record, field), ciphertext, packed.subject});
  }
  return row;
}

absl::StatusOr<std::vector<Row>> RowsOf(const std::vector<Packed>& all) {
  std::vector<Row> rows;
  for (const Packed& packed : all) {
    ASSIGN_OR_RETURN(Row row, RowOf(packed));
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<Packed> PackedOf(const Row& row) {
  ASSIGN_OR_RETURN(Packed packed, ParsePlace(row.place));
  SealedValues values;
  for (const ciphertexts::Ciphertext& ciphertext : row.ciphertexts) {
    ASSIGN_OR_RETURN(const FieldId field, FieldId::Parse(ciphertext.context.at("field")));
    values.emplace(field, ciphertext.bytes);
  }
  packed.sealed = PackSealed(values);
  return packed;
}

absl::StatusOr<std::vector<Packed>> AllPacked(const std::vector<Row>& rows) {
  std::vector<Packed> all;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(Packed packed, PackedOf(row));
    all.push_back(std::move(packed));
  }
  return all;
}

}  // namespace

absl::StatusOr<std::map<uint32_t, uint64_t>> SealedRecords::Count(const CallContext& call) {
  return database_.WithTenantInAnyState(
      call, postgres::AnyStateToken::ForLifecycle(),
      [&](postgres::Transaction& tx) { return SealedStore::Count(tx, call.tenant); });
}

absl::StatusOr<std::vector<Row>> SealedRecords::After(const CallContext& call,
                                                      uint32_t below_version,
                                                      const std::string& place, int limit) {
  ASSIGN_OR_RETURN(const Packed at, ParsePlace(place));
  std::vector<Packed> found;
  if (at.version == 0) {
    ASSIGN_OR_RETURN(found, database_.WithTenant(call, [&](postgres::Transaction& tx) {
      return SealedStore::RecordsAfter(tx, call.tenant, below_version, at.record, limit);
    }));
  }
  // History comes after the last record.
  if (const int left = limit - static_cast<int>(found.size()); left > 0) {
    const RecordId record = at.version == 0 ? RecordId() : at.record;
    ASSIGN_OR_RETURN(const std::vector<Packed> past,
                     database_.WithTenant(call, [&](postgres::Transaction& tx) {
                       return SealedStore::HistoryAfter(tx, call.tenant, below_version, record,
                                                        at.version, left);
                     }));
    found.insert(found.end(), past.begin(), past.end());
  }
  return RowsOf(found);
}

absl::StatusOr<uint64_t> SealedRecords::Replace(const CallContext& call,
                                                const std::vector<Row>& before,
                                                const std::vector<Row>& after) {
  ASSIGN_OR_RETURN(const std::vector<Packed> olds, AllPacked(before));
  ASSIGN_OR_RETURN(const std::vector<Packed> news, AllPacked(after));
  return database_.WithTenantUnaudited(
      call, postgres::UnauditedToken::ForRewrap(),
      [&](postgres::Transaction& tx) { return SealedStore::Replace(tx, call.tenant, olds, news); });
}

}  // namespace kasbah::tenantdata
