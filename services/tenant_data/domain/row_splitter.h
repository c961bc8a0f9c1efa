#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kasbah::tenantdata {

// One row of a file: a line, or of CSV a row that may go over several.
struct FileRow {
  // Without its line end.
  std::string text;
  // Lines it begins and ends on, from 1.
  uint64_t first_line = 1;
  uint64_t last_line = 1;
  // Bytes of the file up to its end.
  uint64_t end = 0;
  // It was longer than kMaxRowBytes; `text` is its beginning.
  bool is_too_long = false;
};

// More than the largest record takes.
inline constexpr size_t kMaxRowBytes = 4 * 1024 * 1024;

// Cuts a file that comes in pieces into its rows, holding no more than one of them. In CSV a line
// end within quotes (RFC 4180) belongs to the row.
class RowSplitter {
 public:
  explicit RowSplitter(bool is_csv) : is_csv_(is_csv) {}

  // Takes the beginning of `data` up to the end of a row, if it has one, and moves `data` past it.
  std::optional<FileRow> Take(std::string_view* data);
  // What is left once the file is at its end: a last row without a line end.
  std::optional<FileRow> Finish();

 private:
  enum class Cell { kBegin, kPlain, kQuoted, kQuoteSeen };

  void Step(char c);
  FileRow End();

  const bool is_csv_;
  FileRow row_;
  Cell cell_ = Cell::kBegin;
  uint64_t line_ = 1;
  uint64_t bytes_ = 0;
  bool has_begun_ = false;
};

}  // namespace kasbah::tenantdata
