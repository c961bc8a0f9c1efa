#include "libs/merkle/personal_file.h"

#include <algorithm>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/json_text.h"

namespace kasbah::merkle {

bool PersonalEntry::empty() const {
  return std::none_of(personal.begin(), personal.end(),
                      [](const auto& value) { return value.has_value(); });
}

std::string PersonalLine(const PersonalEntry& entry) {
  std::string line =
      StrCat("{\"seq\":", entry.sequence, ",\"recorded_at\":", JsonString(entry.recorded_at),
             ",\"actor_id\":", JsonString(entry.actor_id), ",\"personal\":{");
  std::string_view separator;
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    if (!entry.personal[i]) continue;
    StrAppend(&line, separator, "\"", kPersonalFields[i], "\":{\"salt\":\"",
              crypto::Base64(entry.personal[i]->salt),
              "\",\"value\":", JsonString(entry.personal[i]->value), "}");
    separator = ",";
  }
  line.append("}}\n");
  return line;
}

absl::StatusOr<PersonalEntry> ParsePersonalLine(std::string_view line) {
  const absl::Status malformed =
      absl::InvalidArgumentError("the line is not in the form of personal values");
  JsonCursor cursor(line);
  cursor.Expect("{\"seq\":");
  const std::optional<uint64_t> sequence = cursor.Number();
  cursor.Expect(",\"recorded_at\":");
  std::optional<std::string> recorded_at = cursor.String();
  cursor.Expect(",\"actor_id\":");
  std::optional<std::string> actor_id = cursor.String();
  if (!cursor.Expect(",\"personal\":{")) return malformed;
  PersonalEntry entry{*sequence, *std::move(recorded_at), *std::move(actor_id), {}};
  bool first = true;
  for (size_t i = 0; i < kPersonalFields.size(); ++i) {
    if (!cursor.TryExpect(StrCat(first ? "" : ",", "\"", kPersonalFields[i], "\":"))) continue;
    first = false;
    cursor.Expect("{\"salt\":");
    const std::optional<std::string> salt = cursor.String();
    cursor.Expect(",\"value\":");
    std::optional<std::string> value = cursor.String();
    if (!cursor.Expect("}")) return malformed;
    absl::StatusOr<std::string> bytes = crypto::ParseBase64(*salt);
    if (!bytes.ok() || bytes->size() != kSaltSize) return malformed;
    entry.personal[i] = DisclosedValue{*std::move(bytes), *std::move(value)};
  }
  cursor.Expect("}}");
  if (!cursor.AtEnd()) return malformed;
  return entry;
}

}  // namespace kasbah::merkle
