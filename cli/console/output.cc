#include "cli/console/output.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "libs/base/strings.h"
#include <nlohmann/json.hpp>

namespace kasbah::cli {
namespace {

// Characters, not bytes, of UTF-8: what a column is wide.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// What stands in a cell. Control characters of a stored value must not reach a terminal; nothing at
// all would look like a cell that is missing.
std::string Printable(std::string_view text) {
  if (text.empty()) return "-";
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    clean.push_back(byte < 0x20 || byte == 0x7F ? '?' : c);
  }
  return clean;
}

// LifecycleState → "LIFECYCLE_STATE_".
std::string PrefixOf(const google::protobuf::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return prefix + "_";
}

}  // namespace

std::string Table::ToString() const {
  std::vector<size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(Width(heading));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  const auto append = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = Printable(cells[i]);
      text += cell;
      if (i + 1 < cells.size()) text.append(widths[i] - Width(cell) + 2, ' ');
    }
    text += "\n";
  };
  append(headings_);
  for (const auto& row : rows_) append(row);
  return text;
}

std::string ToString(const Properties& properties) {
  size_t width = 0;
  for (const auto& [name, value] : properties) width = std::max(width, Width(name));
  std::string text;
  for (const auto& [name, value] : properties) {
    StrAppend(&text, name, std::string(width - Width(name) + 2, ' '), Printable(value), "\n");
  }
  return text;
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? text : "{}\n";
}

std::string ToCell(const google::protobuf::Struct& values) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(values, &text);
  // Once more, for the order: a Struct has none, and rows are read one below the other.
  const nlohmann::json sorted =
      nlohmann::json::parse(status.ok() ? text : "{}", nullptr, /*allow_exceptions=*/false);
  return sorted.dump();
}

std::string ToCell(const google::protobuf::Timestamp& time, bool set) {
  if (!set) return "-";
  const absl::Time at = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", at, absl::UTCTimeZone());
}

std::string ToCell(const google::protobuf::Duration& duration, bool set) {
  if (!set) return "-";
  return absl::FormatDuration(absl::Seconds(duration.seconds()) +
                              absl::Nanoseconds(duration.nanos()));
}

std::string EnumName(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  const std::string prefix = PrefixOf(type);
  const std::string& name = value->name();
  return absl::AsciiStrToLower(absl::StartsWith(name, prefix) ? name.substr(prefix.size()) : name);
}

int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string_view name) {
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number != 0 && EnumName(type, number) == name) return number;
  }
  return -1;
}

std::string EnumNames(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(EnumName(type, type.value(i)->number()));
  }
  return absl::StrJoin(names, ", ");
}

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace kasbah::cli
