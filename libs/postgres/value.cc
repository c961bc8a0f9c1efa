#include "libs/postgres/value.h"

#include <bit>
#include <limits>

#include "libs/base/error.h"
#include "libs/postgres/type_oids.h"

namespace kasbah::postgres {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr int64_t kEpochSeconds = 946'684'800;

// Dimensions, whether there are nulls, the elements' type; then the one dimension's length and its
// first subscript, which is one.
constexpr size_t kArrayHeader = 12;
constexpr size_t kDimension = 8;

void WriteBigEndian32(uint32_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}

void Append(uint32_t type_oid, std::string_view data, Param* out) {
  out->type_oid = type_oid;
  out->data.append(data);
}

void AppendBigEndian64(uint32_t type_oid, uint64_t value, Param* out) {
  char data[8];
  WriteBigEndian32(static_cast<uint32_t>(value >> 32), data);
  WriteBigEndian32(static_cast<uint32_t>(value), data + 4);
  Append(type_oid, {data, sizeof data}, out);
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

void Put(bool value, Param* out) {
  Append(oid::kBool, value ? "\1" : std::string_view("\0", 1), out);
}

void Put(int64_t value, Param* out) {
  AppendBigEndian64(oid::kInt8, static_cast<uint64_t>(value), out);
}

void Put(uint64_t value, Param* out) {
  KASBAH_CHECK(value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  Put(static_cast<int64_t>(value), out);
}

void Put(double value, Param* out) {
  AppendBigEndian64(oid::kFloat8, std::bit_cast<uint64_t>(value), out);
}

void Put(std::string_view value, Param* out) { Append(oid::kText, value, out); }

void Put(const Uuid& value, Param* out) { Append(oid::kUuid, value.view(), out); }

void Put(Bytes value, Param* out) { Append(oid::kBytea, value.value, out); }

// jsonb on the wire is a version, 1, and the text.
void Put(Json value, Param* out) {
  out->data.push_back('\1');
  Append(oid::kJsonb, value.value, out);
}

void Put(absl::Time value, Param* out) {
  int64_t micros;
  if (value == absl::InfiniteFuture()) {
    micros = std::numeric_limits<int64_t>::max();
  } else if (value == absl::InfinitePast()) {
    micros = std::numeric_limits<int64_t>::min();
  } else {
    micros = absl::ToUnixMicros(value) - kEpochSeconds * 1'000'000;
  }
  AppendBigEndian64(oid::kTimestamptz, static_cast<uint64_t>(micros), out);
}

ArrayWriter::ArrayWriter(size_t count, Param* out) : out_(out), header_(out->data.size()) {
  out_->data.resize(header_ + kArrayHeader + (count == 0 ? 0 : kDimension));
  char* header = out_->data.data() + header_;
  WriteBigEndian32(count == 0 ? 0 : 1, header);
  if (count == 0) return;
  WriteBigEndian32(static_cast<uint32_t>(count), header + kArrayHeader);
  WriteBigEndian32(1, header + kArrayHeader + 4);
}

void ArrayWriter::Begin() {
  element_ = out_->data.size();
  out_->is_null = false;
  out_->data.append(4, '\0');
}

void ArrayWriter::End() {
  const size_t length = out_->data.size() - element_ - 4;
  WriteBigEndian32(out_->is_null ? 0xffffffff : static_cast<uint32_t>(length),
                   out_->data.data() + element_);
  has_null_ = has_null_ || out_->is_null;
}

void ArrayWriter::Finish(uint32_t element_oid) {
  WriteBigEndian32(has_null_ ? 1 : 0, out_->data.data() + header_ + 4);
  WriteBigEndian32(element_oid, out_->data.data() + header_ + 8);
  out_->type_oid = ArrayOf(element_oid);
  out_->is_null = false;
}

}  // namespace kasbah::postgres
