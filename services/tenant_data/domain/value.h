#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/payload/payload.h"
#include "services/tenant_data/domain/flat_json.h"
#include "services/tenant_data/domain/parsing_time.h"
#include "services/tenant_data/domain/rule_table.h"

namespace kasbah::tenantdata {

// How a value stands in the typed side index; exactly one is set. Text, dates, choices, addresses,
// URLs and ids in `text`; integers, decimals (scaled) and booleans (0, 1) in `integer`.
struct IndexKey {
  std::optional<std::string> text;
  std::optional<int64_t> integer;
  std::optional<absl::Time> time;
};

// A value that holds to its field's type.
struct TypedValue {
  Scalar scalar;
  IndexKey key;
  // Of JSON: what was taken out of it, since its name says that it is a secret.
  payload::Report stripped = {};
};

// One rule that a value breaks. Descriptions tell of the rule and never of the value.
struct Fault {
  // REQUIRED, TYPE, PATTERN, MIN, MAX, CHOICE.
  std::string_view rule;
  std::string description;
};

// A text that is indexed or unique has at most this many bytes, so that a B-tree can hold it.
inline constexpr size_t kMaxIndexedBytes = 1000;
inline constexpr size_t kMaxTextBytes = 32 * 1024;
// Of a long or a rich text.
inline constexpr size_t kMaxLongTextBytes = 1024 * 1024;

// What `value` is under the field's type, in canonical form, or nullopt with the faults:
//   INTEGER    a number without fraction up to 2^53 - 1, or a string of digits up to 64 bits
//   DECIMAL    a number or a string; canonical is a string with exactly `scale` digits
//   DATE       RFC 3339 full-date
//   TIMESTAMP  RFC 3339 date-time; canonical is UTC, microseconds
//   RICH_TEXT  HTML; canonical is what sanitising leaves of it
//   MULTI_CHOICE  a list of strings; canonical is each once, in the order of the definition
//   JSON       anything but null; canonical is without members named like secrets (json_value.h)
// Reports every rule that it breaks, not the first. `time` is the request's, for its HTML.
std::optional<TypedValue> CheckValue(const FieldRule& field, const google::protobuf::Value& value,
                                     std::vector<Fault>* faults, ParsingTime* time);
// Of one value alone.
std::optional<TypedValue> CheckValue(const FieldRule& field, const google::protobuf::Value& value,
                                     std::vector<Fault>* faults);

}  // namespace kasbah::tenantdata
