// Records and versions of megabytes: what is read of them at a time.
#include "services/tenant_data/store/byte_window.h"
#include "services/tenant_data/store/index_build_store.h"
#include "services/tenant_data/store/record_list.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;

constexpr size_t kWindow = 4'000'000;

class ByteWindowTest : public TenantDataTest {
 protected:
  // A record for each letter, each of so many bytes of text and of ciphertexts as it says.
  struct Large {
    char letter;
    int64_t text;
    int64_t sealed = 0;
    // Of one letter alone, which takes next to nothing as it is kept.
    bool packs = false;
  };
  void Make(const std::vector<Large>& all) {
    for (const Large& one : all) {
      const std::string id =
          absl::StrCat("01900000-0000-7000-8000-0000000000", crypto::Hex({&one.letter, 1}));
      const std::string text =
          one.packs ? absl::StrCat("repeat('x', ", one.text, ")")
                    : absl::StrCat("left((SELECT string_agg(md5('", std::string(1, one.letter),
                                   "' || n::text), '') FROM generate_series(0, ", one.text / 32,
                                   ") n), ", one.text, ")");
      test_->Execute(absl::StrCat(
          "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
          "version, data, sealed, created_at, updated_at) VALUES ('",
          a_.uuid().ToString(), "', '", id, "', '", rules_a_->collection_id().uuid().ToString(),
          "', 1, 1, jsonb_build_object('name', '", std::string(1, one.letter), "', 'note', ", text,
          "), nullif(decode(repeat('00', ", one.sealed, "), 'hex'), ''), now(), now())"));
      test_->Execute(absl::StrCat(
          "INSERT INTO tenant_data.record_index (tenant_id, record_id, field_id, v_text) VALUES ('",
          a_.uuid().ToString(), "', '", id, "', '",
          rules_a_->Find("name")->definition.id.uuid().ToString(), "', '",
          std::string(1, one.letter), "')"));
    }
  }
  static size_t BytesOf(const StoredRecord& record) {
    return record.data.size() + record.sealed.size();
  }
  static char LetterOf(const std::string& data) {
    return ParseFlatObject(data)->fields().at("name").string_value().front();
  }

  // The letters of each page, separated by bars.
  std::string Pages(const std::string& filter, const std::string& order, int64_t limit) {
    const CallContext call = Call(a_);
    const Listing listing{rules_a_->collection_id(), *ParseFilter(*rules_a_, filter),
                          *ParseOrder(*rules_a_, order)};
    std::string letters;
    Cursor after;
    while (true) {
      const ListedPage page = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
        return RecordList().Page(tx, call, listing, after, limit);
      });
      size_t bytes = 0;
      for (const ListedRecord& listed : page.records) {
        letters.push_back(LetterOf(listed.record.data));
        bytes += BytesOf(listed.record);
      }
      EXPECT_TRUE(bytes <= kWindow || page.records.size() == 1) << letters;
      if (!page.looked_to && static_cast<int64_t>(page.records.size()) < limit) return letters;
      after = page.looked_to ? *page.looked_to : page.records.back().cursor;
      letters.push_back('|');
    }
  }
};

constexpr int64_t kMegabyte = 1'000'000;

TEST_F(ByteWindowTest, AListsPagesEndByBytesAndGoOnWhereTheyEnded) {
  Make({{'a', 10},
        {'b', 2 * kMegabyte},
        {'c', 2 * kMegabyte},
        {'d', 10},
        {'e', 5 * kMegabyte},
        {'f', 10},
        {'g', 100'000, 3'800'000},
        {'h', 200'000},
        {'i', 10}});
  EXPECT_EQ(Pages("", "", 100), "ab|cd|e|fg|hi");
  EXPECT_EQ(Pages("", "name", 100), "ab|cd|e|fg|hi");
  EXPECT_EQ(Pages("", "name desc", 100), "ih|gf|e|dc|ba");
}

// A walk of records, of one value's index, of an order's index; gathered.
TEST_F(ByteWindowTest, HoweverAPageIsFound) {
  Make({{'a', 3 * kMegabyte}, {'b', 3 * kMegabyte}, {'c', 10}, {'d', 10}});
  EXPECT_EQ(Pages("name != \"x\"", "", 100), "a|bcd");
  EXPECT_EQ(Pages("name = \"a\"", "", 100), "a");
  EXPECT_EQ(Pages("name >= \"a\"", "", 100), "a|bcd");
  EXPECT_EQ(Pages("name >= \"a\" AND name < \"d\"", "name", 100), "a|bc");
  EXPECT_EQ(Pages("name = \"a\" OR name = \"b\" OR name = \"c\"", "", 200), "a|bc");
  EXPECT_EQ(Pages("", "", 3), "a|bcd|");
}

// The server sends no more than the window, however little space the values take there.
TEST_F(ByteWindowTest, TheServerSendsTheWindowAlone) {
  std::vector<Large> all;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    all.push_back({letter, 2 * kMegabyte, 0, /*packs=*/letter % 2 == 0});
  }
  Make(all);
  const CallContext call = Call(a_);
  const Listing listing{rules_a_->collection_id(), Filter(), Order()};
  const postgres::Result rows = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
    return tx.Run(PageQuery(call, listing, Source(), Stretch(), 100));
  });
  size_t bytes = 0;
  for (const postgres::Row& row : rows) bytes += row.Get<std::string>(5).size();
  EXPECT_LE(bytes, kWindow);
  ASSERT_FALSE(rows.empty());
  EXPECT_TRUE(rows[rows.size() - 1].Get<bool>(kRecordColumns + 1));
}

TEST_F(ByteWindowTest, ManyByIdAreCutWhereTheyAreTooMuch) {
  Make({{'a', 2 * kMegabyte}, {'b', 10}, {'c', 10, 2 * kMegabyte}});
  const CallContext call = Call(a_);
  std::vector<RecordId> ids;
  for (const char* letter : {"61", "62", "63"}) {
    ids.push_back(
        RecordId(*Uuid::Parse(absl::StrCat("01900000-0000-7000-8000-0000000000", letter))));
  }
  const auto get = [&] {
    return *database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return records_.GetMany(tx, call, ids); });
  };
  EXPECT_EQ(get().rows.size(), 2u);
  EXPECT_TRUE(get().is_cut);
  ids.erase(ids.begin());
  EXPECT_EQ(get().rows.size(), 2u);
  EXPECT_FALSE(get().is_cut);
}

TEST_F(ByteWindowTest, AHistoryEndsByBytesAndGoesOn) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"note", "x"}}));
  test_->Execute(
      "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, customer_id, change, "
      "collection_id, schema_version, data, sealed, actor_kind, actor_id, request_id, changed_at, "
      "changed) SELECT h.tenant_id, h.record_id, n, h.customer_id, "
      "'updated', h.collection_id, h.schema_version, jsonb_build_object('note', repeat('x', "
      "1500000)), h.sealed, h.actor_kind, h.actor_id, h.request_id, h.changed_at, h.changed "
      "FROM tenant_data.record_history h, generate_series(2, 6) n");
  const CallContext call = Call(a_);
  std::vector<uint64_t> versions;
  std::vector<size_t> sizes;
  uint64_t before = 1000;
  while (true) {
    const auto past = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
      return records_.History(tx, call, id, before, 100);
    });
    for (const StoredVersion& version : past.rows) versions.push_back(version.version);
    sizes.push_back(past.rows.size());
    if (!past.is_cut) break;
    before = versions.back();
  }
  EXPECT_THAT(versions, ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(sizes, ElementsAre(2u, 2u, 2u));
}

// A check looks at every record, in pages that end by what was asked of them; a build asks for no
// ciphertexts.
TEST_F(ByteWindowTest, ScansOfACollectionEndByBytesAndGoOn) {
  Make({{'a', 2 * kMegabyte},
        {'b', 2 * kMegabyte},
        {'c', 10, 3 * kMegabyte},
        {'d', 10, 3 * kMegabyte},
        {'e', 10}});
  const CallContext call = Call(a_);
  const auto scan = [&](const std::vector<std::string>& keys, IndexBuildStore::Scan kind) {
    std::string letters;
    RecordId after;
    while (true) {
      const ScannedPage page = *database_->WithTenantUnaudited(
          call, postgres::UnauditedToken::ForBookkeeping(), [&](postgres::Transaction& tx) {
            return IndexBuildStore().Records(tx, call, rules_a_->collection_id(), after, keys, 100,
                                             kind);
          });
      size_t bytes = 0;
      for (const ScannedRecord& record : page.records) {
        letters.push_back(LetterOf(record.data));
        bytes += record.data.size() + record.sealed.size();
        EXPECT_TRUE(kind == IndexBuildStore::Scan::kForCheck || record.sealed.empty());
      }
      EXPECT_LE(bytes, kWindow);
      if (page.is_last) return letters;
      after = page.records.back().id;
      letters.push_back('|');
    }
  };
  EXPECT_EQ(scan({"name", "note"}, IndexBuildStore::Scan::kForCheck), "a|b|c|de");
  EXPECT_EQ(scan({"name", "note"}, IndexBuildStore::Scan::kForBuild), "a|bcde");
}

}  // namespace
}  // namespace kasbah::tenantdata
