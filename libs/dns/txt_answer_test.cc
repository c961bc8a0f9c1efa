#include "libs/dns/txt_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/dns/message_fixture.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReasonIs;

constexpr char kName[] = "_kasbah-challenge.example.com";

absl::StatusOr<std::vector<std::string>> Parse(unsigned answers, const std::string& records) {
  return ParseTxtAnswer(kName, Message(7, kAnswered, kName, answers, records));
}

TEST(TxtAnswer, StringsOfARecordAreJoinedAndRecordsKeptApart) {
  const std::string split = Record(kName, 16, std::string("\x03one\x00\x03two", 9));
  EXPECT_THAT(*Parse(2, split + TxtRecord(kName, "three")), ElementsAre("onetwo", "three"));
}

TEST(TxtAnswer, NamesAreComparedWithoutCase) {
  EXPECT_THAT(*Parse(1, TxtRecord("_KASBAH-challenge.Example.COM", "x")), ElementsAre("x"));
}

TEST(TxtAnswer, ARecordOfAnotherNameIsNoAnswer) {
  EXPECT_THAT(Parse(1, TxtRecord("_kasbah-challenge.example.org", "x")), ReasonIs("DNS_FAILED"));
  EXPECT_THAT(*Parse(2, TxtRecord("example.com", "x") + TxtRecord(kName, "y")), ElementsAre("y"));
}

TEST(TxtAnswer, AliasesAreFollowedInAnyOrder) {
  EXPECT_THAT(*Parse(3, TxtRecord("c.example.net", "x") + AliasRecord("b.org", "c.example.net") +
                            AliasRecord(kName, "b.org")),
              ElementsAre("x"));
  // To a name that has none.
  EXPECT_THAT(*Parse(1, AliasRecord(kName, "b.org")), IsEmpty());
}

TEST(TxtAnswer, AliasesThatLeadInACircleEnd) {
  EXPECT_THAT(Parse(2, AliasRecord(kName, "b.org") + AliasRecord("b.org", kName)),
              ReasonIs("DNS_FAILED"));
}

TEST(TxtAnswer, NoAnswersMeansNoRecords) { EXPECT_THAT(*Parse(0, ""), IsEmpty()); }

TEST(TxtAnswer, BrokenMessagesAreRefused) {
  EXPECT_THAT(ParseTxtAnswer(kName, ""), ReasonIs("DNS_FAILED"));
  EXPECT_THAT(ParseTxtAnswer(kName, std::string(12, '\xFF')), ReasonIs("DNS_FAILED"));
  // More answers than there are, a string that leaves its record, a name that points at itself.
  EXPECT_THAT(Parse(2, TxtRecord(kName, "x")), ReasonIs("DNS_FAILED"));
  EXPECT_THAT(Parse(1, Record(kName, 16, "\x09xyz")), ReasonIs("DNS_FAILED"));
  EXPECT_THAT(Parse(1, std::string("\xC0\x3B", 2) + U16(16) + U16(1) + U16(0) + U16(60) + U16(0)),
              ReasonIs("DNS_FAILED"));
  // Every prefix of a good one.
  const std::string whole = Message(7, kAnswered, kName, 1, TxtRecord(kName, "text"));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(ParseTxtAnswer(kName, whole.substr(0, size)), ReasonIs("DNS_FAILED")) << size;
  }
}

}  // namespace
}  // namespace kasbah::dns
