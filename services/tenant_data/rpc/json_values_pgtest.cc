// Values of JSON fields through every call that writes or shows them.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include "kasbah/tenantdata/v1/collections.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"

namespace kasbah::tenantdata {
namespace {

using google::protobuf::Struct;
using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ReasonIs;
using testing::StatusIs;
using Stub = v1::RecordService::Stub;

constexpr char kRequest[] = "0190a2c4-0000-4000-8000-0000000000cc";

// A collection with a name that is unique, a configuration, and a sealed one.
class JsonValuesTest : public CollectionServiceTest {
 protected:
  void SetUp() override {
    CollectionServiceTest::SetUp();
    v1::Field name = Described("name", v1::FIELD_TYPE_TEXT);
    name.set_unique(true);
    v1::Field hidden = Described("hidden", v1::FIELD_TYPE_JSON);
    hidden.set_sealed(true);
    ASSERT_OK(MakeCollection("deploys", {name, Described("config", v1::FIELD_TYPE_JSON), hidden}));
  }
  static Struct Parse(const std::string& json) {
    Struct values;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &values).ok()) << json;
    return values;
  }
  absl::StatusOr<v1::Record> Deploy(const std::string& json, const std::string& move_to = "",
                                    const std::string& request_id = "") {
    v1::CreateRecordRequest request;
    request.set_collection("deploys");
    *request.mutable_values() = Parse(json);
    request.set_move_to_vault(move_to);
    request.set_request_id(request_id);
    return AsUser(a_, &Stub::CreateRecord, request);
  }
  absl::StatusOr<v1::Record> Redeploy(const v1::Record& record, const std::string& json,
                                      const std::string& move_to = "") {
    v1::UpdateRecordRequest request;
    request.set_record_id(record.record_id());
    request.set_etag(record.etag());
    *request.mutable_values() = Parse(json);
    request.set_move_to_vault(move_to);
    if (!move_to.empty()) request.set_request_id(kRequest);
    return AsUser(a_, &Stub::UpdateRecord, request);
  }
  // Wherever the database keeps text or bytes.
  void ExpectNowhere(const std::string& canary) {
    for (const char* table : {"records", "record_history", "record_index", "record_unique",
                              "requests", "imports", "import_refusals", "outbox"}) {
      EXPECT_EQ(Count(absl::StrCat("tenant_data.", table, " t WHERE position('", canary,
                                   "' IN t::text) > 0 OR position(encode('", canary,
                                   "', 'hex') IN t::text) > 0")),
                0)
          << table;
    }
  }
  static std::vector<std::string> PathsOf(const v1::Record& record) {
    return {record.stripped_paths().begin(), record.stripped_paths().end()};
  }
};

constexpr char kValues[] = R"({"name": "a",
    "config": {"steps": [{"run": "make", "n": 1.5}], "on": true, "none": null, "big": 1e300},
    "hidden": [1, "two", {"three": []}]})";

TEST_F(JsonValuesTest, AreReadChangedAndRememberedLikeAnyOther) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Deploy(kValues));
  EXPECT_TRUE(MessageDifferencer::Equals(made.values(), Parse(kValues)));
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(made.record_id()));
  EXPECT_TRUE(MessageDifferencer::Equals(read.values(), Parse(kValues))) << read.DebugString();
  EXPECT_EQ(Count("tenant_data.records WHERE data #>> '{config,steps,0,run}' = 'make'"), 1);
  const auto event = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_TRUE(MessageDifferencer::Equals(
      event.data().fields().at("values").struct_value().fields().at("config"),
      Parse(kValues).fields().at("config")));

  // The same again, its members in another order, is no change.
  ASSERT_OK_AND_ASSIGN(const v1::Record same,
                       Redeploy(made, R"({"config": {"big": 1e300, "none": null, "on": true,
                         "steps": [{"n": 1.5, "run": "make"}]}})"));
  ASSERT_OK_AND_ASSIGN(const v1::Record changed, Redeploy(same, R"({"config": [2]})"));
  v1::ListRecordHistoryRequest history;
  history.set_record_id(made.record_id());
  ASSERT_OK_AND_ASSIGN(const auto versions, AsUser(a_, &Stub::ListRecordHistory, history));
  ASSERT_EQ(versions.versions_size(), 3);
  EXPECT_THAT(versions.versions(0).changed_fields(), ElementsAre("config"));
  EXPECT_THAT(versions.versions(1).changed_fields(), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(versions.versions(2).values().fields().at("config"),
                                         Parse(kValues).fields().at("config")));
  v1::GetRecordRequest first;
  first.set_record_id(made.record_id());
  first.set_version(1);
  ASSERT_OK_AND_ASSIGN(const v1::Record as_it_was, AsUser(a_, &Stub::GetRecord, first));
  EXPECT_TRUE(MessageDifferencer::Equals(as_it_was.values(), Parse(kValues)));
}

TEST_F(JsonValuesTest, CannotBeFilteredOrOrderedBy) {
  v1::ListRecordsRequest list;
  list.set_collection("deploys");
  for (const char* filter : {"config = \"x\"", "hidden = \"x\"", "config:*"}) {
    list.set_filter(filter);
    const auto refused = AsUser(a_, &Stub::ListRecords, list);
    ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
    EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).rule, "UNINDEXED") << filter;
  }
  list.clear_filter();
  list.set_order_by("config");
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, list), ReasonIs("INVALID_FIELDS"));
}

TEST_F(JsonValuesTest, SecretsInThemAreTakenOutBeforeStorageAndNamedByEveryWrite) {
  const std::string secret =
      R"("config": {"a": {"api_token": "hunter2"}, "list": [{"db-password": "hunter2"}]})";
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Deploy("{\"name\": \"a\", " + secret + "}"));
  EXPECT_THAT(PathsOf(made), ElementsAre("/config/a/api_token", "/config/list/0/db-password"));
  EXPECT_EQ(made.values().fields().at("config").struct_value().fields().at("a").DebugString(),
            "struct_value {\n}\n");
  ASSERT_OK_AND_ASSIGN(const v1::Record updated, Redeploy(made, "{" + secret + "}"));
  EXPECT_EQ(updated.stripped_paths_size(), 2);

  v1::UpsertRecordRequest upsert;
  upsert.set_collection("deploys");
  upsert.set_unique_field("name");
  for (const char* name : {"a", "b"}) {
    *upsert.mutable_values() = Parse(StrCat("{\"name\": \"", name, "\", ", secret, "}"));
    ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::UpsertRecord, upsert));
    EXPECT_EQ(reply.record().stripped_paths_size(), 2) << name;
  }
  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("deploys");
  batch.set_request_id(kRequest);
  *batch.add_values() = Parse("{\"name\": \"c\", " + secret + "}");
  *batch.add_values() = Parse("{\"name\": \"c\", " + secret + "}");
  ASSERT_OK_AND_ASSIGN(const auto items, AsUser(a_, &Stub::BatchCreateRecords, batch));
  EXPECT_EQ(items.items(0).stripped_paths_size(), 2);
  EXPECT_EQ(items.items(1).stripped_paths_size(), 0);

  ASSERT_OK_AND_ASSIGN(const v1::Record again, Read(made.record_id()));
  EXPECT_EQ(again.stripped_paths_size(), 0);
  v1::DeleteRecordRequest gone;
  gone.set_record_id(made.record_id());
  ASSERT_OK(AsUser(a_, &Stub::DeleteRecord, gone));
  v1::RestoreRecordRequest restore;
  restore.set_record_id(made.record_id());
  *restore.mutable_values() = Parse("{" + secret + "}");
  ASSERT_OK_AND_ASSIGN(const v1::Record restored, AsUser(a_, &Stub::RestoreRecord, restore));
  EXPECT_EQ(restored.stripped_paths_size(), 2);
  ExpectNowhere("hunter2");
  EXPECT_THAT(keeper_.ids, IsEmpty());
}

TEST_F(JsonValuesTest, SecretsInThemAreMovedIntoTheVaultInOneCall) {
  const std::string values =
      R"({"name": "a", "config": {"api_token": "hunter2"}, "hidden": {"pin_secret": 7}})";
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Deploy(values, "ci", kRequest));
  EXPECT_THAT(PathsOf(made), IsEmpty());
  ASSERT_EQ(made.moved_size(), 2);
  EXPECT_EQ(made.moved(0).path(), "/config/api_token");
  EXPECT_EQ(made.moved(1).path(), "/hidden/pin_secret");
  const std::string first = StrCat("ci/", kRequest, "/1");
  EXPECT_EQ(keeper_.ids.at(first), made.moved(0).secret_id());
  EXPECT_EQ(keeper_.payloads.at(first), "hunter2");
  EXPECT_EQ(keeper_.payloads.at(StrCat("ci/", kRequest, "/2")), "7");
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(made.record_id()));
  const Struct& config = read.values().fields().at("config").struct_value();
  EXPECT_EQ(config.fields().at("api_token").string_value(), made.moved(0).secret_id());
  // Repeated, it is the same record and the same secrets; sent back as it was read, nothing moves.
  ASSERT_OK_AND_ASSIGN(const v1::Record again, Deploy(values, "ci", kRequest));
  EXPECT_EQ(again.record_id(), made.record_id());
  EXPECT_EQ(again.moved(0).secret_id(), made.moved(0).secret_id());
  EXPECT_EQ(keeper_.ids.size(), 2u);
  v1::UpdateRecordRequest back;
  back.set_record_id(made.record_id());
  back.set_etag(made.etag());
  *back.mutable_values() = read.values();
  ASSERT_OK_AND_ASSIGN(const v1::Record kept, AsUser(a_, &Stub::UpdateRecord, back));
  EXPECT_EQ(kept.stripped_paths_size(), 0);
  ASSERT_OK_AND_ASSIGN(const v1::Record changed,
                       Redeploy(kept, R"({"config": {"b_token": "hunter2"}})", "other"));
  EXPECT_EQ(keeper_.ids.at(StrCat("other/", kRequest, "/1")), changed.moved(0).secret_id());

  v1::UpsertRecordRequest upsert;
  upsert.set_collection("deploys");
  upsert.set_unique_field("name");
  upsert.set_move_to_vault("up");
  for (const char* id :
       {"0190a2c4-0000-4000-8000-0000000000c1", "0190a2c4-0000-4000-8000-0000000000c2"}) {
    upsert.set_request_id(id);
    *upsert.mutable_values() = Parse(R"({"name": "b", "config": {"c_token": "hunter2"}})");
    ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::UpsertRecord, upsert));
    EXPECT_EQ(reply.record().moved(0).secret_id(), keeper_.ids.at(StrCat("up/", id, "/1")));
  }
  ExpectNowhere("hunter2");
}

TEST_F(JsonValuesTest, NothingIsMovedForACallThatIsRefused) {
  const std::string values = R"({"name": "a", "config": {"api_token": "hunter2"}})";
  EXPECT_THAT(Deploy(values, "ci"), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Deploy(values, "ci", "no uuid"), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Deploy(R"({"name": 5, "config": {"api_token": "x"}})", "ci", kRequest),
              ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Deploy(R"({"config": {"api_token": ""}})", "ci", kRequest),
              ReasonIs("INVALID_FIELDS"));
  permissions_.reset(policy::v1::PERMISSION_SECRET_WRITE);
  EXPECT_THAT(Deploy(values, "ci", kRequest), ReasonIs("PERMISSION_DENIED"));
  EXPECT_THAT(keeper_.ids, IsEmpty());
  EXPECT_OK(Deploy(values));
  permissions_.set(policy::v1::PERMISSION_SECRET_WRITE);
  vault_server_->Shutdown(std::chrono::system_clock::now());
  vault_server_->Wait();
  EXPECT_THAT(Deploy(R"({"name": "down", "config": {"api_token": "x"}})", "ci", kRequest),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("tenant_data.records"), 1);
  vault_server_ = nullptr;
}

TEST_F(JsonValuesTest, DeeperThanTheWireTakesIsRefusedAndTheServerGoesOn) {
  for (const int depth : {19, 20, 25, 60, 400}) {
    Struct values;
    google::protobuf::Value* at = &(*values.mutable_fields())["config"];
    for (int i = 0; i < depth; ++i) {
      at = &(*at->mutable_struct_value()->mutable_fields())["in"];
    }
    at->set_bool_value(true);
    v1::CreateRecordRequest request;
    request.set_collection("deploys");
    *request.mutable_values() = values;
    const auto made = AsUser(a_, &Stub::CreateRecord, request);
    EXPECT_EQ(made.ok(), depth <= 20) << depth << made.status();
    if (depth == 25) {
      EXPECT_THAT(made, ReasonIs("INVALID_FIELDS"));
    }
    if (!made.ok()) continue;
    ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(made->record_id()));
    EXPECT_TRUE(MessageDifferencer::Equals(read.values(), values));
  }
  EXPECT_OK(Deploy(kValues));
}

}  // namespace
}  // namespace kasbah::tenantdata
