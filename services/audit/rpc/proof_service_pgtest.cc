#include <gtest/gtest.h>

#include "libs/merkle/system_head.h"
#include "libs/merkle/tile_path.h"
#include "libs/merkle/tlog_proof.h"
#include "services/audit/log/self_check.h"
#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/proof_service.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class ProofServiceTest : public AuditServerTest {
 protected:
  absl::StatusOr<std::string> Tile(TenantId tenant, const std::string& path) {
    v1::GetTileRequest request;
    request.set_path(path);
    const auto reply = As(tenant, &v1::ProofService::Stub::GetTile, request);
    if (!reply.ok()) return reply.status();
    return reply->content();
  }
  absl::StatusOr<v1::GetEventProofResponse> Proof(TenantId tenant, uint64_t sequence) {
    v1::GetEventProofRequest request;
    request.set_sequence(sequence);
    return As(tenant, &v1::ProofService::Stub::GetEventProof, request);
  }
  merkle::Checkpoint Head(TenantId tenant) {
    const auto reply = Checkpoint(tenant);
    return merkle::OpenCheckpoint(reply.checkpoint(),
                                  merkle::VerifierKey::Parse(reply.verifier_key()).value())
        .value();
  }
};

// What a client of tlog-tiles does: every file that the size says, and the checkpoint's root from
// them.
TEST_F(ProofServiceTest, TheTilesOfALogLeadToItsCheckpoint) {
  for (const int count : {1, 255, 44, 700}) {
    Log(Repeat(a_, count));
    const merkle::Checkpoint head = Head(a_);
    merkle::Frontier from_entries;
    std::vector<std::vector<merkle::Hash>> levels;
    for (const merkle::TilePath& path : merkle::TilesOf(head.size)) {
      ASSERT_OK_AND_ASSIGN(const std::string content, Tile(a_, path.ToString()));
      if (path.entries) {
        ASSERT_OK_AND_ASSIGN(const auto entries, merkle::ParseEntryBundle(content));
        ASSERT_EQ(entries.size(), path.width);
        for (const std::string& entry : entries) from_entries.Append(merkle::LeafHash(entry));
        continue;
      }
      ASSERT_EQ(content.size(), 32 * path.width) << path.ToString();
      levels.resize(static_cast<size_t>(path.level) + 1);
      for (size_t at = 0; at < content.size(); at += 32) {
        levels.back().push_back(merkle::ParseHash(content.substr(at, 32)).value());
      }
    }
    EXPECT_EQ(from_entries.Root(), head.root);
    merkle::Frontier from_hashes;
    for (const merkle::Hash& hash : levels[0]) from_hashes.Append(hash);
    EXPECT_EQ(from_hashes.Root(), head.root);
    // Each hash of a level is the root of a full tile below.
    for (size_t level = 1; level < levels.size(); ++level) {
      ASSERT_EQ(levels[level].size(), levels[level - 1].size() / 256);
      for (size_t i = 0; i < levels[level].size(); ++i) {
        merkle::Frontier tile;
        for (size_t j = 0; j < 256; ++j) tile.Append(levels[level - 1][256 * i + j]);
        EXPECT_EQ(levels[level][i], tile.Root());
      }
    }
  }
}

TEST_F(ProofServiceTest, APartialTileOfAnEarlierCheckpointIsServedOn) {
  Log(Repeat(a_, 5));
  ASSERT_OK_AND_ASSIGN(const std::string hashes, Tile(a_, "tile/0/000.p/5"));
  ASSERT_OK_AND_ASSIGN(const std::string entries, Tile(a_, "tile/entries/000.p/5"));
  Log(Repeat(a_, 400));
  EXPECT_EQ(Tile(a_, "tile/0/000.p/5").value(), hashes);
  EXPECT_EQ(Tile(a_, "tile/entries/000.p/5").value(), entries);
}

TEST_F(ProofServiceTest, TheCheckpointIsAFileToo) {
  Log(Repeat(a_, 2));
  EXPECT_EQ(Tile(a_, "checkpoint").value(), Checkpoint(a_).checkpoint());
}

TEST_F(ProofServiceTest, TilesThatTheLogDoesNotReachAreNotFound) {
  Log(Repeat(a_, 300));
  for (const char* path : {"tile/0/000.p/255", "tile/0/001.p/44", "tile/1/000.p/1"}) {
    EXPECT_OK(Tile(a_, path)) << path;
  }
  for (const char* path :
       {"tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/1/000", "tile/2/000.p/1",
        "tile/63/000.p/1", "tile/entries/001", "tile/0/x999/999"}) {
    EXPECT_THAT(Tile(a_, path), ReasonIs("NOT_FOUND")) << path;
  }
  EXPECT_THAT(Tile(b_, "tile/0/000.p/1"), ReasonIs("NOT_FOUND"));
}

TEST_F(ProofServiceTest, APathThatIsNoneIsRefusedByItsField) {
  for (const char* path : {"tile/0/1", "tile/0/000.p/0", "../secret", "tile/00/000"}) {
    EXPECT_THAT(Tile(a_, path), ReasonIs("INVALID_FIELDS")) << path;
  }
}

TEST_F(ProofServiceTest, ATileThatSomebodyRemovedIsDamage) {
  Log(Repeat(a_, 300));
  Tamper(a_, "DELETE FROM audit.tile WHERE tenant_id = $");
  EXPECT_THAT(Tile(a_, "tile/0/000"), ReasonIs("LOG_DAMAGED"));
  Tamper(a_, "DELETE FROM audit.leaf WHERE tenant_id = $ AND seq = 299");
  EXPECT_THAT(Tile(a_, "tile/0/001.p/44"), ReasonIs("LOG_DAMAGED"));
  EXPECT_THAT(Tile(a_, "tile/entries/001.p/44"), ReasonIs("LOG_DAMAGED"));
}

TEST_F(ProofServiceTest, AnEventsProofFileHoldsByItselfForThatEvent) {
  Log(Repeat(a_, 300));
  for (const uint64_t sequence : {0, 255, 256, 299}) {
    ASSERT_OK_AND_ASSIGN(const auto reply, Proof(a_, sequence));
    ASSERT_OK_AND_ASSIGN(const merkle::TlogProof proof, merkle::TlogProof::Parse(reply.proof()));
    ASSERT_OK_AND_ASSIGN(const auto key, merkle::VerifierKey::Parse(reply.verifier_key()));
    EXPECT_EQ(proof.index, sequence);
    ASSERT_OK_AND_ASSIGN(
        const merkle::Checkpoint checkpoint,
        merkle::VerifyTlogProof(proof, merkle::LeafHash(*proof.extra), {key, {}, 0}));
    EXPECT_EQ(checkpoint.size, 300u);
    ASSERT_OK_AND_ASSIGN(const merkle::Leaf leaf, merkle::Leaf::Parse(*proof.extra));
    EXPECT_EQ(leaf.tenant, a_);
  }
  EXPECT_THAT(Proof(a_, 300), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Proof(b_, 0), ReasonIs("NOT_FOUND"));
}

TEST_F(ProofServiceTest, AWitnessedHeadIsOneTenantsOwn) {
  Log(Repeat(a_, 3));
  Checkpoint(a_);
  EXPECT_THAT(As(a_, &v1::ProofService::Stub::GetWitnessedHead, v1::GetWitnessedHeadRequest()),
              ReasonIs("NOT_FOUND"));
  ASSERT_OK(system_log_->Append());
  ASSERT_OK_AND_ASSIGN(const auto reply, As(a_, &v1::ProofService::Stub::GetWitnessedHead,
                                            v1::GetWitnessedHeadRequest()));
  EXPECT_EQ(reply.size(), 3u);
  EXPECT_EQ(reply.root(), merkle::View(Head(a_).root));
  ASSERT_OK_AND_ASSIGN(const auto key, merkle::VerifierKey::Parse(reply.verifier_key()));
  EXPECT_OK(merkle::OpenSeenHead(reply.proof(), Head(a_).origin, {key, {}, 0}));
  EXPECT_THAT(As(b_, &v1::ProofService::Stub::GetWitnessedHead, v1::GetWitnessedHeadRequest()),
              ReasonIs("NOT_FOUND"));
}

TEST_F(ProofServiceTest, WhatTheSelfCheckFoundIsShownToItsTenantAndToOperators) {
  Log(Repeat(a_, 3));
  Log(Repeat(b_, 1));
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 1");
  SelfCheck check({.rows_per_second = 2000, .pause = absl::Hours(1)}, *database_, *door_, outbox_,
                  *system_log_, *key_, Clock::Real());
  for (int i = 0; i < 3; ++i) ASSERT_OK(check.Step());
  ASSERT_OK_AND_ASSIGN(const auto mine,
                       As(a_, &v1::ProofService::Stub::GetSelfCheck, v1::GetSelfCheckRequest()));
  EXPECT_EQ(mine.checked_events(), 3u);
  ASSERT_EQ(mine.damage_size(), 1);
  EXPECT_EQ(mine.damage(0).kind(), "EVENT_MISSING");
  EXPECT_EQ(mine.damage(0).place(), "event 1");
  ASSERT_OK_AND_ASSIGN(const auto theirs,
                       As(b_, &v1::ProofService::Stub::GetSelfCheck, v1::GetSelfCheckRequest()));
  EXPECT_EQ(theirs.checked_events(), 1u);
  EXPECT_EQ(theirs.damage_size(), 0);
  ASSERT_OK_AND_ASSIGN(
      const auto all, As(TenantId(), &v1::ProofService::Stub::ListDamage, v1::ListDamageRequest()));
  ASSERT_EQ(all.damage_size(), 1);
  EXPECT_EQ(all.damage(0).tenant_id(), a_.ToString());
}

TEST_F(ProofServiceTest, TheSystemLogIsTheOperators) {
  Log(Repeat(a_, 3));
  Checkpoint(a_);
  ASSERT_OK(system_log_->Append());
  ASSERT_OK_AND_ASSIGN(const auto reply, As(TenantId(), &v1::ProofService::Stub::GetSystemLog,
                                            v1::GetSystemLogRequest()));
  EXPECT_EQ(reply.size(), 1u);
  ASSERT_OK_AND_ASSIGN(const auto key, merkle::VerifierKey::Parse(reply.verifier_key()));
  EXPECT_OK(merkle::OpenCheckpoint(reply.checkpoint(), key));
}

TEST_F(ProofServiceTest, ASuspendedTenantIsRefused) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Tile(a_, "no path"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Proof(a_, 0), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(As(a_, &v1::ProofService::Stub::GetWitnessedHead, v1::GetWitnessedHeadRequest()),
              ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(As(a_, &v1::ProofService::Stub::GetSelfCheck, v1::GetSelfCheckRequest()),
              ReasonIs("TENANT_SUSPENDED"));
}

}  // namespace
}  // namespace kasbah::audit
