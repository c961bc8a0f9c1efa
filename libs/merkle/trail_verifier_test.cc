#include <gtest/gtest.h>

#include "libs/merkle/export_fixture.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

constexpr char kJanuary[] = R"({"end_time":"2027-02-01T00:00:00.000000Z"})";
constexpr char kFebruary[] =
    R"({"start_time":"2027-02-01T00:00:00.000000Z","end_time":"2027-03-01T00:00:00.000000Z"})";
constexpr char kMarch[] = R"({"start_time":"2027-03-01T00:00:00.000000Z"})";

std::vector<uint64_t> From(uint64_t first, uint64_t past) {
  std::vector<uint64_t> events;
  for (uint64_t i = first; i < past; ++i) events.push_back(i);
  return events;
}

// What is found in files that follow each other, and heads that somebody kept; "" when all holds.
std::string Fault(const SmallLog& log, const std::vector<std::string>& files,
                  std::vector<KeptHead> kept = {}) {
  TrailVerifier verifier(log.Key(), std::move(kept));
  for (size_t i = 0; i < files.size(); ++i) {
    std::istringstream file(files[i]);
    const ExportVerdict verdict = verifier.Add(file);
    if (!verdict.ok()) return StrCat("file ", i, ", ", verdict.fault->ToString());
  }
  return verifier.Finish().value_or("");
}

TEST(TrailVerifierTest, FilesUnderDifferentCheckpointsFollowEachOther) {
  SmallLog log(5);
  const std::string january = log.Export(From(0, 5), kJanuary);
  log.Grow(6);
  const std::string february = log.Export(From(5, 11), kFebruary);
  log.Grow(3);
  // Exported when the log had gone on.
  const std::string march = log.Export(From(11, 14), kMarch);
  EXPECT_EQ(Fault(log, {january, february, march}), "");
  // A trail may begin anywhere.
  EXPECT_EQ(Fault(log, {february, march}), "");
  // A month in which nothing happened.
  EXPECT_EQ(Fault(log, {january, log.Export({}, kFebruary), log.Export(From(5, 14), kMarch)}), "");
}

TEST(TrailVerifierTest, HeldEventsOfAPrunedBeginningAreInNobodysWay) {
  SmallLog log(9);
  const std::string before = log.Export(From(0, 6), kJanuary);
  log.Grow(3);
  // The log begins with event 6 by now; 1 and 2 were held.
  const std::string range = R"({"first_sequence":6,"past_sequence":12})";
  std::vector<uint64_t> chosen = From(6, 12);
  chosen.insert(chosen.begin(), {1, 2});
  EXPECT_EQ(Fault(log, {before, log.Export(chosen, range)}), "");
  EXPECT_EQ(Fault(log, {log.Export(chosen, range)}), "");
  chosen.erase(chosen.begin() + 4);
  EXPECT_NE(Fault(log, {log.Export(chosen, range)}), "");
}

TEST(TrailVerifierTest, AMissingARepeatedAndASwappedFileAreNamed) {
  SmallLog log(9);
  const std::string january = log.Export(From(0, 3), kJanuary);
  const std::string february = log.Export(From(3, 6), kFebruary);
  const std::string march = log.Export(From(6, 9), kMarch);
  EXPECT_EQ(Fault(log, {january, march}),
            "file 1, line 2 (event 6): events 3 to 5 are missing between the file before and this "
            "one");
  EXPECT_EQ(Fault(log, {january, january}),
            "file 1, line 2 (event 0): event 0 was in the files before");
  EXPECT_NE(Fault(log, {february, january}), "");
}

TEST(TrailVerifierTest, AGapInAStretchOfTimeIsNamedThoughTheLogSignedIt) {
  SmallLog log(6);
  EXPECT_EQ(Fault(log, {log.Export({1, 2, 4}, kFebruary)}),
            "file 0, line 4 (event 4): event 3 is missing before this line");
}

TEST(TrailVerifierTest, AFileOfARewrittenHistoryDoesNotFollow) {
  SmallLog log(8);
  const std::string january = log.Export(From(0, 4), kJanuary);
  std::string& body = log.event(2).body;
  body.replace(body.find("create"), 6, "delete");
  Leaf leaf = Leaf::Parse(log.event(2).leaf).value();
  leaf.body = Sha256Of(body);
  log.event(2).leaf = leaf.Serialize();
  const std::string february = log.Export(From(4, 8), kFebruary);
  // Each holds by itself, under one key.
  EXPECT_EQ(Fault(log, {january}), "");
  EXPECT_EQ(Fault(log, {february}), "");
  EXPECT_EQ(Fault(log, {january, february}),
            "file 1, line 2 (event 4): this file continues another history than the files before "
            "hold");
}

TEST(TrailVerifierTest, FilteredExportsDoNotFollowEachOther) {
  SmallLog log(4);
  const std::string some = log.Export({1}, R"({"action":"secret.create"})");
  EXPECT_NE(Fault(log, {log.Export(From(0, 2), kJanuary), some}), "");
  EXPECT_NE(Fault(log, {some, log.Export(From(2, 4), kMarch)}), "");
}

class KeptHeadTest : public ::testing::Test {
 protected:
  // As of `size`, which the log then passes.
  KeptHead Keep() { return {"kept.checkpoint", log_.Head()}; }
  SmallLog log_{4};
};

TEST_F(KeptHeadTest, IsFoundInsideTheTrailByBuildingTheTree) {
  const KeptHead kept = Keep();
  log_.Grow(5);
  EXPECT_EQ(Fault(log_, {log_.ExportAll()}, {kept}), "");
  // In the second of two files, and between them.
  EXPECT_EQ(
      Fault(log_, {log_.Export(From(0, 2), kJanuary), log_.Export(From(2, 9), kMarch)}, {kept}),
      "");
  EXPECT_EQ(Fault(log_, {log_.Export(From(4, 9), kMarch)}, {kept}), "");
}

TEST_F(KeptHeadTest, AtTheTrailsOwnSizeIsComparedWhateverTheFilter) {
  const KeptHead kept = Keep();
  EXPECT_EQ(Fault(log_, {log_.Export({1}, R"({"action":"secret.create"})")}, {kept}), "");
}

TEST_F(KeptHeadTest, ARewrittenTrailIsFoundThoughItIsWholeInItself) {
  KeptHead kept = Keep();
  kept.checkpoint.root[0] ^= 1;
  const std::string rewritten =
      "the first 4 events are not those that kept.checkpoint was made of: the log was rewritten";
  EXPECT_EQ(Fault(log_, {log_.ExportAll()}, {kept}), "file 0, line 5 (event 3): " + rewritten);
  EXPECT_EQ(Fault(log_, {log_.Export({1}, R"({"action":"secret.create"})")}, {kept}), rewritten);
}

TEST_F(KeptHeadTest, ACutTailIsFoundThoughTheFileIsWholeInItself) {
  const std::string cut = log_.ExportAll();
  log_.Grow(3);
  EXPECT_EQ(Fault(log_, {cut}, {Keep()}),
            "the trail ends after 4 events, and kept.checkpoint is of 7: it was made earlier, or "
            "its end was cut off");
}

TEST_F(KeptHeadTest, OneThatTheFilesDoNotReachIsNotTakenForFound) {
  const KeptHead kept = Keep();
  log_.Grow(8);
  for (const std::string& file :
       {log_.Export(From(6, 12), kMarch), log_.Export({1}, R"({"action":"secret.create"})")}) {
    EXPECT_EQ(Fault(log_, {file}, {kept}),
              "kept.checkpoint is of 4 events, which these files do not reach: hold it against an "
              "export of the whole log, or the live log");
  }
}

}  // namespace
}  // namespace kasbah::merkle
