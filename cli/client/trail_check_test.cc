#include "cli/client/trail_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "libs/merkle/export_fixture.h"
#include "libs/merkle/system_head.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::cli {
namespace {

using ::testing::HasSubstr;

class TrailCheckTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& contents) {
    const std::string path = StrCat(directory_, "/", name);
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  TrailTrust Trust() const {
    TrailTrust trust;
    trust.key = log_.Key().ToString();
    return trust;
  }
  // An entry of the log's head as it is now, in a system log that two witnesses cosigned.
  std::string Witnessed(const std::vector<int>& cosigners) {
    const merkle::Checkpoint head = log_.Head();
    const std::string leaf =
        merkle::SystemHead{merkle::SystemLogName(head.origin), head.size, head.root}.Serialize();
    const merkle::Checkpoint system{"kasbah.dev/audit/system", 1, merkle::LeafHash(leaf)};
    merkle::TlogProof proof;
    proof.extra = leaf;
    proof.checkpoint = merkle::SignNote(system.ToText(), system.origin, system_).value();
    for (const int i : cosigners) {
      proof.checkpoint += merkle::Cosign(system.ToText(), StrCat("w", i),
                                         witnesses_[static_cast<size_t>(i)], absl::Now())
                              .value()
                              .ToLine();
    }
    return proof.Serialize();
  }
  TrailTrust TrustWitnesses(const std::string& file) const {
    TrailTrust trust = Trust();
    trust.witnessed = file;
    trust.system_key = merkle::VerifierKey::Create("kasbah.dev/audit/system", system_.public_key())
                           .value()
                           .ToString();
    for (size_t i = 0; i < witnesses_.size(); ++i) {
      trust.witnesses.push_back(merkle::VerifierKey::Create(StrCat("w", i),
                                                            witnesses_[i].public_key(),
                                                            merkle::NoteKeyType::kCosignatureV1)
                                    .value()
                                    .ToString());
    }
    return trust;
  }
  std::string FaultOf(const std::vector<std::string>& files, const TrailTrust& trust) {
    const auto report = CheckTrailFiles(files, trust);
    EXPECT_OK(report);
    return report.ok() ? report->fault : "";
  }

  const std::string directory_ = StrCat(::testing::TempDir(), "trail_check_test");
  merkle::SmallLog log_{6};
  const crypto::Ed25519Key system_ = crypto::Ed25519Key::Generate();
  const std::array<crypto::Ed25519Key, 2> witnesses_ = {crypto::Ed25519Key::Generate(),
                                                        crypto::Ed25519Key::Generate()};
};

TEST_F(TrailCheckTest, AWholeTrailHoldsAndSaysWhatWasChecked) {
  const std::string trail = File("trail.jsonl", log_.ExportAll());
  ASSERT_OK_AND_ASSIGN(const TrailReport report, CheckTrailFiles({trail}, Trust()));
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.checked.size(), 1u);
  EXPECT_THAT(report.checked[0], HasSubstr("6 events, 0 to 5; checkpoint of 6"));
  EXPECT_EQ(report.json["ok"], true);
  EXPECT_EQ(report.json["files"][0]["last"], 5);
}

TEST_F(TrailCheckTest, AFaultNamesFileLineAndEventForProgramsToo) {
  std::string contents = log_.ExportAll();
  contents[contents.find("secret.create", contents.find("{\"seq\":3,"))] = 'S';
  const std::string trail = File("trail.jsonl", contents);
  ASSERT_OK_AND_ASSIGN(const TrailReport report, CheckTrailFiles({trail}, Trust()));
  EXPECT_EQ(report.fault, StrCat(trail,
                                 ": line 5 (event 3): the event is not the one that was "
                                 "logged"));
  EXPECT_EQ(report.json["ok"], false);
  EXPECT_EQ(report.json["files"][0]["fault"]["line"], 5);
  EXPECT_EQ(report.json["files"][0]["fault"]["event"], 3);
}

TEST_F(TrailCheckTest, ATrailIsHeldAgainstAKeptCheckpoint) {
  const std::string early =
      merkle::SignNote(log_.Head().ToText(), log_.Origin(), log_.signer()).value();
  TrailTrust trust = Trust();
  trust.checkpoints = {File("kept.checkpoint", early)};
  const std::string cut = File("cut.jsonl", log_.ExportAll());
  log_.Grow(4);
  const std::string trail = File("trail.jsonl", log_.ExportAll());
  ASSERT_OK_AND_ASSIGN(const TrailReport report, CheckTrailFiles({trail}, trust));
  EXPECT_EQ(report.fault, "");
  EXPECT_EQ(
      report.checked.back(),
      StrCat(trust.checkpoints[0],
             ": signed by the log's key; the trail begins with its 6 events: of these none was "
             "changed, removed, added or put elsewhere since"));
  trust.checkpoints = {
      File("later.checkpoint",
           merkle::SignNote(log_.Head().ToText(), log_.Origin(), log_.signer()).value())};
  EXPECT_THAT(FaultOf({cut}, trust), HasSubstr("the trail ends after 6 events"));
  // One that the log did not sign.
  trust.checkpoints = {File(
      "forged.checkpoint", merkle::SignNote(log_.Head().ToText(), log_.Origin(), system_).value())};
  EXPECT_NE(FaultOf({cut}, trust), "");
}

TEST_F(TrailCheckTest, ATrailIsHeldAgainstWhatWitnessesSaw) {
  const TrailTrust both = TrustWitnesses(File("seen.tlog-proof", Witnessed({0, 1})));
  const std::string trail = File("trail.jsonl", log_.ExportAll());
  EXPECT_EQ(FaultOf({trail}, both), "");
  TrailTrust one = TrustWitnesses(File("one.tlog-proof", Witnessed({1})));
  EXPECT_THAT(FaultOf({trail}, one), HasSubstr("2 are asked for"));
  one.quorum = 1;
  EXPECT_EQ(FaultOf({trail}, one), "");
  log_.Grow(1);
  const TrailTrust later = TrustWitnesses(File("later.tlog-proof", Witnessed({0, 1})));
  EXPECT_THAT(FaultOf({trail}, later), HasSubstr("the trail ends after 6 events"));
  // Another log's head.
  merkle::SmallLog other(6);
  std::swap(log_, other);
  TrailTrust foreign = TrustWitnesses(File("foreign.tlog-proof", Witnessed({0, 1})));
  std::swap(log_, other);
  foreign.key = Trust().key;
  EXPECT_THAT(FaultOf({trail}, foreign), HasSubstr("it is the head of another log"));
}

TEST_F(TrailCheckTest, AnEventsProofFileHoldsByItself) {
  merkle::TlogProof proof;
  proof.extra = log_.event(2).leaf;
  proof.index = 2;
  proof.hashes = merkle::BuildInclusion(2, 6, log_).value();
  proof.checkpoint = merkle::SignNote(log_.Head().ToText(), log_.Origin(), log_.signer()).value();
  ASSERT_OK_AND_ASSIGN(const TrailReport report,
                       CheckTrailFiles({File("2.tlog-proof", proof.Serialize())}, Trust()));
  EXPECT_EQ(report.fault, "");
  EXPECT_THAT(report.checked[0], HasSubstr("event 2 is evt_"));
  proof.index = 3;
  EXPECT_THAT(FaultOf({File("3.tlog-proof", proof.Serialize())}, Trust()),
              HasSubstr("do not lead to the checkpoint's root"));
  // What was asked for and cannot be looked at is not passed over.
  TrailTrust kept = Trust();
  kept.checkpoints = {File("kept.checkpoint", proof.checkpoint)};
  EXPECT_THAT(CheckTrailFiles({File("2.tlog-proof", proof.Serialize())}, kept).status().ToString(),
              HasSubstr("can only be held against exports"));
}

TEST_F(TrailCheckTest, AKeyThatIsNoneIsAnErrorAndNoVerdict) {
  TrailTrust trust;
  trust.key = "no key";
  EXPECT_FALSE(CheckTrailFiles({File("trail.jsonl", log_.ExportAll())}, trust).ok());
  EXPECT_FALSE(CheckTrailFiles({directory_ + "/absent"}, Trust()).ok());
}

}  // namespace
}  // namespace kasbah::cli
