#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/postgres/value.h"

namespace kasbah::postgres {

class Row;

// What a statement returned. Cheap to copy; rows stay valid as long as any copy lives.
class Result {
 public:
  Result() = default;
  explicit Result(std::shared_ptr<const PGresult> result) : result_(std::move(result)) {}

  int size() const;
  bool empty() const { return size() == 0; }
  Row operator[](int row) const;
  // Rows that an INSERT, UPDATE or DELETE changed.
  int64_t affected() const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

 private:
  std::shared_ptr<const PGresult> result_;
};

// One row. Get<T>(column) decodes by position; a column of another type, or a null where T is not
// std::optional, is a mistake in the program and crashes. T: bool, int64_t, uint64_t, int, double,
// std::string (text, jsonb, bytea), Uuid, TypedId, absl::Time, std::optional of these, std::vector
// of these.
class Row {
 public:
  Row(const PGresult* result, int row) : result_(result), row_(row) {}

  template <typename T>
  T Get(int column) const;
  bool IsNull(int column) const;

 private:
  struct Cell {
    uint32_t type_oid;
    std::string_view data;
  };
  Cell NotNull(int column) const;

  const PGresult* result_;
  int row_;
};

class Result::Iterator {
 public:
  Iterator(const PGresult* result, int row) : result_(result), row_(row) {}
  Row operator*() const { return Row(result_, row_); }
  Iterator& operator++() {
    ++row_;
    return *this;
  }
  bool operator!=(const Iterator& other) const { return row_ != other.row_; }

 private:
  const PGresult* result_;
  int row_;
};

namespace internal {
bool DecodeBool(uint32_t oid, std::string_view data);
int64_t DecodeInt(uint32_t oid, std::string_view data);
double DecodeDouble(uint32_t oid, std::string_view data);
std::string DecodeString(uint32_t oid, std::string_view data);
Uuid DecodeUuid(uint32_t oid, std::string_view data);
absl::Time DecodeTime(uint32_t oid, std::string_view data);
struct Element {
  uint32_t type_oid;
  std::optional<std::string_view> data;
};
std::vector<Element> DecodeArray(uint32_t oid, std::string_view data);

template <typename T>
struct Decoder;
template <>
struct Decoder<bool> {
  static bool Decode(uint32_t oid, std::string_view d) { return DecodeBool(oid, d); }
};
template <>
struct Decoder<int64_t> {
  static int64_t Decode(uint32_t oid, std::string_view d) { return DecodeInt(oid, d); }
};
template <>
struct Decoder<uint64_t> {
  static uint64_t Decode(uint32_t oid, std::string_view d) {
    return static_cast<uint64_t>(DecodeInt(oid, d));
  }
};
template <>
struct Decoder<int> {
  static int Decode(uint32_t oid, std::string_view d) {
    return static_cast<int>(DecodeInt(oid, d));
  }
};
template <>
struct Decoder<uint32_t> {
  static uint32_t Decode(uint32_t oid, std::string_view d) {
    return static_cast<uint32_t>(DecodeInt(oid, d));
  }
};
template <>
struct Decoder<double> {
  static double Decode(uint32_t oid, std::string_view d) { return DecodeDouble(oid, d); }
};
template <>
struct Decoder<std::string> {
  static std::string Decode(uint32_t oid, std::string_view d) { return DecodeString(oid, d); }
};
template <>
struct Decoder<Uuid> {
  static Uuid Decode(uint32_t oid, std::string_view d) { return DecodeUuid(oid, d); }
};
template <typename Tag>
struct Decoder<TypedId<Tag>> {
  static TypedId<Tag> Decode(uint32_t oid, std::string_view d) {
    return TypedId<Tag>(DecodeUuid(oid, d));
  }
};
template <>
struct Decoder<absl::Time> {
  static absl::Time Decode(uint32_t oid, std::string_view d) { return DecodeTime(oid, d); }
};
template <typename T>
struct Decoder<std::vector<T>> {
  static std::vector<T> Decode(uint32_t oid, std::string_view d);
};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
}  // namespace internal

template <typename T>
T Row::Get(int column) const {
  if constexpr (internal::IsOptional<T>::value) {
    if (IsNull(column)) return std::nullopt;
    return Get<typename T::value_type>(column);
  } else {
    const Cell cell = NotNull(column);
    return internal::Decoder<T>::Decode(cell.type_oid, cell.data);
  }
}

namespace internal {
template <typename T>
std::vector<T> Decoder<std::vector<T>>::Decode(uint32_t oid, std::string_view d) {
  std::vector<T> values;
  for (const Element& element : DecodeArray(oid, d)) {
    if constexpr (IsOptional<T>::value) {
      if (!element.data) {
        values.push_back(std::nullopt);
      } else {
        values.push_back(Decoder<typename T::value_type>::Decode(element.type_oid, *element.data));
      }
    } else {
      values.push_back(Decoder<T>::Decode(element.type_oid, element.data.value()));
    }
  }
  return values;
}
}  // namespace internal

// Two columns, a key and what belongs to it.
template <typename K, typename V>
std::map<K, V> MapOf(const Result& rows) {
  std::map<K, V> values;
  for (const Row row : rows) values.emplace(row.Get<K>(0), row.Get<V>(1));
  return values;
}

}  // namespace kasbah::postgres
