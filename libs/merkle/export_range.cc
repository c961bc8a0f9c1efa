#include "libs/merkle/export_range.h"

#include "libs/base/strings.h"
#include "libs/merkle/json_text.h"

namespace kasbah::merkle {

std::string RangeFilter(const ExportRange& range) {
  return StrCat("{\"first_sequence\":", range.first, ",\"past_sequence\":", range.past, "}");
}

std::optional<ExportRange> WholeRangeOf(std::string_view filter, uint64_t size) {
  if (filter == "{}") return ExportRange{0, size};
  JsonCursor cursor(filter);
  cursor.Expect("{\"first_sequence\":");
  const std::optional<uint64_t> first = cursor.Number();
  cursor.Expect(",\"past_sequence\":");
  const std::optional<uint64_t> past = cursor.Number();
  cursor.Expect("}");
  if (!cursor.AtEnd() || *first > *past || *past > size) return std::nullopt;
  return ExportRange{*first, *past};
}

std::optional<uint64_t> GaplessFrom(std::string_view filter, uint64_t size) {
  if (const auto whole = WholeRangeOf(filter, size)) return whole->first;
  JsonCursor cursor(filter);
  cursor.Expect("{");
  std::optional<uint64_t> first = 0;
  if (cursor.TryExpect("\"first_sequence\":")) {
    first = cursor.Number();
    cursor.Expect(",");
  }
  const bool has_start = cursor.TryExpect("\"start_time\":");
  if (has_start) cursor.String();
  if (!has_start || cursor.TryExpect(",")) {
    cursor.Expect("\"end_time\":");
    cursor.String();
  }
  cursor.Expect("}");
  return cursor.AtEnd() ? first : std::nullopt;
}

std::string StatementFrom(std::string_view filter, uint64_t begins, uint64_t size) {
  if (begins == 0 || !GaplessFrom(filter, size)) return std::string(filter);
  if (filter == "{}") return RangeFilter({begins, size});
  return StrCat("{\"first_sequence\":", begins, ",", filter.substr(1));
}

}  // namespace kasbah::merkle
