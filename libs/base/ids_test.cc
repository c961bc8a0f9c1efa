#include "libs/base/ids.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah {
namespace {

struct Vector {
  const char* digits;
  const char* uuid;
};
// The valid vectors of the TypeID specification, 0.3.
constexpr Vector kVectors[] = {
    {"00000000000000000000000000", "00000000-0000-0000-0000-000000000000"},
    {"00000000000000000000000001", "00000000-0000-0000-0000-000000000001"},
    {"0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"},
    {"0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"},
    {"00000000000000000000000010", "00000000-0000-0000-0000-000000000020"},
    {"7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"},
    {"01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"},
};

TEST(TypedId, FormatsAndParsesTheVectors) {
  for (const Vector& vector : kVectors) {
    ASSERT_OK_AND_ASSIGN(const Uuid uuid, Uuid::Parse(vector.uuid));
    const std::string text = std::string("rec_") + vector.digits;
    EXPECT_EQ(RecordId(uuid).ToString(), text);
    ASSERT_OK_AND_ASSIGN(const RecordId id, RecordId::Parse(text));
    EXPECT_EQ(id.uuid(), uuid);
  }
}

TEST(TypedId, ParseRefusesEverythingElse) {
  for (const char* text :
       {"", "rec_", "00000000000000000000000001", "sec_00000000000000000000000001",
        "rec-00000000000000000000000001", "REC_00000000000000000000000001",
        "rec_0000000000000000000000001", "rec_000000000000000000000000001",
        // Over 128 bits.
        "rec_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        // Upper case, and the letters that Crockford leaves out.
        "rec_0000000000000000000000000G", "rec_0000000000000000000000000i",
        "rec_0000000000000000000000000l", "rec_0000000000000000000000000o",
        "rec_0000000000000000000000000u", "rec_0000000000000000000000000-"}) {
    EXPECT_THAT(RecordId::Parse(text), testing::StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(TypedId, ParseNamesTheExpectedPrefix) {
  EXPECT_EQ(TenantId::Parse("cus_00000000000000000000000001").status().message(),
            "expected an id that starts with ten_");
}

TEST(TypedId, NewIdsComeBack) {
  const TenantId id = TenantId::New(absl::FromUnixSeconds(1'700'000'000));
  ASSERT_OK_AND_ASSIGN(const TenantId same, TenantId::Parse(id.ToString()));
  EXPECT_EQ(same, id);
  EXPECT_FALSE(id.is_nil());
  EXPECT_TRUE(TenantId().is_nil());
}

TEST(TypedId, TheSystemTenantIsTheOneOfTheFirstMigration) {
  EXPECT_EQ(kSystemTenant.uuid().ToString(), "00000000-0000-7000-8000-000000000000");
}

}  // namespace
}  // namespace kasbah
