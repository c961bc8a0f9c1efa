#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::tenantdata {

// The JSON that records are kept as: one object of strings, integers, booleans and lists of
// strings, flat but for the values of JSON fields. Written and read by hand, since this is the hot
// path of every read and write.

// The value of a JSON field, as CanonicalJson wrote it.
struct JsonText {
  std::string text;
};

// A value of a field in its canonical form.
using Scalar = std::variant<bool, int64_t, std::string, std::vector<std::string>, JsonText>;

// The largest magnitude below which every integer is a double of its own.
inline constexpr int64_t kMaxExactInteger = (int64_t{1} << 53) - 1;

// Appends `text` quoted and escaped (RFC 8259). `text` is UTF-8.
void AppendJsonString(std::string_view text, std::string* out);
void AppendJson(const Scalar& value, std::string* out);

// As callers see it: integers past kMaxExactInteger, which a JSON number of theirs might round, as
// strings of digits.
google::protobuf::Value ToProto(const Scalar& value);

// What AppendJson wrote, as ToProto gives it. DATA_LOSS for what is not JSON, or is deeper than any
// value that is kept.
absl::StatusOr<google::protobuf::Value> ParseStored(std::string_view json);

// The same of an object of such values.
absl::StatusOr<google::protobuf::Struct> ParseFlatObject(std::string_view json);

}  // namespace kasbah::tenantdata
