#include "services/tenant_data/domain/csv.h"

namespace kasbah::tenantdata {
namespace {

// The cell that `*rest` begins with, and moves it to the comma or end behind. False when its quotes
// are wrong.
bool TakeCell(std::string_view* rest, CsvCell* cell) {
  if (!rest->starts_with('"')) {
    const size_t comma = rest->find(',');
    const std::string_view text = rest->substr(0, comma);
    if (!text.empty()) *cell = std::string(text);
    rest->remove_prefix(text.size());
    return true;
  }
  std::string text;
  rest->remove_prefix(1);
  while (true) {
    const size_t quote = rest->find('"');
    if (quote == std::string_view::npos) return false;
    text.append(rest->substr(0, quote));
    rest->remove_prefix(quote + 1);
    if (!rest->starts_with('"')) break;
    text.push_back('"');
    rest->remove_prefix(1);
  }
  *cell = std::move(text);
  return rest->empty() || rest->starts_with(',');
}

}  // namespace

std::optional<std::vector<CsvCell>> ParseCsvRow(std::string_view row) {
  std::vector<CsvCell> cells;
  while (true) {
    if (!TakeCell(&row, &cells.emplace_back())) return std::nullopt;
    if (row.empty()) return cells;
    row.remove_prefix(1);
  }
}

std::string InertText(const std::string& text) {
  constexpr std::string_view kBegins = "=+-@\t\r\n";
  const bool begins = !text.empty() && kBegins.find(text.front()) != std::string_view::npos;
  return begins ? "'" + text : text;
}

void AppendCsvCell(const CsvCell& cell, std::string* out) {
  if (!cell) return;
  if (!cell->empty() && cell->find_first_of(",\"\r\n") == std::string::npos) {
    out->append(*cell);
    return;
  }
  out->push_back('"');
  for (char c : *cell) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

}  // namespace kasbah::tenantdata
