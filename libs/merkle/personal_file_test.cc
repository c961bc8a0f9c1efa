#include "libs/merkle/personal_file.h"

#include <gtest/gtest.h>

namespace kasbah::merkle {
namespace {

PersonalEntry Entry() {
  PersonalEntry entry{7, "2025-03-01T00:00:00.000000Z", "usr_ada", {}};
  entry.personal[0] = DisclosedValue{std::string(kSaltSize, 's'), "192.0.2.1"};
  entry.personal[2] = DisclosedValue{std::string(kSaltSize, 't'), "Ada \"L\"\n"};
  return entry;
}

TEST(PersonalFileTest, ALineReadsBackAsItWasWritten) {
  const std::string line = PersonalLine(Entry());
  ASSERT_EQ(line.back(), '\n');
  const auto read = ParsePersonalLine(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->sequence, 7u);
  EXPECT_EQ(read->actor_id, "usr_ada");
  EXPECT_EQ(read->personal[0]->value, "192.0.2.1");
  EXPECT_FALSE(read->personal[1].has_value());
  EXPECT_EQ(read->personal[2]->value, "Ada \"L\"\n");
  EXPECT_EQ(PersonalLine(*read), line);
}

TEST(PersonalFileTest, ALineThatIsCutIsRefused) {
  const std::string line = PersonalLine(Entry());
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    EXPECT_FALSE(ParsePersonalLine(line.substr(0, i)).ok()) << i;
  }
}

}  // namespace
}  // namespace kasbah::merkle
