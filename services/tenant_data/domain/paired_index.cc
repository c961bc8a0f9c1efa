#include "services/tenant_data/domain/paired_index.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_map.h"
#include "libs/crypto/hash.h"
#include "services/tenant_data/domain/validation.h"

namespace kasbah::tenantdata {
namespace {

FieldId MadeOf(std::string_view kind, const FieldId& one, std::string_view other) {
  const std::string hash = crypto::Sha256({kind, one.uuid().view(), other});
  std::array<uint8_t, 16> bytes;
  std::copy_n(hash.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<uint8_t>(0x80 | (bytes[6] & 0x0F));
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3F));
  return FieldId(Uuid(bytes));
}

}  // namespace

FieldId PairOf(FieldId field, FieldId order) { return MadeOf("pair", field, order.uuid().view()); }

FieldId PlaceOf(FieldId pair, const IndexKey& value) {
  return MadeOf("place", pair, UniqueBytes(value));
}

absl::StatusOr<std::vector<DeclaredPair>> DeclaredPairs(const CollectionDefinition& collection) {
  const std::vector<FieldDefinition>& fields = collection.fields;
  absl::flat_hash_map<std::string_view, size_t> by_key;
  for (size_t i = 0; i < fields.size(); ++i) by_key.emplace(fields[i].key, i);
  std::vector<DeclaredPair> pairs;
  for (size_t i = 0; i < fields.size(); ++i) {
    for (const std::string& key : fields[i].indexed_orders) {
      const auto order = by_key.find(key);
      if (order == by_key.end()) return absl::InternalError("an index has no such order");
      pairs.push_back({PairOf(fields[i].id, fields[order->second].id), i, order->second});
    }
  }
  return pairs;
}

bool IsPair(FieldId id) { return id.uuid().bytes()[6] >> 4 == 8; }

}  // namespace kasbah::tenantdata
