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

// Appends a value's bytes to a parameter and says of which type it is: what Encode and arrays are
// made of, so that an array's elements are written where they stay.
void Put(bool value, Param* out);
void Put(int64_t value, Param* out);
inline void Put(int value, Param* out) { Put(static_cast<int64_t>(value), out); }
inline void Put(uint32_t value, Param* out) { Put(static_cast<int64_t>(value), out); }
// Crashes past 2^63 - 1, which no column holds.
void Put(uint64_t value, Param* out);
void Put(double value, Param* out);
void Put(std::string_view value, Param* out);
inline void Put(const char* value, Param* out) { Put(std::string_view(value), out); }
inline void Put(const std::string& value, Param* out) { Put(std::string_view(value), out); }
void Put(const Uuid& value, Param* out);
void Put(Bytes value, Param* out);
inline void Put(const OwnedBytes& value, Param* out) { Put(Bytes{value.value}, out); }
void Put(Json value, Param* out);
inline void Put(const OwnedJson& value, Param* out) { Put(Json{value.value}, out); }
void Put(absl::Time value, Param* out);
template <typename Tag>
void Put(const TypedId<Tag>& value, Param* out) {
  Put(value.uuid(), out);
}
// Declared here so that each finds the other: an optional vector, a vector of optionals.
template <typename T>
void Put(const std::vector<T>& values, Param* out);
template <typename T>
void Put(const std::optional<T>& value, Param* out) {
  if (value.has_value()) return Put(*value, out);
  const size_t size = out->data.size();
  Put(T{}, out);
  out->data.resize(size);
  out->is_null = true;
}

template <typename T>
Param Encode(const T& value) {
  Param param;
  Put(value, &param);
  return param;
}

// A one-dimensional array that is being written into a parameter: for each element Begin, the
// value, End.
class ArrayWriter {
 public:
  ArrayWriter(size_t count, Param* out);
  void Begin();
  void End();
  // After the last element; `element_oid` is their type.
  void Finish(uint32_t element_oid);

 private:
  Param* out_;
  size_t header_ = 0;
  size_t element_ = 0;
  bool has_null_ = false;
};

template <typename T>
void Put(const std::vector<T>& values, Param* out) {
  ArrayWriter array(values.size(), out);
  for (const auto& value : values) {
    array.Begin();
    Put(static_cast<const T&>(value), out);
    array.End();
  }
  array.Finish(Encode(T{}).type_oid);
}

}  // namespace kasbah::postgres
