#include "cli/import/entries.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

std::string TextOf(const ImportEntry& entry, const std::string& field) {
  const auto value = entry.values.fields().find(field);
  return value == entry.values.fields().end() ? "(absent)" : value->second.string_value();
}

TEST(ParseImport, TheOnlyArrayOfADocumentIsFound) {
  const auto file = ParseImport(R"({"note":"x","3166-1":[{"alpha_2":"AW"},{"alpha_2":"AF"}]})", {});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->unit, "entry");
  ASSERT_EQ(file->entries.size(), 2u);
  EXPECT_EQ(file->entries[1].number, 2u);
  EXPECT_EQ(TextOf(file->entries[1], "alpha_2"), "AF");
}

TEST(ParseImport, SeveralArraysHaveToBeChosenFrom) {
  const std::string text = R"({"a":[{"x":"1"}],"b":{"c.d":[],"e":[{"x":"2"}]},"f":[]})";
  const auto undecided = ParseImport(text, {});
  ASSERT_FALSE(undecided.ok());
  EXPECT_NE(std::string(undecided.status().message()).find("a, f"), std::string::npos);
  ImportSelection selection;
  selection.array_path = "b.e";
  const auto chosen = ParseImport(text, selection);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_EQ(TextOf(chosen->entries.at(0), "x"), "2");
  selection.array_path = "b.nothing";
  EXPECT_FALSE(ParseImport(text, selection).ok());
}

TEST(ParseImport, ABrokenLineKeepsItsNumberAndDoesNotStopTheRest) {
  const auto file = ParseImport("{\"a\":\"1\"}\n\n{\"a\":\n[1]\n{\"a\":\"2\"}\n", {});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->unit, "line");
  ASSERT_EQ(file->entries.size(), 4u);
  EXPECT_EQ(file->entries[1].number, 3u);
  EXPECT_NE(file->entries[1].fault, "");
  EXPECT_NE(file->entries[2].fault, "");
  EXPECT_EQ(file->entries[3].number, 5u);
  EXPECT_EQ(TextOf(file->entries[3], "a"), "2");
}

TEST(ParseImport, MembersAreRenamedAndLeftOut) {
  ImportSelection selection;
  ASSERT_TRUE(ParseRename("alpha_2=code", &selection.renames).ok());
  ASSERT_TRUE(ParseRename("flag=", &selection.renames).ok());
  EXPECT_FALSE(ParseRename("code", &selection.renames).ok());
  const auto file = ParseImport(R"([{"alpha_2":"AW","flag":"x","name":"Aruba"}])", selection);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(TextOf(file->entries[0], "code"), "AW");
  EXPECT_EQ(TextOf(file->entries[0], "flag"), "(absent)");
  EXPECT_EQ(TextOf(file->entries[0], "name"), "Aruba");
}

TEST(ParseImport, WhatIsNoListIsRefused) {
  for (const char* text : {"", "12", "[1,", "\"text\""})
    EXPECT_FALSE(ParseImport(text, {}).ok()) << text;
}

TEST(ParseImport, LargeIntegersStayExact) {
  const auto file = ParseImport(R"([{"id":9007199254740993,"small":7}])", {});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(TextOf(file->entries[0], "id"), "9007199254740993");
  EXPECT_EQ(file->entries[0].values.fields().at("small").number_value(), 7);
}

TEST(ParseImport, AnEntrySaysWhoseItIsOutsideItsValues) {
  ImportSelection selection;
  selection.subject_member = "person";
  const auto file = ParseImport(
      R"([{"x":"1","person":"person-7"},{"x":"2","person":null},{"x":"3"},{"person":7}])",
      selection);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->entries[0].subject, "person-7");
  EXPECT_EQ(TextOf(file->entries[0], "person"), "(absent)");
  EXPECT_EQ(file->entries[1].subject, "");
  EXPECT_EQ(file->entries[1].fault, "");
  EXPECT_NE(file->entries[2].fault, "");
  EXPECT_NE(file->entries[3].fault, "");
}

}  // namespace
}  // namespace kasbah::cli
