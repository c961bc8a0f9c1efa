#include "libs/merkle/export_verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "libs/base/strings.h"
#include "libs/merkle/export_format.h"
#include "libs/merkle/export_range.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

// A log of a few events, built by hand.
class SmallLog : public NodeSource {
 public:
  explicit SmallLog(uint64_t size)
      : tenant_(TenantId::New(absl::FromUnixSeconds(1'790'000'000))),
        key_(crypto::Ed25519Key::Generate()) {
    for (uint64_t i = 0; i < size; ++i) Add(i);
  }

  absl::StatusOr<Hash> Node(NodeId id) override {
    const uint64_t width = uint64_t{1} << id.level;
    return RootOf(id.index * width, width);
  }

  ExportedEvent& event(uint64_t i) { return events_[i]; }

  Checkpoint Head() const {
    Frontier frontier;
    for (const ExportedEvent& event : events_) frontier.Append(LeafHash(event.leaf));
    return {Origin(), frontier.size(), frontier.Root()};
  }

  // The file of the events in `chosen`.
  std::string Export(const std::vector<uint64_t>& chosen, const std::string& filter) {
    ExportWriter writer(Head(), filter, key_);
    std::string file = writer.Header().value();
    for (const uint64_t i : chosen) {
      ExportedEvent event = events_[i];
      event.proof = BuildInclusion(i, events_.size(), *this).value();
      file += writer.Line(event).value();
    }
    return file + writer.Trailer().value();
  }
  std::string ExportAll() {
    std::vector<uint64_t> all;
    for (uint64_t i = 0; i < events_.size(); ++i) all.push_back(i);
    return Export(all, "{}");
  }

  VerifierKey Key() const { return VerifierKey::Create(Origin(), key_.public_key()).value(); }
  ExportVerdict Verify(const std::string& file) const {
    std::istringstream stream(file);
    return VerifyExport(stream, Key());
  }
  std::string Origin() const { return StrCat("kasbah.dev/audit/", tenant_.ToString()); }

 private:
  void Add(uint64_t i) {
    const absl::Time time = absl::FromUnixSeconds(1'790'000'000) + absl::Milliseconds(i);
    ExportedEvent event;
    event.sequence = i;
    Leaf leaf;
    leaf.tenant = tenant_;
    leaf.event_id = EventId::New(time);
    leaf.occurred_at = leaf.recorded_at = time;
    event.body = StrCat("{\"event_id\":\"", leaf.event_id.ToString(),
                        "\",\"action\":\"secret.create\",\"attributes\":{\"n\":\"}\\n\"}}");
    leaf.body = Sha256Of(event.body);
    const std::string salt(kSaltSize, static_cast<char>('a' + i));
    event.personal[0] = DisclosedValue{salt, "192.0.2.1"};
    event.personal[2] = DisclosedValue{salt, "Ada \x1f\"Lovelace\""};
    leaf.personal[0] = CommitPersonal(kPersonalFields[0], salt, event.personal[0]->value);
    leaf.personal[2] = CommitPersonal(kPersonalFields[2], salt, event.personal[2]->value);
    event.leaf = leaf.Serialize();
    events_.push_back(std::move(event));
  }

  Hash RootOf(uint64_t begin, uint64_t width) const {
    if (width == 1) return LeafHash(events_[begin].leaf);
    return NodeHash(RootOf(begin, width / 2), RootOf(begin + width / 2, width / 2));
  }

  TenantId tenant_;
  crypto::Ed25519Key key_;
  std::vector<ExportedEvent> events_;
};

std::vector<std::string> LinesOf(const std::string& file) {
  std::vector<std::string> lines;
  std::istringstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line + '\n');
  return lines;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string file;
  for (const std::string& line : lines) file += line;
  return file;
}

TEST(ExportVerifierTest, AWholeExportHolds) {
  SmallLog log(5);
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.events, 5u);
  EXPECT_EQ(verdict.summary.checkpoint.size, 5u);
  EXPECT_EQ(verdict.summary.erased_values, 0u);
}

TEST(ExportVerifierTest, AnExportOfAnEmptyLogHolds) {
  SmallLog log(0);
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  EXPECT_TRUE(verdict.ok()) << verdict.fault->ToString();
}

TEST(ExportVerifierTest, AFilteredExportHolds) {
  SmallLog log(9);
  const ExportVerdict verdict = log.Verify(log.Export({2, 7}, "{\"action\":\"secret.create\"}"));
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.filter, "{\"action\":\"secret.create\"}");
}

// One bit that moves over the byte from place to place, and the bit between the cases of letters.
TEST(ExportVerifierTest, EveryFlippedByteIsFoundInItsLine) {
  SmallLog log(3);
  const std::string file = log.ExportAll();
  uint64_t line = 1;
  for (size_t i = 0; i < file.size(); ++i) {
    for (const int bit : {static_cast<int>(i % 8), 5}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const ExportVerdict verdict = log.Verify(changed);
      ASSERT_FALSE(verdict.ok()) << "byte " << i << " bit " << bit;
      ASSERT_EQ(verdict.fault->line, line)
          << "byte " << i << " bit " << bit << ": " << verdict.fault->ToString();
    }
    if (file[i] == '\n') ++line;
  }
}

TEST(ExportVerifierTest, EveryMissingByteIsFound) {
  SmallLog log(2);
  const std::string file = log.ExportAll();
  for (size_t i = 0; i < file.size(); ++i) {
    EXPECT_FALSE(log.Verify(std::string(file).erase(i, 1)).ok()) << i;
    EXPECT_FALSE(log.Verify(file.substr(0, i)).ok()) << i;
  }
}

TEST(ExportVerifierTest, EveryMissingRepeatedOrSwappedLineIsFound) {
  SmallLog log(6);
  for (const std::string& file :
       {log.ExportAll(), log.Export({0, 1, 3, 5}, "{\"action\":\"secret.create\"}")}) {
    const std::vector<std::string> lines = LinesOf(file);
    for (size_t i = 0; i < lines.size(); ++i) {
      std::vector<std::string> without = lines;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(log.Verify(Join(without)).ok()) << "without line " << i + 1;
      std::vector<std::string> twice = lines;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
      EXPECT_FALSE(log.Verify(Join(twice)).ok()) << "line " << i + 1 << " twice";
      if (i == 0) continue;
      std::vector<std::string> swapped = lines;
      std::swap(swapped[i - 1], swapped[i]);
      EXPECT_FALSE(log.Verify(Join(swapped)).ok()) << "line " << i << " swapped with the next";
    }
  }
}

TEST(ExportVerifierTest, ALogThatBeginsLaterIsWholeFromThere) {
  SmallLog log(9);
  const std::string filter = RangeFilter({4, 9});
  for (const std::vector<uint64_t>& chosen :
       {std::vector<uint64_t>{4, 5, 6, 7, 8}, std::vector<uint64_t>{1, 4, 5, 6, 7, 8}}) {
    const ExportVerdict verdict = log.Verify(log.Export(chosen, filter));
    EXPECT_TRUE(verdict.ok()) << verdict.fault->ToString();
  }
  // Whatever the log itself signed.
  for (const auto& [chosen, fault] : std::vector<std::pair<std::vector<uint64_t>, std::string>>{
           {{4, 5, 7, 8}, "line 4 (event 7): event 6 is missing before this line"},
           {{5, 6, 7, 8}, "line 2 (event 5): event 4 is missing before this line"},
           {{4, 5, 6, 7}, "line 6: event 8 is missing before this line"},
           {{1, 2}, "line 4: event 4 is missing before this line"}}) {
    const ExportVerdict verdict = log.Verify(log.Export(chosen, filter));
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.fault->ToString(), fault);
  }
}

TEST(ExportVerifierTest, ARangeHoldsNoEventPastItsEnd) {
  SmallLog log(9);
  const std::string filter = RangeFilter({2, 4});
  EXPECT_TRUE(log.Verify(log.Export({2, 3}, filter)).ok());
  const ExportVerdict verdict = log.Verify(log.Export({2, 3, 4}, filter));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 4 (event 4): the event is past the end of the export");
}

TEST(ExportVerifierTest, OnlyARangeInItsOneSpellingIsARange) {
  EXPECT_EQ(WholeRangeOf("{}", 7)->past, 7u);
  EXPECT_EQ(WholeRangeOf(RangeFilter({3, 5}), 7)->first, 3u);
  for (const char* filter :
       {"{\"first_sequence\":3,\"past_sequence\":8}", "{\"first_sequence\":5,\"past_sequence\":3}",
        "{\"first_sequence\":\"3\",\"past_sequence\":5}", "{\"first_sequence\":3}",
        "{\"action\":\"secret.create\"}", ""}) {
    EXPECT_FALSE(WholeRangeOf(filter, 7).has_value()) << filter;
  }
}

TEST(ExportVerifierTest, ADroppedLastEventOfAWholeExportIsNamed) {
  SmallLog log(4);
  // Even where the log itself signed the shorter file.
  const ExportVerdict verdict = log.Verify(log.Export({0, 1, 2}, "{}"));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 5: event 3 is missing before this line");
}

TEST(ExportVerifierTest, AGapInAWholeExportIsNamed) {
  SmallLog log(4);
  const ExportVerdict verdict = log.Verify(log.Export({0, 1, 3}, "{}"));
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(), "line 4 (event 3): event 2 is missing before this line");
}

TEST(ExportVerifierTest, AChangedEventIsNamed) {
  SmallLog log(4);
  std::string& body = log.event(2).body;
  body.replace(body.find("create"), 6, "delete");
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(),
            "line 4 (event 2): the event is not the one that was logged");
}

TEST(ExportVerifierTest, AChangedPersonalValueIsNamed) {
  SmallLog log(2);
  log.event(1).personal[0]->value = "192.0.2.2";
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->ToString(),
            "line 3 (event 1): source_address is not the value that was logged");
}

TEST(ExportVerifierTest, AnErasedPersonalValueKeepsTheProofs) {
  SmallLog log(4);
  log.event(1).personal[0].reset();
  log.event(1).personal[2].reset();
  const ExportVerdict verdict = log.Verify(log.ExportAll());
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.erased_values, 2u);
}

TEST(ExportVerifierTest, AValueBlankedByHandIsFound) {
  SmallLog log(2);
  std::string file = log.ExportAll();
  const size_t from = file.find("{\"salt\"");
  file.replace(from, file.find('}', from) + 1 - from, "null");
  EXPECT_FALSE(log.Verify(file).ok());
}

TEST(ExportVerifierTest, AnotherLogsKeyOpensNothing) {
  SmallLog log(2);
  SmallLog other(2);
  std::istringstream file(log.ExportAll());
  const ExportVerdict verdict = VerifyExport(file, other.Key());
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->line, 1u);
}

TEST(ExportVerifierTest, ALineOfAnotherExportOfTheSameLogIsFound) {
  SmallLog log(5);
  std::vector<std::string> lines = LinesOf(log.Export({0, 2}, "{\"outcome\":\"OUTCOME_DENIED\"}"));
  const std::vector<std::string> all = LinesOf(log.ExportAll());
  lines[1] = all[2];
  EXPECT_FALSE(log.Verify(Join(lines)).ok());
}

TEST(ExportVerifierTest, BytesAfterTheTrailerAreFound) {
  SmallLog log(1);
  const ExportVerdict verdict = log.Verify(log.ExportAll() + "\n");
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.fault->line, 4u);
}

}  // namespace
}  // namespace kasbah::merkle
