#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/base/uuid.h"

namespace kasbah::postgres {

// What a parameter is made of, all in PostgreSQL's binary format. The C++ type decides the SQL
// type, so a statement is always called with the same types:
//
//   bool -> bool            int, int64_t, uint32_t -> bigint      double -> float8
//   std::string, string_view, const char* -> text                 Uuid, TypedId -> uuid
//   Bytes -> bytea          Json -> jsonb                         absl::Time -> timestamptz
//   std::optional<T> -> T or null                                 std::vector<T> -> T[]
//
// An infinite absl::Time is PostgreSQL's infinity. std::optional elements of a vector are null
// elements.
struct Bytes {
  std::string_view value;
};
struct Json {
  std::string_view value;
};

// Owned forms, for vectors of them and for results.
struct OwnedBytes {
  std::string value;
};
struct OwnedJson {
  std::string value;
};

// One encoded parameter.
struct Param {
  uint32_t type_oid = 0;
  bool is_null = false;
  std::string data;
};

Param Encode(bool value);
Param Encode(int64_t value);
inline Param Encode(int value) { return Encode(static_cast<int64_t>(value)); }
inline Param Encode(uint32_t value) { return Encode(static_cast<int64_t>(value)); }
// Crashes past 2^63 - 1, which no column holds.
Param Encode(uint64_t value);
Param Encode(double value);
Param Encode(std::string_view value);
inline Param Encode(const char* value) { return Encode(std::string_view(value)); }
inline Param Encode(const std::string& value) { return Encode(std::string_view(value)); }
Param Encode(const Uuid& value);
Param Encode(Bytes value);
Param Encode(const OwnedBytes& value);
Param Encode(Json value);
Param Encode(const OwnedJson& value);
Param Encode(absl::Time value);
template <typename Tag>
Param Encode(const TypedId<Tag>& value) {
  return Encode(value.uuid());
}
// Declared here so that each finds the other: an optional vector, a vector of optionals.
template <typename T>
Param Encode(const std::vector<T>& values);
template <typename T>
Param Encode(const std::optional<T>& value) {
  if (value.has_value()) return Encode(*value);
  Param param = Encode(T{});
  param.is_null = true;
  param.data.clear();
  return param;
}

// Encodes a one-dimensional array of already encoded elements of one type.
Param EncodeArray(uint32_t element_oid, const std::vector<Param>& elements);
template <typename T>
Param Encode(const std::vector<T>& values) {
  std::vector<Param> elements;
  elements.reserve(values.size());
  for (const auto& value : values) elements.push_back(Encode(static_cast<const T&>(value)));
  return EncodeArray(Encode(T{}).type_oid, elements);
}

}  // namespace kasbah::postgres
