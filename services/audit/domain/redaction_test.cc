#include "services/audit/domain/redaction.h"

#include <gtest/gtest.h>

namespace kasbah::audit {
namespace {

merkle::PersonalEntry Entry() {
  merkle::PersonalEntry entry{7, "2025-03-01T00:00:00.000000Z", "usr_ada", {}};
  entry.personal[0] = merkle::DisclosedValue{std::string(32, 's'), "192.0.2.1"};
  entry.personal[2] = merkle::DisclosedValue{std::string(32, 't'), "Ada"};
  return entry;
}

TEST(Redaction, TakesOnlyTheFieldsThatItNames) {
  merkle::PersonalEntry entry = Entry();
  EXPECT_TRUE((Redaction{.sequences = {{6, 7}}, .subject_id = "", .fields = 1}.Apply(&entry)));
  EXPECT_FALSE(entry.personal[0].has_value());
  EXPECT_TRUE(entry.personal[2].has_value());
}

TEST(Redaction, LeavesOtherEventsAlone) {
  merkle::PersonalEntry entry = Entry();
  EXPECT_FALSE(
      (Redaction{.sequences = {{6, 8}}, .subject_id = "", .fields = kAllPersonalFields}.Apply(
          &entry)));
  EXPECT_TRUE(entry.personal[0].has_value());
}

TEST(Redaction, FindsASubjectByIdAndByName) {
  for (const char* subject : {"usr_ada", "Ada"}) {
    merkle::PersonalEntry entry = Entry();
    EXPECT_TRUE(
        (Redaction{.sequences = {}, .subject_id = subject, .fields = kAllPersonalFields}.Apply(
            &entry)));
    EXPECT_TRUE(entry.empty());
  }
}

TEST(Redaction, NobodyInParticularIsEverybody) {
  merkle::PersonalEntry entry = Entry();
  EXPECT_TRUE(
      (Redaction{.sequences = {}, .subject_id = "", .fields = kAllPersonalFields}.Apply(&entry)));
  EXPECT_TRUE(entry.empty());
}

TEST(Redaction, ASubjectsOtherTimesStay) {
  merkle::PersonalEntry entry = Entry();
  Redaction redaction{.sequences = {}, .subject_id = "usr_ada", .fields = kAllPersonalFields};
  redaction.end = absl::FromCivil(absl::CivilDay(2025, 3, 1), absl::UTCTimeZone());
  EXPECT_FALSE(redaction.Apply(&entry));
  redaction.end += absl::Microseconds(1);
  EXPECT_TRUE(redaction.Apply(&entry));
}

TEST(Redaction, TheTrailIsToldSequencesAndFields) {
  EXPECT_EQ(SequenceText({3, 4, 5, 9}), "3-5,9");
  EXPECT_EQ(SequenceText({}), "");
  EXPECT_EQ(FieldNames(5), "source_address,actor.display");
}

}  // namespace
}  // namespace kasbah::audit
