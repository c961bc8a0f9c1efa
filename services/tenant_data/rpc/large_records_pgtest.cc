// Records that are larger than a page, in every call that shows more than one.
#include "absl/strings/str_split.h"
#include "services/tenant_data/rpc/record_import_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ReasonIs;
using testing::StatusIs;

constexpr size_t kMostInAPage = 4'000'000;

class LargeRecordsTest : public RecordImportTest {
 protected:
  // Records 0, 1, …: `value` is SQL, of what stands in "note" beside the number in "name".
  void Fill(int count, const std::string& value) {
    test_->Execute(absl::StrCat(
        "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
        "version, data, created_at, updated_at) SELECT '",
        a_.uuid().ToString(), "', ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '",
        rules_a_->collection_id().uuid().ToString(),
        "', 1, 1, jsonb_build_object('name', n::text, 'note', ", value,
        "), now(), now() FROM generate_series(0, ", count - 1, ") n"));
  }
  static std::vector<std::string> Numbers(int count) {
    std::vector<std::string> numbers;
    for (int n = 0; n < count; ++n) numbers.push_back(absl::StrCat(n));
    return numbers;
  }

  struct Listed {
    std::vector<std::string> names;
    std::vector<int> sizes;
  };
  Listed List(int page_size) {
    v1::ListRecordsRequest request;
    request.set_collection("countries");
    request.set_page_size(page_size);
    Listed listed;
    do {
      const auto page = AsUser(a_, &Stub::ListRecords, request);
      EXPECT_OK(page);
      if (!page.ok()) break;
      EXPECT_TRUE(page->ByteSizeLong() <= kMostInAPage + 1000 || page->records_size() == 1);
      for (const v1::Record& record : page->records()) {
        listed.names.push_back(TextOf(record, "name"));
      }
      listed.sizes.push_back(page->records_size());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return listed;
  }
};

constexpr char kMegabytes[] = "repeat('x', 2000000)";
// Two bytes each as they are kept, eleven in a reply.
constexpr char kNumbers[] = "(SELECT jsonb_agg(1) FROM generate_series(1, 8000))";

TEST_F(LargeRecordsTest, APageOfTwoMegabyteRecordsIsCutAndNothingIsLost) {
  Fill(7, kMegabytes);
  const Listed listed = List(100);
  EXPECT_EQ(listed.names, Numbers(7));
  EXPECT_EQ(listed.sizes.size(), 7u);
}

TEST_F(LargeRecordsTest, APageIsMeasuredByWhatItTakesInTheReply) {
  Fill(100, kNumbers);
  const Listed listed = List(100);
  EXPECT_EQ(listed.names, Numbers(100));
  EXPECT_GT(listed.sizes.front(), 20);
  EXPECT_LT(listed.sizes.front(), 60);
}

TEST_F(LargeRecordsTest, SomeByTheirIdsAreRefusedWhereTheyAreTooMuch) {
  Fill(60, kNumbers);
  v1::BatchGetRecordsRequest request;
  const auto add = [&](int n) {
    char id[40];
    snprintf(id, sizeof(id), "01900000-0000-7000-8000-%012d", n);
    request.add_record_ids(RecordId(*Uuid::Parse(id)).ToString());
  };
  for (int n = 0; n < 30; ++n) add(n);
  EXPECT_OK(AsUser(a_, &Stub::BatchGetRecords, request));
  for (int n = 30; n < 60; ++n) add(n);
  const auto refused = AsUser(a_, &Stub::BatchGetRecords, request);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).field, "record_ids");
  // Too much to be read at all.
  test_->Execute(absl::StrCat("UPDATE tenant_data.records SET data = jsonb_build_object('note', ",
                              kMegabytes, ")"));
  EXPECT_THAT(AsUser(a_, &Stub::BatchGetRecords, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(LargeRecordsTest, AHistoryOfLargeVersionsComesInPages) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"note", "x"}}));
  for (const char* value : {kMegabytes, kNumbers}) {
    test_->Execute(absl::StrCat(
        "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, change, "
        "collection_id, schema_version, data, actor_kind, actor_id, request_id, changed_at) "
        "SELECT tenant_id, record_id, version + n, 'updated', collection_id, schema_version, "
        "jsonb_build_object('note', ",
        value,
        "), actor_kind, actor_id, request_id, changed_at FROM (SELECT * FROM "
        "tenant_data.record_history ORDER BY version DESC LIMIT 1) h, generate_series(1, 100) n"));
  }
  v1::ListRecordHistoryRequest request;
  request.set_record_id(made.record_id());
  request.set_page_size(150);
  uint64_t next = 201;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecordHistory, request));
    EXPECT_TRUE(page.ByteSizeLong() <= kMostInAPage + 1000 || page.versions_size() == 1);
    for (const v1::RecordVersion& version : page.versions()) {
      EXPECT_EQ(version.version(), next--);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(next, 0u);
}

TEST_F(LargeRecordsTest, AnExportHasEveryLine) {
  Fill(7, kMegabytes);
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_, v1::LINE_FORMAT_JSON_LINES));
  const std::vector<std::string> lines = absl::StrSplit(file, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 7u);
  for (size_t n = 0; n < lines.size(); ++n) {
    EXPECT_THAT(lines[n].substr(0, 40), HasSubstr(absl::StrCat("\"name\":\"", n, "\"")));
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
