#include "libs/postgres/result.h"

#include <bit>
#include <cstdlib>
#include <limits>

#include "libs/base/error.h"
#include "libs/postgres/type_oids.h"

namespace kasbah::postgres {
namespace {

constexpr int64_t kEpochSeconds = 946'684'800;

[[noreturn]] void WrongType() { Crash("a column has another type", __FILE__, __LINE__); }

uint64_t BigEndian(std::string_view data) {
  uint64_t value = 0;
  for (const char c : data) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// Reads an array's binary form from the front.
class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}
  int32_t Int() {
    return static_cast<int32_t>(static_cast<uint32_t>(BigEndian(Take(sizeof(uint32_t)))));
  }
  std::string_view Take(size_t size) {
    KASBAH_CHECK(data_.size() >= size);
    const std::string_view taken = data_.substr(0, size);
    data_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view data_;
};

}  // namespace

int Result::size() const { return result_ ? PQntuples(result_.get()) : 0; }

Row Result::operator[](int row) const {
  KASBAH_CHECK(row >= 0 && row < size());
  return Row(result_.get(), row);
}

int64_t Result::affected() const {
  if (!result_) return 0;
  // libpq's signature takes a mutable result and changes nothing.
  const char* tuples = PQcmdTuples(const_cast<PGresult*>(result_.get()));
  return std::strtoll(tuples, nullptr, 10);
}

Result::Iterator Result::begin() const { return {result_.get(), 0}; }
Result::Iterator Result::end() const { return {result_.get(), size()}; }

bool Row::IsNull(int column) const {
  KASBAH_CHECK(column >= 0 && column < PQnfields(result_));
  return PQgetisnull(result_, row_, column) == 1;
}

Row::Cell Row::NotNull(int column) const {
  KASBAH_CHECK(!IsNull(column));
  return {
      PQftype(result_, column),
      {PQgetvalue(result_, row_, column), static_cast<size_t>(PQgetlength(result_, row_, column))}};
}

namespace internal {

bool DecodeBool(uint32_t type, std::string_view data) {
  if (type != oid::kBool || data.size() != 1) WrongType();
  return data[0] != 0;
}

int64_t DecodeInt(uint32_t type, std::string_view data) {
  const uint64_t raw = BigEndian(data);
  if (type == oid::kInt8 && data.size() == 8) return static_cast<int64_t>(raw);
  if (type == oid::kInt4 && data.size() == 4) return static_cast<int32_t>(raw);
  if (type == oid::kInt2 && data.size() == 2) return static_cast<int16_t>(raw);
  if (type == oid::kOid && data.size() == 4) return static_cast<int64_t>(raw);
  WrongType();
}

double DecodeDouble(uint32_t type, std::string_view data) {
  if (type == oid::kFloat8 && data.size() == 8) return std::bit_cast<double>(BigEndian(data));
  if (type == oid::kFloat4 && data.size() == 4) {
    return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(BigEndian(data))));
  }
  WrongType();
}

std::string DecodeString(uint32_t type, std::string_view data) {
  switch (type) {
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kName:
    case oid::kChar:
    case oid::kBytea:
    case oid::kJson:
      return std::string(data);
    case oid::kJsonb:
      // After the version byte.
      KASBAH_CHECK(!data.empty() && data[0] == 1);
      return std::string(data.substr(1));
  }
  WrongType();
}

Uuid DecodeUuid(uint32_t type, std::string_view data) {
  if (type != oid::kUuid) WrongType();
  return Uuid::FromBytes(data).value();
}

absl::Time DecodeTime(uint32_t type, std::string_view data) {
  if (type != oid::kTimestamptz || data.size() != 8) WrongType();
  const int64_t micros = static_cast<int64_t>(BigEndian(data));
  if (micros == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  if (micros == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  return absl::FromUnixSeconds(kEpochSeconds) + absl::Microseconds(micros);
}

std::vector<Element> DecodeArray(uint32_t type, std::string_view data) {
  // A bytea or a text would else be read as an array's header.
  if (type == oid::kBytea || type == oid::kText || data.size() < 12) WrongType();
  Reader reader(data);
  const int32_t dimensions = reader.Int();
  reader.Int();
  const uint32_t element_oid = static_cast<uint32_t>(reader.Int());
  std::vector<Element> elements;
  if (dimensions == 0) return elements;
  if (dimensions != 1) WrongType();
  const int32_t size = reader.Int();
  reader.Int();
  for (int32_t i = 0; i < size; ++i) {
    const int32_t length = reader.Int();
    Element element{element_oid, std::nullopt};
    if (length >= 0) element.data = reader.Take(static_cast<size_t>(length));
    elements.push_back(element);
  }
  return elements;
}

}  // namespace internal
}  // namespace kasbah::postgres
