#include "libs/merkle/export_verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "libs/base/strings.h"
#include "libs/merkle/export_fixture.h"
#include "libs/merkle/export_range.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

std::vector<std::string> LinesOf(const std::string& file) {
  std::vector<std::string> lines;
  std::istringstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line + '\n');
  return lines;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string file;
  for (const std::string& line : lines) file += line;
  return file;
}

TEST(ExportVerifierTest, AWholeExportHolds) {
  SmallLog log(5);
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 5u);
  EXPECT_EQ(verdict.summary.checkpoint.size, 5u);
  EXPECT_EQ(verdict.summary.erased_values, 0u);
}

TEST(ExportVerifierTest, AnExportOfAnEmptyLogHolds) {
  SmallLog log(0);
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  EXPECT_TRUE(verdict.ok()) << verdict.fault->ToString();
}

TEST(ExportVerifierTest, AFilteredExportHolds) {
  SmallLog log(9);
  const ExportVerdict verdict = log.Verify(log.Export({2, 7}, "{\"action\":\"secret.create\"}"));
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.filter, "{\"action\":\"secret.create\"}");
}

// One bit that moves over the byte from place to place, and the bit between the cases of letters.
TEST(ExportVerifierTest, EveryFlippedByteIsFoundInItsLine) {
  SmallLog log(3);
  const std::string file = log.ExportAll();
  uint64_t line = 1;
  for (size_t i = 0; i < file.size(); ++i) {
    for (const int bit : {static_cast<int>(i % 8), 5}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const ExportVerdict verdict = log.Verify(changed);
      ASSERT_FALSE(verdict.ok()) << "byte " << i << " bit " << bit;
      ASSERT_EQ(verdict.fault->line, line)
          << "byte " << i << " bit " << bit << ": " << verdict.fault->ToString();
    }
    if (file[i] == '\n') ++line;
  }
}

TEST(ExportVerifierTest, EveryMissingByteIsFound) {
  SmallLog log(2);
  const std::string file = log.ExportAll();
  for (size_t i = 0; i < file.size(); ++i) {
    EXPECT_FALSE(log.Verify(std::string(file).erase(i, 1)).ok()) << i;
    EXPECT_FALSE(log.Verify(file.substr(0, i)).ok()) << i;
  }
}

TEST(ExportVerifierTest, EveryMissingRepeatedOrSwappedLineIsFound) {
  SmallLog log(6);
  for (const std::string& file :
       {log.ExportAll(), log.Export({0, 1, 3, 5}, "{\"action\":\"secret.create\"}")}) {
    const std::vector<std::string> lines = LinesOf(file);
    for (size_t i = 0; i < lines.size(); ++i) {
      std::vector<std::string> without = lines;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(log.Verify(Join(without)).ok()) << "without line " << i + 1;
      std::vector<std::string> twice = lines;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
      EXPECT_FALSE(log.Verify(Join(twice)).ok()) << "line " << i + 1 << " twice";
      if (i == 0) continue;
      std::vector<std::string> swapped = lines;
      std::swap(swapped[i - 1], swapped[i]);
      EXPECT_FALSE(log.Verify(Join(swapped)).ok()) << "line " << i << " swapped with the next";
    }
  }
}

TEST(ExportVerifierTest, ALogThatBeginsLaterIsWholeFromThere) {
  SmallLog log(9);
  const std::string filter = RangeFilter({4, 9});
  for (const std::vector<uint64_t>& chosen :
       {std::vector<uint64_t>{4, 5, 6, 7, 8}, std::vector<uint64_t>{1, 4, 5, 6, 7, 8}}) {
    const ExportVerdict verdict = log.Verify(log.Export(chosen, filter));
    EXPECT_TRUE(verdict.ok()) << verdict.fault->ToString();
  }
  // Whatever the log itself signed.
  for (const auto& [chosen, fault] : std::vector<std::pair<std::vector<uint64_t>, std::string>>{
           {{4, 5, 7, 8}, "line 4 (event 7): event 6 is missing before this line"},
           {{5, 6, 7, 8}, "line 2 (event 5): event 4 is missing before this line"},
           {{4, 5, 6, 7}, "line 6: event 8 is missing before this line"},
           {{1, 2}, "line 4: event 4 is missing before this line"}}) {
    const ExportVerdict verdict = log.Verify(log.Export(chosen, filter));
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.fault->ToString(), fault);
  }
}

TEST(ExportVerifierTest, ARangeHoldsNoEventPastItsEnd) {
  SmallLog log(9);
  const std::string filter = RangeFilter({2, 4});
  EXPECT_TRUE(log.Verify(log.Export({2, 3}, filter)).ok());
  const ExportVerdict verdict = log.Verify(log.Export({2, 3, 4}, filter));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 4 (event 4): the event is past the end of the export");
}

TEST(ExportVerifierTest, OnlyARangeInItsOneSpellingIsARange) {
  EXPECT_EQ(WholeRangeOf("{}", 7)->past, 7u);
  EXPECT_EQ(WholeRangeOf(RangeFilter({3, 5}), 7)->first, 3u);
  for (const char* filter :
       {"{\"first_sequence\":3,\"past_sequence\":8}", "{\"first_sequence\":5,\"past_sequence\":3}",
        "{\"first_sequence\":\"3\",\"past_sequence\":5}", "{\"first_sequence\":3}",
        "{\"action\":\"secret.create\"}", ""}) {
    EXPECT_FALSE(WholeRangeOf(filter, 7).has_value()) << filter;
  }
}

TEST(ExportVerifierTest, AnExportByTimeSaysFromWhereItIsGapless) {
  SmallLog log(9);
  const std::string times = "{\"end_time\":\"2030-01-01T00:00:00.000000Z\"}";
  const std::string filter = StatementFrom(times, 4, 9);
  EXPECT_EQ(filter, "{\"first_sequence\":4,\"end_time\":\"2030-01-01T00:00:00.000000Z\"}");
  // Held ones of the beginning; and those that follow, of which none is missing.
  EXPECT_TRUE(log.Verify(log.Export({0, 2, 5, 6, 7}, filter)).ok());
  const ExportVerdict gap = log.Verify(log.Export({0, 2, 5, 7}, filter));
  ASSERT_FALSE(gap.ok());
  EXPECT_EQ(gap.fault->ToString(), "line 5 (event 7): event 6 is missing before this line");
  EXPECT_FALSE(log.Verify(log.Export({0, 2, 5, 6}, times)).ok());
}

TEST(ExportVerifierTest, WhatPicksEventsIsNotGapless) {
  EXPECT_EQ(GaplessFrom("{}", 9), 0u);
  EXPECT_EQ(GaplessFrom(RangeFilter({3, 5}), 9), 3u);
  EXPECT_EQ(GaplessFrom("{\"start_time\":\"a\"}", 9), 0u);
  EXPECT_EQ(GaplessFrom("{\"start_time\":\"a\",\"end_time\":\"b\"}", 9), 0u);
  for (const char* filter :
       {"{\"first_sequence\":3}", "{\"start_time\":\"a\",}", "{\"first_sequence\":3,}",
        "{\"first_sequence\":3,\"past_sequence\":5,\"actors\":[\"usr_1\"]}",
        "{\"start_time\":\"a\",\"target\":\"sec_1\"}", ""}) {
    EXPECT_FALSE(GaplessFrom(filter, 9).has_value()) << filter;
    EXPECT_EQ(StatementFrom(filter, 4, 9), filter);
  }
}

TEST(ExportVerifierTest, ADroppedLastEventOfAWholeExportIsNamed) {
  SmallLog log(4);
  // Even where the log itself signed the shorter file.
  const ExportVerdict verdict = log.Verify(log.Export({0, 1, 2}, "{}"));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 5: event 3 is missing before this line");
}

TEST(ExportVerifierTest, AGapInAWholeExportIsNamed) {
  SmallLog log(4);
  const ExportVerdict verdict = log.Verify(log.Export({0, 1, 3}, "{}"));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 4 (event 3): event 2 is missing before this line");
}

TEST(ExportVerifierTest, AChangedEventIsNamed) {
  SmallLog log(4);
  std::string& body = log.event(2).body;
  body.replace(body.find("create"), 6, "delete");
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(),
            "line 4 (event 2): the event is not the one that was logged");
}

TEST(ExportVerifierTest, AChangedPersonalValueIsNamed) {
  SmallLog log(2);
  log.event(1).personal[0]->value = "192.0.2.2";
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(),
            "line 3 (event 1): source_address is not the value that was logged");
}

TEST(ExportVerifierTest, AnErasedPersonalValueKeepsTheProofs) {
  SmallLog log(4);
  log.event(1).personal[0].reset();
  log.event(1).personal[2].reset();
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.erased_values, 2u);
}

TEST(ExportVerifierTest, AValueBlankedByHandIsFound) {
  SmallLog log(2);
  std::string file = log.ExportAll();
  const size_t from = file.find("{\"salt\"");
  file.replace(from, file.find('}', from) + 1 - from, "null");
  EXPECT_FALSE(log.Verify(file).ok());
}

TEST(ExportVerifierTest, AnotherLogsKeyOpensNothing) {
  SmallLog log(2);
  SmallLog other(2);
  std::istringstream file(log.ExportAll());
  const ExportVerdict verdict = VerifyExport(file, other.Key());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->line, 1u);
}

TEST(ExportVerifierTest, ALineOfAnotherExportOfTheSameLogIsFound) {
  SmallLog log(5);
  std::vector<std::string> lines = LinesOf(log.Export({0, 2}, "{\"outcome\":\"OUTCOME_DENIED\"}"));
  const std::vector<std::string> all = LinesOf(log.ExportAll());
  lines[1] = all[2];
  EXPECT_FALSE(log.Verify(Join(lines)).ok());
}

TEST(ExportVerifierTest, BytesAfterTheTrailerAreFound) {
  SmallLog log(1);
  const ExportVerdict verdict = log.Verify(log.ExportAll() + "\n");
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->line, 4u);
}

}  // namespace
}  // namespace kasbah::merkle
