#include "services/tenant_data/domain/paired_index.h"

#include <algorithm>
#include <array>

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

bool IsPair(FieldId id) { return id.uuid().bytes()[6] >> 4 == 8; }

}  // namespace kasbah::tenantdata
