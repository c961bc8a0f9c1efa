// Files that come in pieces, cut into rows, and CSV's cells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/tenant_data/domain/csv.h"
#include "services/tenant_data/domain/row_splitter.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

std::vector<FileRow> Split(const std::string& file, bool is_csv, size_t piece) {
  RowSplitter splitter(is_csv);
  std::vector<FileRow> rows;
  for (size_t at = 0; at < file.size(); at += piece) {
    std::string_view data = std::string_view(file).substr(at, piece);
    while (!data.empty()) {
      if (auto row = splitter.Take(&data)) rows.push_back(*row);
    }
  }
  if (auto row = splitter.Finish()) rows.push_back(*row);
  return rows;
}

std::vector<std::string> TextsOf(const std::vector<FileRow>& rows) {
  std::vector<std::string> texts;
  for (const FileRow& row : rows) texts.push_back(row.text);
  return texts;
}

TEST(RowSplitter, RowsAreTheSameHoweverTheFileIsCut) {
  const std::string file = "a,\"b\nc\",d\r\n\n\"x\"\"\n\"\nlast";
  for (const size_t piece : {1u, 2u, 3u, 100u}) {
    const auto csv = Split(file, true, piece);
    EXPECT_THAT(TextsOf(csv), ElementsAre("a,\"b\nc\",d", "", "\"x\"\"\n\"", "last"));
    EXPECT_EQ(csv[0].first_line, 1u);
    EXPECT_EQ(csv[0].last_line, 2u);
    EXPECT_EQ(csv[2].first_line, 4u);
    EXPECT_EQ(csv[3].last_line, 6u);
    EXPECT_EQ(csv[3].end, file.size());
    EXPECT_THAT(TextsOf(Split(file, false, piece)),
                ElementsAre("a,\"b", "c\",d", "", "\"x\"\"", "\"", "last"));
  }
  EXPECT_TRUE(Split("", false, 1).empty());
  EXPECT_EQ(Split("a\n", false, 1).size(), 1u);
}

TEST(RowSplitter, AQuoteWithinACellSwallowsNothing) {
  EXPECT_THAT(TextsOf(Split("5\" disk\n6\"\n", true, 100)), ElementsAre("5\" disk", "6\""));
}

TEST(RowSplitter, ALongRowIsCutAndTheNextComesWhole) {
  const auto rows = Split(std::string(3 * kMaxRowBytes, 'x') + "\nnext\n", false, 4096);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].is_too_long);
  EXPECT_LE(rows[0].text.size(), kMaxRowBytes);
  EXPECT_FALSE(rows[1].is_too_long);
  EXPECT_EQ(rows[1].text, "next");
  EXPECT_EQ(rows[1].first_line, 2u);
}

TEST(Csv, CellsComeBackAsTheyWent) {
  const std::vector<CsvCell> cells = {"a", std::nullopt, "", "x,y", "say \"hi\"", "two\nlines"};
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) row.push_back(',');
    AppendCsvCell(cells[i], &row);
  }
  EXPECT_EQ(row, "a,,\"\",\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\"");
  EXPECT_THAT(ParseCsvRow(row), Optional(cells));
  EXPECT_FALSE(ParseCsvRow("\"open").has_value());
  EXPECT_FALSE(ParseCsvRow("\"a\"b").has_value());
  EXPECT_THAT(ParseCsvRow(""), Optional(ElementsAre(std::nullopt)));
}

TEST(Csv, ATextThatASpreadsheetWouldRunIsMadeInert) {
  for (const char* begin : {"=", "+", "-", "@", "\t", "\r", "\n"}) {
    const std::string text = begin + std::string("cmd|' /C calc'!A0");
    EXPECT_EQ(InertText(text), "'" + text);
  }
  for (const char* text : {"", "a=1", "'=1", " =1", "5", "é"}) EXPECT_EQ(InertText(text), text);
}

}  // namespace
}  // namespace kasbah::tenantdata
