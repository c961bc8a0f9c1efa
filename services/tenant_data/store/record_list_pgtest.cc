#include <algorithm>

#include "services/tenant_data/store/record_list_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ManyRecordsTest : public RecordListTest {
 protected:
  // Records 0, 1, … as notes: of `y`, and from `first_x` on of `x`; population falls as they rise.
  void MakeMany(int count, int first_x) {
    test_->Execute(absl::StrCat(
        "CREATE TABLE public.many AS SELECT n, ('01900000-0000-7000-8000-' || "
        "lpad(to_hex(n), 12, '0'))::uuid AS id, CASE WHEN n < ",
        first_x, " THEN 'y' ELSE 'x' END AS name FROM generate_series(0, ", count - 1, ") n"));
    const std::string tenant = absl::StrCat("'", a_.uuid().ToString(), "'::uuid");
    const std::string collection =
        absl::StrCat("'", rules_a_->collection_id().uuid().ToString(), "'::uuid");
    test_->Execute(absl::StrCat(
        "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
        "version, data, created_at, updated_at) SELECT ",
        tenant, ", id, ", collection,
        ", 1, 1, jsonb_build_object('note', n::text), now(), now() FROM public.many"));
    for (const auto& [key, column, value] :
         {std::tuple("name", "v_text", "name"), std::tuple("population", "v_int", "-n")}) {
      test_->Execute(absl::StrCat(
          "INSERT INTO tenant_data.record_index (tenant_id, record_id, field_id, ", column,
          ") SELECT ", tenant, ", id, '", rules_a_->Find(key)->definition.id.uuid().ToString(),
          "', ", value, " FROM public.many"));
    }
  }
  static std::vector<std::string> Numbers(int first, int past) {
    std::vector<std::string> numbers;
    for (int n = first; n < past; ++n) numbers.push_back(absl::StrCat(n));
    return numbers;
  }
};

TEST_F(RecordListTest, PagesHoldEveryRecordOnceInOrder) {
  for (const char* note : {"1", "2", "3", "4", "5", "6", "7"}) Make(note, {{"name", "same"}});
  const std::vector<std::string> all = {"1", "2", "3", "4", "5", "6", "7"};
  EXPECT_EQ(List(""), all);
  EXPECT_EQ(List("name = \"same\""), all);
  EXPECT_EQ(List("name = \"same\" AND name:*"), all);
  EXPECT_EQ(List("name >= \"same\""), all);
}

TEST_F(RecordListTest, OrderIsByValueThenAgeAndRecordsWithoutAValueComeLast) {
  Make("b", {{"population", "20"}});
  Make("a", {{"population", "10"}});
  Make("none", {{"name", "x"}});
  Make("b2", {{"population", "20"}});
  Make("minus", {{"population", "-5"}});
  Make("none2", {});
  EXPECT_THAT(List("", "population"), ElementsAre("minus", "a", "b", "b2", "none", "none2"));
  EXPECT_THAT(List("", "population desc"), ElementsAre("b2", "b", "a", "minus", "none", "none2"));
  EXPECT_THAT(List("population > -5", "population"), ElementsAre("a", "b", "b2"));
  EXPECT_THAT(List("population <= 10 AND population > -5", "population desc"), ElementsAre("a"));
  EXPECT_THAT(List("NOT population > 10", "population"),
              ElementsAre("minus", "a", "none", "none2"));
}

TEST_F(RecordListTest, TextsAndTimesAreOrderedToo) {
  Make("z", {{"name", "z"}, {"founded", "2001-01-01T00:00:00Z"}});
  Make("Z", {{"name", "Z"}, {"founded", "1999-01-01T00:00:00Z"}});
  Make("zz", {{"name", "zz"}, {"founded", "2000-01-01T00:00:00.5Z"}});
  EXPECT_THAT(List("", "name"), ElementsAre("Z", "z", "zz"));
  EXPECT_THAT(List("", "founded desc"), ElementsAre("z", "zz", "Z"));
  EXPECT_THAT(List("founded < \"2000-06-01T00:00:00Z\"", "founded"), ElementsAre("Z", "zz"));
  EXPECT_THAT(List("name = \"z*\"", "founded"), ElementsAre("zz", "z"));
}

TEST_F(RecordListTest, EveryOperatorMeansWhatItSays) {
  Make("ab", {{"name", "ab"}, {"population", "1"}});
  Make("abc", {{"name", "abc"}, {"population", "2"}});
  Make("b%_", {{"name", "b%_"}, {"population", "3"}});
  Make("none", {});
  EXPECT_THAT(List("name = \"ab*\""), ElementsAre("ab", "abc"));
  EXPECT_THAT(List("name = \"b%*\""), ElementsAre("b%_"));
  EXPECT_THAT(List("name = \"%*\""), IsEmpty());
  EXPECT_THAT(List("name != \"ab\""), ElementsAre("abc", "b%_"));
  EXPECT_THAT(List("NOT name = \"ab\""), ElementsAre("abc", "b%_", "none"));
  EXPECT_THAT(List("name:*"), ElementsAre("ab", "abc", "b%_"));
  EXPECT_THAT(List("-name:*"), ElementsAre("none"));
  EXPECT_THAT(List("population < 2 OR population > 2"), ElementsAre("ab", "b%_"));
  EXPECT_THAT(List("population >= 2 AND name < \"b\""), ElementsAre("abc"));
  EXPECT_THAT(List("name = \"ab\" OR (name = \"abc\" AND population = 7)"), ElementsAre("ab"));
  EXPECT_THAT(List("name = \"ab\" AND population = 2"), IsEmpty());
  EXPECT_THAT(List("name = \"' OR true --\""), IsEmpty());
}

TEST_F(RecordListTest, EachWayToAPageGivesTheSame) {
  for (int i = 0; i < 12; ++i) {
    Make(absl::StrCat(i), {{"name", i % 3 == 0 ? "x" : "y"}, {"population", absl::StrCat(i / 2)}});
  }
  const std::string filter = "name = \"x\" AND population >= 1";
  for (const char* order : {"", "population", "population desc"}) {
    const Listing listing = Of(filter, order);
    std::vector<std::vector<std::string>> ways;
    const auto candidates = CandidatesOf(listing);
    ASSERT_FALSE(candidates.empty());
    std::vector<Source> sources = {Source()};
    for (const Candidate& candidate : candidates) {
      sources.push_back({Source::Kind::kGather, candidate});
      sources.push_back({Source::Kind::kWalkAmong, candidate});
    }
    if (!listing.order.field) {
      sources.push_back({Source::Kind::kWalkEqual, candidates[0]});
      for (const Candidate& candidate : candidates) {
        sources.push_back({Source::Kind::kWalkField, candidate});
      }
    }
    for (const Source& source : sources) {
      const CallContext call = Call(a_);
      for (const int64_t scan : {100, 0}) {
        const Stretch stretch{Cursor(), std::nullopt, scan};
        const auto rows = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
          return tx.Run(PageQuery(call, listing, source, stretch, 100));
        });
        std::vector<std::string>& notes = ways.emplace_back();
        for (const auto& record : ReadRecords(rows)) notes.push_back(NoteOf(record));
      }
      const auto counted = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
        return tx.Run(CountQuery(call, Of(filter), source, 100));
      });
      EXPECT_EQ(counted[0].Get<int64_t>(0), 3);
    }
    EXPECT_THAT(ways[0], UnorderedElementsAre("3", "6", "9"));
    for (const auto& way : ways) EXPECT_EQ(way, ways[0]) << order;
  }
}

// Few are gathered, of many a first look finds a page, and where it does not they are counted.
TEST_F(ManyRecordsTest, OfManyThatHoldAPageIsFoundWhereverTheyStand) {
  constexpr int kX = static_cast<int>(kFewGathered) + 20;
  // Some are in the first look, and no page full of them.
  const int kAll = static_cast<int>(FirstLookOf(Source(), 100)) - 40 + kX;
  MakeMany(kAll, kAll - kX);
  const std::vector<std::string> x = Numbers(kAll - kX, kAll);
  const std::vector<std::string> last(x.end() - 100, x.end());
  // At the end of the order, at its beginning, and in pages too large for a first look.
  EXPECT_EQ(PageOf("name = \"x*\"", "", 100), Numbers(kAll - kX, kAll - kX + 100));
  EXPECT_EQ(PageOf("name = \"x\"", "population desc", 100), Numbers(kAll - kX, kAll - kX + 100));
  EXPECT_EQ(PageOf("name = \"x\"", "population", 100),
            std::vector<std::string>(last.rbegin(), last.rend()));
  EXPECT_EQ(PageOf("name = \"x*\"", "", 1000), x);
  EXPECT_EQ(PageOf("name = \"y\" AND population > -5", "", 100), Numbers(0, 5));
}

TEST_F(ManyRecordsTest, OneFieldsEntriesAreWalkedByAgeWhereTheyAreTooManyToSort) {
  constexpr int kX = 2020;
  constexpr int kAll = kX + 1300;
  MakeMany(kAll, kAll - kX);
  // At the first look, walked to what is sought; by two ranges of one field.
  EXPECT_EQ(PageOf("name = \"y*\"", "", 100), Numbers(0, 100));
  EXPECT_EQ(PageOf("name = \"y*\" AND population <= -990", "", 50), Numbers(990, 1040));
  EXPECT_EQ(PageOf("name = \"x*\"", "", 100), Numbers(kAll - kX, kAll - kX + 100));
  EXPECT_EQ(List("name = \"x*\" AND name > \"\"", "", 10'000, 90), Numbers(kAll - kX, kAll));
  EXPECT_EQ(PageOf("name > \"xx\" OR name < \"y\"", "", 3), Numbers(0, 3));
  EXPECT_EQ(PageOf("name = \"x\" OR name = \"z\"", "", 3), Numbers(kAll - kX, kAll - kX + 3));
}

TEST_F(ManyRecordsTest, AnOrderIsWalkedAmongWhatIsFoundWhereThatIsTooMuchToSort) {
  constexpr int kX = 2020;
  constexpr int kAll = kX + 700;
  MakeMany(kAll, kAll - kX);
  // Behind the others, in pages short and long, and in walks that end before them.
  EXPECT_EQ(PageOf("name = \"x\"", "population desc", 100), Numbers(kAll - kX, kAll - kX + 100));
  for (const int64_t scan : {300, 10'000}) {
    for (const int64_t limit : {90, 1000}) {
      EXPECT_EQ(List("name = \"x\"", "population desc", scan, limit), Numbers(kAll - kX, kAll));
    }
  }
  EXPECT_EQ(PageOf("name = \"x*\" AND founded:*", "population desc", 100), Numbers(0, 0));
  EXPECT_EQ(PageOf("name = \"x*\" AND population < -800", "population desc", 3), Numbers(801, 804));
}

// Which a first look finds often, and a walk then no more.
TEST_F(ManyRecordsTest, WhatStandsTogetherInAnOrderIsListedToItsLast) {
  constexpr int kX = static_cast<int>(kFewGathered) + 20;
  constexpr int kAll = kX + 2000;
  MakeMany(kAll, kAll - kX);
  std::vector<std::string> x = Numbers(kAll - kX, kAll);
  std::reverse(x.begin(), x.end());
  for (const int64_t limit : {2, 7, 90}) {
    EXPECT_EQ(List("name = \"x\"", "population", 10'000, limit), x) << limit;
  }
  // Or not for so long that it seems so.
  std::vector<std::string> apart = Numbers(0, 301);
  for (const std::string& note : Numbers(2001, kAll)) apart.push_back(note);
  EXPECT_EQ(List("population >= -300 OR population < -2000", "population desc", 300, 90), apart);
}

TEST_F(RecordListTest, WhichWayAPageIsLookedForGoesByHowMuchIsFound) {
  const Listing listing = Of("name = \"x\" AND population > 1", "founded");
  const auto candidates = CandidatesOf(listing);
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_FALSE(SourceWithoutProbe(listing, candidates));
  EXPECT_FALSE(GatherOf(candidates, {kFewGathered + 1, kFewGathered + 1}, kFewGathered));
  const auto gathered = GatherOf(candidates, {kFewGathered + 1, kFewGathered}, kFewGathered);
  ASSERT_TRUE(gathered);
  EXPECT_EQ(gathered->kind, Source::Kind::kGather);
  EXPECT_EQ(gathered->candidate.ranges[0]->op, FilterOp::kGreater);
  EXPECT_EQ(WalkOf(listing, candidates).kind, Source::Kind::kWalk);

  const Bounds bounds = BoundsOf(listing, Cursor(), 51);
  const auto kind = [&](int64_t fewest) {
    return SourceOf(listing, candidates, {bounds.counted + 1, fewest}, bounds).kind;
  };
  EXPECT_EQ(kind(bounds.gathered), Source::Kind::kGather);
  EXPECT_EQ(kind(bounds.gathered + 1), Source::Kind::kWalkAmong);
  EXPECT_EQ(kind(bounds.counted), Source::Kind::kWalkAmong);
  EXPECT_EQ(kind(bounds.counted + 1), Source::Kind::kWalk);
  const Source among = SourceOf(listing, candidates, {5000, 1001}, bounds);
  EXPECT_EQ(among.candidate.ranges[0]->op, FilterOp::kGreater);

  const Listing by_age = Of("name = \"x\" AND population > 1");
  EXPECT_EQ(WalkOf(by_age, CandidatesOf(by_age)).kind, Source::Kind::kWalkEqual);
  // Nothing equal, but one field's values say it all; of a customer they are looked up by record.
  Listing ranges = Of("(name > \"x\" OR population > 1) AND (name < \"b\" OR name > \"x\")");
  const Source walk = WalkOf(ranges, CandidatesOf(ranges));
  EXPECT_EQ(walk.kind, Source::Kind::kWalkField);
  EXPECT_EQ(walk.candidate.ranges[0]->op, FilterOp::kLess);
  EXPECT_EQ(FirstLookOf(walk, 51), kFirstLookAtField);
  EXPECT_EQ(FirstLookOf(Source(), 2), kFirstLook);
  EXPECT_EQ(FirstLookOf(Source(), 101), 404);
  ranges.customer = CustomerId::New(absl::Now());
  EXPECT_EQ(WalkOf(ranges, CandidatesOf(ranges)).kind, Source::Kind::kWalk);

  // Nothing is hashed where nothing is looked up to sort, where others' entries are passed over to
  // count, and for a page that is worth a look-up for each.
  Cursor lacking;
  lacking.lacks_value = true;
  Listing customers = listing;
  customers.customer = ranges.customer;
  for (const Bounds& equal :
       {BoundsOf(by_age, Cursor(), 51), BoundsOf(listing, lacking, 51),
        BoundsOf(customers, Cursor(), 51), BoundsOf(listing, Cursor(), 1001)}) {
    EXPECT_EQ(equal.gathered, equal.counted);
  }
}

TEST_F(RecordListTest, APageThatFindsLittleEndsEarlyAndSaysHowFarItLooked) {
  for (int i = 0; i < 9; ++i) {
    Make(absl::StrCat(i), {{"name", i == 7 ? "y" : "x"}, {"population", absl::StrCat(9 - i)}});
  }
  const Listing listing = Of("name != \"x\"");
  const ListedPage first = Page(listing, Cursor(), 2, 3);
  EXPECT_TRUE(first.records.empty());
  ASSERT_TRUE(first.looked_to.has_value());
  for (const int64_t scan : {2, 3, 4, 8, 9, 10}) {
    EXPECT_THAT(List("name != \"x\"", "", scan), ElementsAre("7")) << scan;
    EXPECT_THAT(List("name != \"x\"", "population", scan), ElementsAre("7")) << scan;
    EXPECT_THAT(List("NOT name = \"x\"", "population desc", scan), ElementsAre("7")) << scan;
    // Nobody lacks a name.
    EXPECT_THAT(List("name < \"a\"", "name", scan), IsEmpty()) << scan;
    EXPECT_EQ(List("", "founded", scan).size(), 9u) << scan;
  }
}

TEST_F(RecordListTest, TotalsAreCountedUpToTheirBound) {
  for (int i = 0; i < 5; ++i) Make("n", {{"name", i < 3 ? "x" : "y"}});
  const auto count = [&](const std::string& filter) {
    const CallContext call = Call(a_);
    const Listing listing = Of(filter);
    return *database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return RecordList().Count(tx, call, listing); });
  };
  EXPECT_EQ(count(""), 5);
  EXPECT_EQ(count("name = \"x\""), 3);
  EXPECT_EQ(count("name > \"x\""), 2);
}

TEST_F(RecordListTest, OtherTenantsAndDeletedRecordsAreInNoList) {
  const RecordId id = Make("x", {{"name", "x"}, {"population", "1"}});
  ASSERT_OK(Create(b_, {{"name", "x"}, {"population", "1"}}));
  EXPECT_THAT(List("name = \"x\""), ElementsAre("x"));
  ASSERT_OK(writer().Delete(Call(a_), id, std::nullopt));
  for (const char* filter : {"", "name = \"x\"", "name = \"x*\" AND population = 1"}) {
    for (const char* order : {"", "population", "name desc"}) {
      EXPECT_THAT(List(filter, order), IsEmpty()) << filter << order;
    }
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
