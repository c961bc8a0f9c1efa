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

// Appends a cell, in quotes where it needs them.
void AppendCsvCell(const CsvCell& cell, std::string* out);

}  // namespace kasbah::tenantdata
