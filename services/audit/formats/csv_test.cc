#include "services/audit/formats/csv.h"

#include <gtest/gtest.h>

#include "services/audit/formats/format_fixture.h"

namespace kasbah::audit {
namespace {

// RFC 4180, and nothing of how the lines were written. Empty where the text is no CSV.
std::vector<std::vector<std::string>> Parse(std::string_view text) {
  std::vector<std::vector<std::string>> rows(1);
  size_t at = 0;
  while (at < text.size()) {
    if (text[at++] != '"') return {};
    std::string cell;
    for (;; ++at) {
      if (at >= text.size()) return {};
      if (text[at] != '"') {
        cell.push_back(text[at]);
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        cell.push_back(text[at++]);
      } else {
        break;
      }
    }
    rows.back().push_back(cell);
    ++at;
    if (at < text.size() && text[at] == ',') {
      ++at;
    } else if (text.substr(at, 2) == "\r\n") {
      at += 2;
      rows.emplace_back();
    } else {
      return {};
    }
  }
  rows.pop_back();
  return rows;
}

// What a reader takes off again.
std::string Decoded(std::string cell) {
  if (cell.starts_with('\'')) cell.erase(0, 1);
  std::string value;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\\') {
      value.push_back(cell[i]);
      continue;
    }
    const char next = cell[++i];
    value.push_back(next == 'n' ? '\n' : next == 'r' ? '\r' : next == 't' ? '\t' : next);
  }
  return value;
}

std::string CellOf(const SentEvent& event, const std::string& column) {
  const auto rows = Parse(CsvHeader() + CsvLine(event));
  if (rows.size() != 2 || rows[0].size() != rows[1].size()) return "(not two rows of one width)";
  for (size_t i = 0; i < rows[0].size(); ++i) {
    if (rows[0][i] == column) return rows[1][i];
  }
  return "(no such column)";
}

TEST(Csv, IsThisText) {
  EXPECT_EQ(CsvLine(PlainEvent()),
            R"("41","2026-09-21T14:13:21.250000Z","2026-09-21T14:13:20.125000Z",)"
            R"("evt_01h455vb4pex5vsknk084sn02q","vault","secret.create","user","usr_ada","Ada",)"
            R"("secret","sec_x","db/password","SUCCESS","","1","192.0.2.1","curl/8","","req-1","",)"
            R"("{""version"":""2""}","ten_00000000000000000000000002",)"
            R"("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")"
            "\r\n");
}

TEST(Csv, HostileValuesStayInTheirCellsAndCanBeDecoded) {
  for (const std::string& value : HostileValues()) {
    const SentEvent event = EventOfValue(value);
    std::string line = CsvLine(event);
    ASSERT_TRUE(line.ends_with("\r\n"));
    line.resize(line.size() - 2);
    EXPECT_TRUE(IsOneCleanLine(line)) << value.substr(0, 40);
    const std::string decoded = Decoded(CellOf(event, "user_agent"));
    // What no line should hold is shown as such and nothing else is lost.
    if (IsOneCleanLine(value) && !value.starts_with("bad utf-8")) {
      EXPECT_EQ(decoded, value);
    }
  }
  EXPECT_EQ(Decoded(CellOf(EventOfValue("cr\r\nlf\ttab"), "actor_id")), "cr\r\nlf\ttab");
}

TEST(Csv, NoCellIsAFormula) {
  for (const char* value : {"=1+1", "+1", "-1", "@x", "  =1", "\u00A0=1", "\uFF1D1", "\uFF20x"}) {
    EXPECT_TRUE(CellOf(EventOfValue(value), "actor_name").starts_with('\'')) << value;
    EXPECT_EQ(Decoded(CellOf(EventOfValue(value), "actor_name")), value);
  }
  // Nor by the characters that were written in place of others.
  EXPECT_EQ(CellOf(EventOfValue("\t=1"), "actor_name"), "\\t=1");
  EXPECT_EQ(CellOf(EventOfValue("1-1"), "actor_name"), "1-1");
}

}  // namespace
}  // namespace kasbah::audit
