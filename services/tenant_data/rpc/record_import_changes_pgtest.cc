// What becomes of an import whose collection is defined anew meanwhile, and of JSON in its lines.
#include <atomic>

#include "absl/synchronization/notification.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "services/tenant_data/rpc/record_import_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using Collections = v1::CollectionService::Stub;

class ImportChangesTest : public RecordImportTest {
 protected:
  v1::UpdateCollectionRequest Unchanged() {
    v1::GetCollectionRequest get;
    get.set_collection("countries");
    const auto collection = AsUser(a_, &Collections::GetCollection, get);
    EXPECT_OK(collection);
    v1::UpdateCollectionRequest request;
    request.set_collection("countries");
    request.set_etag(collection->etag());
    *request.mutable_fields() = collection->fields();
    return request;
  }
  static v1::Field& FieldOf(v1::UpdateCollectionRequest& request, const std::string& key) {
    for (v1::Field& field : *request.mutable_fields()) {
      if (field.key() == key) return field;
    }
    return *request.add_fields();
  }
  absl::Status Update(const v1::UpdateCollectionRequest& request) {
    return AsUser(a_, &Collections::UpdateCollection, request).status();
  }
  // Imports `file`, whose first `first` bytes are a batch, and calls `change` once that one is in
  // and before anything of the rest is sent.
  Said ImportWithChange(const std::string& file, size_t first, v1::LineFormat format,
                        const std::function<void()>& change) {
    absl::Notification changed;
    Options options;
    options.format = format;
    options.piece = first;
    options.before_piece = [&](size_t at) {
      if (at > 0) changed.WaitForNotification();
    };
    options.at_progress = [&](uint64_t lines) {
      if (lines == 0 || changed.HasBeenNotified()) return;
      change();
      changed.Notify();
    };
    return Import(a_, file, options);
  }
};

TEST_F(ImportChangesTest, LinesAreCheckedByTheDefinitionThatTheyAreWrittenUnder) {
  std::string file;
  size_t first = 0;
  for (int i = 1; i <= 1100; ++i) {
    const bool is_large = i > 500 && i % 100 == 0;
    absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": ", is_large ? 2000 : 5, "}\n");
    if (i == 500) first = file.size();
  }
  const Said said = ImportWithChange(file, first, v1::LINE_FORMAT_JSON_LINES, [&] {
    v1::UpdateCollectionRequest stricter = Unchanged();
    FieldOf(stricter, "population").set_max(1000);
    ASSERT_OK(Update(stricter));
  });
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused,
              ElementsAre("600 values.population MAX", "700 values.population MAX",
                          "800 values.population MAX", "900 values.population MAX",
                          "1000 values.population MAX", "1100 values.population MAX"));
  EXPECT_THAT(said.versions, Each(EndsWith(" 2")));
  EXPECT_EQ(said.progress.schema_version(), 2u);
  EXPECT_EQ(said.progress.created(), 1094u);
  EXPECT_EQ(Count("tenant_data.records WHERE schema_version = 1"), 500);
  EXPECT_EQ(Count("tenant_data.records WHERE schema_version = 2"), 594);
  EXPECT_EQ(Count("tenant_data.records WHERE (data->>'population')::int > 1000"), 0);
}

TEST_F(ImportChangesTest, LinesWithAFieldThatWentMeanwhileAreRefusedAndSaidAgain) {
  std::string file = "code,note\n";
  size_t first = 0;
  for (int i = 1; i <= 510; ++i) {
    absl::StrAppend(&file, "c", i, ",", i > 500 && i % 2 == 0 ? "" : "x", "\n");
    if (i == 500) first = file.size();
  }
  const Said said = ImportWithChange(file, first, v1::LINE_FORMAT_CSV, [&] {
    v1::UpdateCollectionRequest without = Unchanged();
    for (int i = 0; i < without.fields_size(); ++i) {
      if (without.fields(i).key() == "note") without.mutable_fields()->DeleteSubrange(i, 1);
    }
    ASSERT_OK(Update(without));
  });
  ASSERT_OK(said.status);
  EXPECT_EQ(said.progress.created(), 505u);
  ASSERT_EQ(said.refused.size(), 5u);
  EXPECT_EQ(said.refused.front(), "502 values.note UNKNOWN_FIELD");
  Options options;
  options.format = v1::LINE_FORMAT_CSV;
  const Said again = Import(a_, file, options);
  ASSERT_OK(again.status);
  EXPECT_EQ(again.refused, said.refused);
  EXPECT_EQ(again.versions, said.versions);
  EXPECT_EQ(Count("tenant_data.records"), 505);
}

TEST_F(ImportChangesTest, AgainstDefinitionsThatKeepChangingEveryLineIsDoneOnce) {
  // Makes the channel that the threads share.
  ASSERT_EQ(Unchanged().fields_size(), 8);
  v1::UpdateCollectionRequest bounded = Unchanged();
  FieldOf(bounded, "population").set_min(0);
  ASSERT_OK(Update(bounded));
  std::atomic<bool> is_over = false;
  std::atomic<int> changes = 0;
  std::thread changer([&] {
    for (int64_t min = 1; !is_over; min = 1 - min) {
      v1::UpdateCollectionRequest change = Unchanged();
      FieldOf(change, "population").set_min(min);
      if (Update(change).ok()) ++changes;
    }
  });
  std::string file;
  for (int i = 1; i <= 4000; ++i) {
    absl::StrAppend(&file, "{\"code\": \"c", i, "\", \"population\": ", i % 100 == 0 ? -1 : i,
                    "}\n");
  }
  Options options;
  options.piece = 4096;
  Said said = Import(a_, file, options);
  // Where a batch lost ten times, the client begins again.
  while (ReasonOf(said.status) == "DEFINITION_CHANGED") said = Import(a_, file, options);
  is_over = true;
  changer.join();
  ASSERT_OK(said.status);
  EXPECT_GT(changes, 0);
  EXPECT_EQ(said.refused.size(), 40u);
  EXPECT_EQ(said.progress.created(), 3960u);
  EXPECT_EQ(Count("tenant_data.records"), 3960);
  EXPECT_EQ(Count("tenant_data.record_history"), 3960);
  EXPECT_EQ(Count("(SELECT DISTINCT data->>'code' FROM tenant_data.records) codes"), 3960);
}

TEST_F(ImportChangesTest, JsonInLinesAndCellsGoesInWithoutItsSecretsAndTheyAreNamed) {
  v1::UpdateCollectionRequest with = Unchanged();
  v1::Field* config = with.add_fields();
  config->set_key("config");
  config->set_type(v1::FIELD_TYPE_JSON);
  ASSERT_OK(Update(with));
  const std::string deep(30, '[');
  const std::string lines =
      "{\"code\": \"1\", \"config\": {\"a\": [1, {\"x_token\": \"hunter2\"}]}}\n"
      "{\"code\": \"1\", \"config\": {\"y_token\": 1}}\n"
      "{\"code\": \"2\", \"config\": " +
      deep + std::string(30, ']') + "}\n";
  const Said said = Import(a_, lines, Options());
  ASSERT_OK(said.status);
  EXPECT_THAT(said.stripped, ElementsAre("1 /config/a/1/x_token"));
  EXPECT_THAT(said.refused, ElementsAre("2 values.code UNIQUE", "3 values.config MAX"));
  const Said again = Import(a_, lines, Options());
  EXPECT_EQ(again.stripped, said.stripped);
  EXPECT_EQ(again.refused, said.refused);

  ASSERT_OK_AND_ASSIGN(const std::string csv, Export(a_, v1::LINE_FORMAT_CSV));
  EXPECT_THAT(csv, EndsWith(",\"{\"\"a\"\":[1,{}]}\"\r\n"));
  Options options;
  options.format = v1::LINE_FORMAT_CSV;
  options.import_id = "0190a2c4-0000-4000-8000-0000000000bb";
  const Said cells = Import(a_,
                            "code,config\n3,\"{\"\"z_token\"\":1,\"\"b\"\":[2]}\"\n"
                            "4,{broken\n5,\"1,\"\"x\"\":2\"\n6,-7\n",
                            options);
  ASSERT_OK(cells.status);
  EXPECT_THAT(cells.stripped, ElementsAre("2 /config/z_token"));
  EXPECT_THAT(cells.refused, ElementsAre("3 values.config JSON", "4 values.config JSON"));
  EXPECT_EQ(Count("tenant_data.records WHERE data->'config' = '{\"b\": [2]}'"), 1);
  EXPECT_EQ(Count("tenant_data.records WHERE data->'config' = '-7'"), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
