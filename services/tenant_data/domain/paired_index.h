#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"
#include "services/tenant_data/domain/value.h"

namespace kasbah::tenantdata {

// Records that have one value in a field, in the order of another: such a list is a stretch of the
// typed side index, as a list of all records in that order is. It has rows of its own there, beside
// those of the two fields, with the second one's value under an id that stands for both fields and
// the first one's value: its place. These ids are made and not given (UUIDv8, RFC 9562, of a
// SHA-256), so nothing need be read to know them.
FieldId PairOf(FieldId field, FieldId order);
FieldId PlaceOf(FieldId pair, const IndexKey& value);
// Whether an id is one of a pair; fields' are given to them (UUIDv7).
bool IsPair(FieldId id);

// Of a definition: the places of both fields among its fields.
struct DeclaredPair {
  FieldId id;
  size_t field = 0;
  size_t order = 0;
};
// INTERNAL when the definition could not have passed CheckDefinition.
absl::StatusOr<std::vector<DeclaredPair>> DeclaredPairs(const CollectionDefinition& collection);

}  // namespace kasbah::tenantdata
