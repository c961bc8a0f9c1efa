#include "libs/merkle/leaf.h"

#include <gtest/gtest.h>

#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

Leaf Example() {
  Leaf leaf;
  leaf.tenant = kSystemTenant;
  leaf.event_id = EventId(Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057").value());
  leaf.occurred_at = absl::FromUnixMicros(1'700'000'000'123'456);
  leaf.recorded_at = absl::FromUnixMicros(1'700'000'000'999'999);
  leaf.body = Sha256Of("{}");
  leaf.personal[0] = CommitPersonal("source_address", std::string(kSaltSize, 's'), "192.0.2.1");
  return leaf;
}

// Written out once, so that the format cannot drift: docs/audit-format.md describes these bytes.
TEST(LeafTest, BytesStayWhatTheyAre) {
  EXPECT_EQ(crypto::Hex(Example().Serialize()),
            "01"
            "00000000000070008000000000000000"
            "01890a5dac96774bbcceb302099a8057"
            "00060a2418202240"
            "00060a24182d823f"
            "20"
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
            "20" +
                crypto::Hex(View(*Example().personal[0])) + "0000");
}

TEST(LeafTest, IsReadAsItIsWritten) {
  ASSERT_OK_AND_ASSIGN(const Leaf leaf, Leaf::Parse(Example().Serialize()));
  EXPECT_EQ(leaf.Serialize(), Example().Serialize());
  EXPECT_EQ(leaf.recorded_at, Example().recorded_at);
  EXPECT_FALSE(leaf.personal[1].has_value());
}

TEST(LeafTest, EveryCutAndEveryAdditionIsRefused) {
  const std::string bytes = Example().Serialize();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Leaf::Parse(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(Leaf::Parse(bytes + '\0').ok());
}

TEST(LeafTest, CommitmentsDependOnNameSaltAndValue) {
  const std::string salt(kSaltSize, 's');
  const Hash one = CommitPersonal("user_agent", salt, "value");
  EXPECT_NE(one, CommitPersonal("actor.display", salt, "value"));
  EXPECT_NE(one, CommitPersonal("user_agent", std::string(kSaltSize, 't'), "value"));
  EXPECT_NE(one, CommitPersonal("user_agent", salt, "valuf"));
}

}  // namespace
}  // namespace kasbah::merkle
