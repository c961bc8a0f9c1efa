#include "services/audit/domain/stored_stretch.h"

#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "services/audit/domain/event_body.h"
#include "services/audit/domain/request_key.h"

namespace kasbah::audit {
namespace {

// A full stretch as a log wrote it.
class StretchTest : public ::testing::Test {
 protected:
  StretchTest() {
    stretch_.tenant = TenantId::New(absl::FromUnixSeconds(1'790'000'000));
    stretch_.first = 256;
    stretch_.past = 512;
    std::vector<merkle::Hash> hashes;
    for (uint64_t i = stretch_.first; i < stretch_.past; ++i) {
      outbox::v1::AuditEvent body;
      merkle::Leaf leaf;
      leaf.tenant = stretch_.tenant;
      leaf.event_id = EventId::New(absl::FromUnixSeconds(1'790'000'000));
      leaf.recorded_at = absl::FromUnixSeconds(1'790'000'000 + static_cast<int64_t>(i));
      body.set_event_id(leaf.event_id.ToString());
      body.set_action("secret.create");
      body.set_outcome(outbox::v1::OUTCOME_SUCCESS);
      body.set_request_id("r-7");
      StoredEvent event;
      event.sequence = i;
      event.recorded_at = leaf.recorded_at;
      event.action = "secret.create";
      event.outcome = outbox::v1::OUTCOME_SUCCESS;
      event.request_key = RequestKeyOf("r-7");
      event.body = CanonicalBody(body);
      leaf.body = merkle::Sha256Of(event.body);
      stretch_.events.push_back(event);
      stretch_.leaves.push_back({i, leaf.Serialize()});
      hashes.push_back(merkle::LeafHash(stretch_.leaves.back().second));
    }
    const merkle::Tile tile(hashes);
    stretch_.tile = StoredTile{tile.Serialize(), std::string(merkle::View(tile.Root()))};
  }
  // "KIND place; …".
  std::string Damages() const {
    std::string text;
    for (const Damage& damage : CheckStretch(stretch_, true).damages) {
      StrAppend(&text, text.empty() ? "" : "; ", damage.kind, " ", damage.place);
    }
    return text;
  }

  StoredStretch stretch_;
};

TEST_F(StretchTest, WhatWasWrittenHasNoDamage) {
  EXPECT_EQ(Damages(), "");
  EXPECT_EQ(CheckStretch(stretch_, true).hashes.size(), 256u);
}

TEST_F(StretchTest, PrunedEventsAndLeavesAreNoDamageAndLaterOnesAre) {
  stretch_.min_index = 300;
  stretch_.events.erase(stretch_.events.begin(), stretch_.events.begin() + 44);
  stretch_.leaves.erase(stretch_.leaves.begin(), stretch_.leaves.begin() + 44);
  EXPECT_EQ(Damages(), "");
  // A pruned one that is held still has to be what was logged.
  StoredEvent held = stretch_.events.front();
  stretch_.events.erase(stretch_.events.begin());
  EXPECT_EQ(Damages(), "EVENT_MISSING event 300");
  stretch_.events.insert(stretch_.events.begin(), held);
  stretch_.leaves.erase(stretch_.leaves.begin());
  EXPECT_EQ(Damages(), "LEAF_MISSING event 300");
}

TEST_F(StretchTest, AnotherTenantsLeafIsNotThisLogs) {
  merkle::Leaf leaf = merkle::Leaf::Parse(stretch_.leaves[3].second).value();
  leaf.tenant = TenantId::New(absl::FromUnixSeconds(1'790'000'001));
  stretch_.leaves[3].second = leaf.Serialize();
  EXPECT_EQ(Damages(), "LEAF_CHANGED event 259");
}

TEST_F(StretchTest, ATimeThatIsNotTheLeafsIsAChangedEvent) {
  stretch_.events[5].recorded_at += absl::Seconds(1);
  EXPECT_EQ(Damages(), "EVENT_CHANGED event 261");
}

TEST_F(StretchTest, ARequestsKeyThatIsNotTheBodysHidesTheEventFromASearch) {
  stretch_.events[5].request_key = RequestKeyOf("r-8");
  EXPECT_EQ(Damages(), "INDEX_CHANGED event 261");
  stretch_.events[5].request_key.reset();
  EXPECT_EQ(Damages(), "INDEX_CHANGED event 261");
}

TEST_F(StretchTest, AChangedTileDoesNotBlameLeaves) {
  stretch_.tile->hashes[40] = static_cast<char>(stretch_.tile->hashes[40] ^ 1);
  EXPECT_EQ(Damages(), "TILE_CHANGED tile/0/001");
  EXPECT_EQ(CheckStretch(stretch_, true).hashes.size(), 256u);
}

TEST_F(StretchTest, WithoutTileAndLeavesTheTreeCannotGoOn) {
  stretch_.tile.reset();
  stretch_.leaves.pop_back();
  EXPECT_TRUE(CheckStretch(stretch_, true).hashes.empty());
}

}  // namespace
}  // namespace kasbah::audit
