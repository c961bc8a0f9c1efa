#include "libs/postgres/value.h"

#include <bit>
#include <limits>

#include "libs/base/error.h"
#include "libs/postgres/type_oids.h"

namespace kasbah::postgres {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr int64_t kEpochSeconds = 946'684'800;

void AppendBigEndian32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

std::string BigEndian64(uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

Param Make(uint32_t type_oid, std::string data) {
  Param param;
  param.type_oid = type_oid;
  param.data = std::move(data);
  return param;
}

uint32_t ArrayOf(uint32_t element_oid) {
  switch (element_oid) {
    case oid::kBool:
      return oid::kBoolArray;
    case oid::kBytea:
      return oid::kByteaArray;
    case oid::kText:
      return oid::kTextArray;
    case oid::kInt8:
      return oid::kInt8Array;
    case oid::kFloat8:
      return oid::kFloat8Array;
    case oid::kTimestamptz:
      return oid::kTimestamptzArray;
    case oid::kUuid:
      return oid::kUuidArray;
    case oid::kJsonb:
      return oid::kJsonbArray;
  }
  Crash("no array of this element type", __FILE__, __LINE__);
}

}  // namespace

Param Encode(bool value) { return Make(oid::kBool, std::string(1, value ? '\1' : '\0')); }

Param Encode(int64_t value) { return Make(oid::kInt8, BigEndian64(static_cast<uint64_t>(value))); }

Param Encode(uint64_t value) {
  KASBAH_CHECK(value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  return Encode(static_cast<int64_t>(value));
}

Param Encode(double value) {
  return Make(oid::kFloat8, BigEndian64(std::bit_cast<uint64_t>(value)));
}

Param Encode(std::string_view value) { return Make(oid::kText, std::string(value)); }

Param Encode(const Uuid& value) { return Make(oid::kUuid, std::string(value.view())); }

Param Encode(Bytes value) { return Make(oid::kBytea, std::string(value.value)); }

Param Encode(const OwnedBytes& value) { return Encode(Bytes{value.value}); }

// jsonb on the wire is a version, 1, and the text.
Param Encode(Json value) { return Make(oid::kJsonb, std::string("\1").append(value.value)); }

Param Encode(const OwnedJson& value) { return Encode(Json{value.value}); }

Param Encode(absl::Time value) {
  int64_t micros;
  if (value == absl::InfiniteFuture()) {
    micros = std::numeric_limits<int64_t>::max();
  } else if (value == absl::InfinitePast()) {
    micros = std::numeric_limits<int64_t>::min();
  } else {
    micros = absl::ToUnixMicros(value) - kEpochSeconds * 1'000'000;
  }
  return Make(oid::kTimestamptz, BigEndian64(static_cast<uint64_t>(micros)));
}

Param EncodeArray(uint32_t element_oid, const std::vector<Param>& elements) {
  bool has_null = false;
  for (const Param& element : elements) {
    KASBAH_CHECK(element.type_oid == element_oid);
    has_null = has_null || element.is_null;
  }
  std::string data;
  AppendBigEndian32(elements.empty() ? 0 : 1, &data);
  AppendBigEndian32(has_null ? 1 : 0, &data);
  AppendBigEndian32(element_oid, &data);
  if (!elements.empty()) {
    AppendBigEndian32(static_cast<uint32_t>(elements.size()), &data);
    // Subscripts start at one.
    AppendBigEndian32(1, &data);
  }
  for (const Param& element : elements) {
    AppendBigEndian32(element.is_null ? 0xffffffff : static_cast<uint32_t>(element.data.size()),
                      &data);
    if (!element.is_null) data.append(element.data);
  }
  return Make(ArrayOf(element_oid), std::move(data));
}

}  // namespace kasbah::postgres
