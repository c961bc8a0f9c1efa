#include <gtest/gtest.h>

#include "services/audit/log/proof_fixture.h"
#include "services/audit/log/self_check.h"

namespace kasbah::audit {
namespace {

// A log of one full tile and 44 events behind it (subtrees of 32, 8 and 4), signed and in the
// system log; beside it another tenant's, in which nothing is ever found.
class SelfCheckTest : public ProofTest {
 protected:
  void SetUp() override {
    ProofTest::SetUp();
    Log(Repeat(a_, 300));
    Log(Repeat(b_, 3));
    Witness();
  }
  static std::string Create(const std::string& to, int sequence) {
    return StrCat("UPDATE audit.event SET body = replace(convert_from(body, 'UTF8'), 'create', '",
                  to, "')::bytea WHERE tenant_id = $ AND seq = ", sequence);
  }
  // The leaf of a changed event made to fit it.
  static std::string FitLeaf(int sequence) {
    return StrCat(
        "UPDATE audit.leaf SET leaf = overlay(leaf PLACING (SELECT sha256(body) FROM "
        "audit.event WHERE tenant_id = $ AND seq = ",
        sequence, ") FROM 51) WHERE tenant_id = $ AND seq = ", sequence);
  }
  static std::string FlipLeaf(int sequence) {
    return StrCat(
        "UPDATE audit.leaf SET leaf = set_byte(leaf, 60, get_byte(leaf, 60) # 1) "
        "WHERE tenant_id = $ AND seq = ",
        sequence);
  }
};

TEST_F(SelfCheckTest, AnUntouchedLogHasNoDamage) {
  EXPECT_EQ(DamageAfter("SELECT 1"), "");
  EXPECT_EQ(test_->QueryValue(StrCat("SELECT checked FROM audit.self_check WHERE tenant_id = '",
                                     a_.uuid().ToString(), "'")),
            "300");
  // And none after it grew.
  Log(Repeat(a_, 500));
  EXPECT_EQ(DamageAfter("SELECT 1"), "");
}

TEST_F(SelfCheckTest, AChangedEventIsNamed) {
  EXPECT_EQ(DamageAfter(Create("delete", 5)), "EVENT_CHANGED event 5");
}
TEST_F(SelfCheckTest, AChangedEventBehindTheLastTileIsNamed) {
  EXPECT_EQ(DamageAfter(Create("delete", 299)), "EVENT_CHANGED event 299");
}
TEST_F(SelfCheckTest, ARemovedEventIsNamed) {
  EXPECT_EQ(DamageAfter("DELETE FROM audit.event WHERE tenant_id = $ AND seq IN (7, 299)"),
            "EVENT_MISSING event 299; EVENT_MISSING event 7");
}
TEST_F(SelfCheckTest, AnEventThatStandsThereTwiceIsNamed) {
  EXPECT_EQ(DamageAfter("INSERT INTO audit.event (tenant_id, seq, recorded_at, action, actor_id, "
                        "target_id, outcome, body) SELECT tenant_id, seq, recorded_at + interval "
                        "'1 s', action, actor_id, target_id, outcome, body FROM audit.event "
                        "WHERE tenant_id = $ AND seq = 4")
                .substr(0, 19),
            "EVENT_ADDED event 4");
}
TEST_F(SelfCheckTest, AChangedSearchColumnIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.event SET actor_id = 'usr_bob' WHERE tenant_id = $ "
                        "AND seq = 3"),
            "INDEX_CHANGED event 3");
}
TEST_F(SelfCheckTest, ARequestsKeyThatTheEventDoesNotNameIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.event SET request_key = 7 WHERE tenant_id = $ AND seq = 3"),
            "INDEX_CHANGED event 3");
}
TEST_F(SelfCheckTest, AChangedPersonalValueIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.event SET source_address = '192.0.2.9' WHERE tenant_id = $ "
                        "AND seq = 3"),
            "PERSONAL_CHANGED event 3");
}
TEST_F(SelfCheckTest, AnErasedPersonalValueIsNoDamage) {
  EXPECT_EQ(DamageAfter("UPDATE audit.event SET source_address = NULL, source_address_salt = NULL "
                        "WHERE tenant_id = $ AND seq = 3"),
            "");
}
TEST_F(SelfCheckTest, AChangedLeafIsNamed) {
  EXPECT_EQ(DamageAfter(FlipLeaf(9)), "LEAF_CHANGED event 9");
}
TEST_F(SelfCheckTest, AChangedLeafBehindTheLastTileIsNamed) {
  EXPECT_EQ(DamageAfter(FlipLeaf(290)), "LEAF_CHANGED event 290");
}
TEST_F(SelfCheckTest, ARemovedLeafIsNamed) {
  EXPECT_EQ(DamageAfter("DELETE FROM audit.leaf WHERE tenant_id = $ AND seq IN (8, 260)"),
            "LEAF_MISSING event 260; LEAF_MISSING event 8");
}
TEST_F(SelfCheckTest, AnEventWhoseLeafWasMadeToFitIsNamed) {
  EXPECT_EQ(DamageAfter(StrCat(Create("delete", 2), ";", FitLeaf(2))), "LEAF_CHANGED event 2");
}
TEST_F(SelfCheckTest, AnEventAndLeafBehindTheLastTileMadeToFitAreNamedByTheirSubtree) {
  EXPECT_EQ(DamageAfter(StrCat(Create("delete", 299), ";", FitLeaf(299),
                               "; UPDATE audit.event SET action = 'secret.delete' "
                               "WHERE tenant_id = $ AND seq = 299")),
            "LEAF_CHANGED events 296 to 299; LOG_REWRITTEN events 0 to 299");
}
TEST_F(SelfCheckTest, AChangedTileIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # "
                        "1) WHERE tenant_id = $"),
            "TILE_CHANGED tile/0/000");
}
TEST_F(SelfCheckTest, AChangedTilesRootIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.tile SET root = sha256('x') WHERE tenant_id = $"),
            "TILE_CHANGED tile/0/000");
}
TEST_F(SelfCheckTest, ARemovedTileIsNamed) {
  EXPECT_EQ(DamageAfter("DELETE FROM audit.tile WHERE tenant_id = $"), "TILE_MISSING tile/0/000");
}
TEST_F(SelfCheckTest, AChangedHeadIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.log_head SET root = sha256('x') WHERE tenant_id = $"),
            "HEAD_CHANGED head");
}
TEST_F(SelfCheckTest, ARemovedHeadIsNamed) {
  EXPECT_EQ(DamageAfter("DELETE FROM audit.log_head WHERE tenant_id = $"),
            "HEAD_MISSING head; LOG_CUT events 0 to 299");
}
TEST_F(SelfCheckTest, AChangedCheckpointIsNamed) {
  EXPECT_EQ(DamageAfter("UPDATE audit.checkpoint SET root = sha256('x') WHERE tenant_id = $"),
            "CHECKPOINT_CHANGED checkpoint");
}
TEST_F(SelfCheckTest, ARemovedCheckpointIsNamed) {
  EXPECT_EQ(DamageAfter("DELETE FROM audit.checkpoint WHERE tenant_id = $"),
            "CHECKPOINT_MISSING checkpoint");
}

TEST_F(SelfCheckTest, ACutTailIsNamedThoughTheCheckpointWasCutWithIt) {
  test_->Execute(
      "CREATE TABLE public.kept AS SELECT * FROM audit.log_head; "
      "CREATE TABLE public.signed AS SELECT * FROM audit.checkpoint");
  Log(Repeat(a_, 20));
  Witness();
  const std::string restore =
      "UPDATE audit.log_head h SET size = k.size, root = k.root, frontier = k.frontier "
      "FROM public.kept k WHERE h.tenant_id = $ AND k.tenant_id = $; ";
  EXPECT_EQ(DamageAfter(restore + "UPDATE audit.checkpoint c SET size = s.size, root = s.root, "
                                  "note = s.note FROM public.signed s WHERE c.tenant_id = $ "
                                  "AND s.tenant_id = $"),
            "CHECKPOINT_CHANGED checkpoint; LOG_CUT events 300 to 319");
}

TEST_F(SelfCheckTest, ALogRewrittenWholeIsFoundByItsWitnessedHead) {
  for (const char* table : {"event", "leaf", "tile", "checkpoint", "log_head"}) {
    Tamper(a_, StrCat("DELETE FROM audit.", table, " WHERE tenant_id = $"));
  }
  Tamper(a_, "DELETE FROM audit.system_member WHERE tenant_id = $");
  Log(Repeat(a_, 310));
  Sign(a_);
  EXPECT_EQ(DamageAfter("SELECT 1"), "LOG_REWRITTEN events 0 to 299");
}

// Whose proofs need the changed entry: here both tenants', whose entries are neighbours.
TEST_F(SelfCheckTest, AChangedEntryOfTheSystemLogIsNamed) {
  Tamper(a_,
         "UPDATE audit.system_entry SET leaf = set_byte(leaf, 50, get_byte(leaf, 50) # 1) "
         "WHERE tenant_id = $");
  Round();
  EXPECT_EQ(DamageOf(a_), "SYSTEM_LOG_CHANGED entry of this log");
  EXPECT_EQ(DamageOf(b_), "SYSTEM_LOG_CHANGED entry of this log");
}

TEST_F(SelfCheckTest, DamageIsToldOnceInTheSystemsTrail) {
  const auto told = [&] {
    return test_->QueryValue(StrCat(
        "SELECT count(*) FROM audit.outbox WHERE tenant_id = '", kSystemTenant.uuid().ToString(),
        "' AND position('audit.damage_found'::bytea IN payload) > 0 AND position('", a_.ToString(),
        "'::bytea IN payload) > 0 AND position('event 5'::bytea IN payload) > 0"));
  };
  EXPECT_EQ(DamageAfter(Create("delete", 5)), "EVENT_CHANGED event 5");
  EXPECT_EQ(told(), "1");
  const std::string seen = test_->QueryValue("SELECT max(seen_at) FROM audit.damage");
  Round();
  EXPECT_EQ(told(), "1");
  EXPECT_NE(test_->QueryValue("SELECT max(seen_at) FROM audit.damage"), seen);
}

TEST_F(SelfCheckTest, ASuspendedTenantsLogIsCheckedToo) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_EQ(DamageAfter(Create("delete", 5)), "EVENT_CHANGED event 5");
}

TEST_F(SelfCheckTest, AStepIsBoundedAndARoundGoesOnWhereItWas) {
  Log(Repeat(a_, 4700));
  Witness();
  Tamper(a_, Create("delete", 4999));
  SelfCheck once({.rows_per_second = 2000, .pause = absl::Hours(1)}, *database_, *door_, outbox_,
                 *system_log_, *key_, Clock::Real());
  uint64_t most = 0;
  uint64_t rows = 0;
  for (int step = 0; step < 4; ++step) {
    ASSERT_OK_AND_ASSIGN(const uint64_t in_step, once.Step());
    most = std::max(most, in_step);
    rows += in_step;
  }
  EXPECT_EQ(most, 2048u);
  EXPECT_EQ(rows, 5003u);
  EXPECT_EQ(DamageOf(a_) + DamageOf(b_), "EVENT_CHANGED event 4999");
}

TEST_F(SelfCheckTest, OneReplicaWalksALogAtATime) {
  Log(Repeat(a_, 4700));
  SelfCheck other({.rows_per_second = 2000, .pause = absl::ZeroDuration()}, *database_, *door_,
                  outbox_, *system_log_, *key_, Clock::Real());
  // One of each is under way.
  uint64_t mine = 0;
  while (mine < 2048) {
    ASSERT_OK_AND_ASSIGN(mine, self_check_->Step());
  }
  for (int step = 0; step < 5; ++step) {
    ASSERT_OK_AND_ASSIGN(const uint64_t theirs, other.Step());
    EXPECT_LE(theirs, 3u);
  }
}

TEST_F(SelfCheckTest, TilesAboveTilesAreChecked) {
  for (int batch = 0; batch < 14; ++batch) Log(Repeat(a_, 4700));
  Witness();
  ASSERT_EQ(test_->QueryValue("SELECT count(*) FROM audit.tile WHERE level = 1"), "1");
  EXPECT_EQ(DamageAfter("UPDATE audit.tile SET hashes = set_byte(hashes, 100, get_byte(hashes, "
                        "100) # 1) WHERE tenant_id = $ AND level = 1"),
            "TILE_CHANGED tile/1/000");
}

class CursorCheckTest : public ProofTest {
 protected:
  void SetUp() override {
    ProofTest::SetUp();
    Log(Repeat(a_, 1));
    Log(Repeat(a_, 1));
    ASSERT_OK(self_check_->CheckCursors());
    EXPECT_EQ(DamageOf(kSystemTenant), "");
  }
  std::string After(const std::string& sql) {
    test_->Execute(sql);
    EXPECT_OK(self_check_->CheckCursors());
    return DamageOf(kSystemTenant);
  }
  std::string Place() const { return StrCat("cursor of service/vault main ", epoch_.ToString()); }
};

TEST_F(CursorCheckTest, OneThatMovesOnIsSound) {
  Log(Repeat(a_, 1));
  EXPECT_EQ(After("SELECT 1"), "");
}
TEST_F(CursorCheckTest, OneThatWentBackIsNamed) {
  EXPECT_EQ(After("UPDATE audit.receiver_cursor SET last_batch = 1"),
            StrCat("CURSOR_CHANGED ", Place()));
}
TEST_F(CursorCheckTest, OneWithAnotherDigestIsNamed) {
  EXPECT_EQ(After("UPDATE audit.receiver_cursor SET digest = sha256('x')"),
            StrCat("CURSOR_CHANGED ", Place()));
}
TEST_F(CursorCheckTest, OneThatVanishedIsNamed) {
  EXPECT_EQ(After("DELETE FROM audit.receiver_cursor"), StrCat("CURSOR_MISSING ", Place()));
}
TEST_F(CursorCheckTest, ASealThatSomebodyWroteIsNamed) {
  EXPECT_EQ(After("UPDATE audit.receiver_cursor SET last_batch = 1; "
                  "UPDATE audit.cursor_seal SET last_batch = 1"),
            StrCat("CURSOR_CHANGED ", Place()));
}

}  // namespace
}  // namespace kasbah::audit
