#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kasbah::tenantdata {

// A cell of a CSV row; unset when there is nothing in it, which "" in quotes is not.
using CsvCell = std::optional<std::string>;

// One row of CSV (RFC 4180). Unset for a quote that does not end, or text behind one that did.
std::optional<std::vector<CsvCell>> ParseCsvRow(std::string_view row);

// A text as a spreadsheet shows it and does not run it: with ' before a first =, +, -, @, tab or
// line end, at which those begin a formula.
std::string InertText(const std::string& text);

// Appends a cell, in quotes where it needs them.
void AppendCsvCell(const CsvCell& cell, std::string* out);

}  // namespace kasbah::tenantdata
