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

}  // namespace kasbah::merkle
