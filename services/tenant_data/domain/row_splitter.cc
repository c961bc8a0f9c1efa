#include "services/tenant_data/domain/row_splitter.h"

#include <utility>

namespace kasbah::tenantdata {

std::optional<FileRow> RowSplitter::Take(std::string_view* data) {
  for (size_t i = 0; i < data->size(); ++i) {
    const char c = (*data)[i];
    ++bytes_;
    has_begun_ = true;
    if (c == '\n') {
      const bool ends = cell_ != Cell::kQuoted;
      ++line_;
      if (ends) {
        data->remove_prefix(i + 1);
        return End();
      }
    }
    Step(c);
    if (row_.text.size() < kMaxRowBytes) {
      row_.text.push_back(c);
    } else {
      row_.is_too_long = true;
    }
  }
  *data = {};
  return std::nullopt;
}

std::optional<FileRow> RowSplitter::Finish() {
  if (!has_begun_) return std::nullopt;
  ++line_;
  return End();
}

// A quote opens a cell at its beginning alone, so that one in the middle swallows nothing.
void RowSplitter::Step(char c) {
  if (!is_csv_) return;
  switch (cell_) {
    case Cell::kBegin:
      cell_ = c == '"' ? Cell::kQuoted : c == ',' ? Cell::kBegin : Cell::kPlain;
      break;
    case Cell::kPlain:
      if (c == ',') cell_ = Cell::kBegin;
      break;
    case Cell::kQuoted:
      if (c == '"') cell_ = Cell::kQuoteSeen;
      break;
    case Cell::kQuoteSeen:
      cell_ = c == '"' ? Cell::kQuoted : c == ',' ? Cell::kBegin : Cell::kPlain;
      break;
  }
}

FileRow RowSplitter::End() {
  if (!row_.text.empty() && row_.text.back() == '\r') row_.text.pop_back();
  row_.last_line = line_ - 1;
  row_.end = bytes_;
  FileRow ended = std::exchange(row_, FileRow());
  row_.first_line = line_;
  cell_ = Cell::kBegin;
  has_begun_ = false;
  return ended;
}

}  // namespace kasbah::tenantdata
