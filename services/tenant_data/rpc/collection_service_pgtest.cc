#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"
#include "services/tenant_data/store/index_builder.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using testing::ReasonIs;
using testing::StatusIs;
using Collections = v1::CollectionService::Stub;
using Records = v1::RecordService::Stub;

TEST_F(CollectionServiceTest, RecordsKeepTheVersionTheyWereWrittenUnder) {
  ASSERT_OK_AND_ASSIGN(const v1::Record old,
                       Make(ToStruct({{"note", "kept"}, {"iban", "CH1"}, {"name", "x"}})));
  v1::UpdateCollectionRequest request = Unchanged();
  Retire(request, "note");
  Retire(request, "iban");
  FieldOf(request, "motto")->set_indexed(true);
  ASSERT_OK_AND_ASSIGN(const v1::UpdateCollectionResponse updated, Update(request));
  EXPECT_EQ(updated.collection().schema_version(), 2u);
  EXPECT_THAT(updated.collection().retired_fields(), ElementsAre("note", "iban"));

  ASSERT_OK_AND_ASSIGN(v1::Record read, Read(old.record_id()));
  EXPECT_EQ(read.values().fields().at("note").string_value(), "kept");
  EXPECT_EQ(read.values().fields().at("iban").string_value(), "CH1");
  // What is written from now on is of the new version, at once and not when a cache ends.
  EXPECT_THAT(Make(ToStruct({{"note", "x"}})), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(read, Change(read, {{"motto", "unus"}}));
  ASSERT_OK_AND_ASSIGN(read, Read(old.record_id()));
  EXPECT_EQ(read.values().fields().count("note"), 0u);
  EXPECT_EQ(read.values().fields().count("iban"), 0u);
  EXPECT_EQ(read.values().fields().at("name").string_value(), "x");
  v1::ListRecordHistoryRequest history;
  history.set_record_id(old.record_id());
  ASSERT_OK_AND_ASSIGN(const auto past, AsUser(a_, &Records::ListRecordHistory, history));
  EXPECT_EQ(past.versions(1).values().fields().at("note").string_value(), "kept");
}

// What a service has in memory may be older than any of its answers.
TEST_F(CollectionServiceTest, NothingIsWrittenUnderADefinitionOfLongAgo) {
  ASSERT_OK(Make(ToStruct({{"name", "abc"}})));
  v1::UpdateCollectionRequest request = Unchanged();
  Retire(request, "note");
  ASSERT_OK(Update(request));
  ASSERT_OK(Make(ToStruct({{"name", "abcd"}})));
  EXPECT_EQ(Count("tenant_data.records WHERE schema_version = 2"), 1);
  request = Unchanged();
  Retire(request, "motto");
  ASSERT_OK(Update(request));
  EXPECT_THAT(Make(ToStruct({{"motto", "unus"}})), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.records"), 2);
}

// A server that took over without the last changes counts to the same number again.
TEST_F(CollectionServiceTest, NothingIsWrittenUnderAnotherDefinitionOfTheSameNumber) {
  ASSERT_OK(Make(ToStruct({{"name", "abc"}})));
  test_->Execute("UPDATE tenant_data.fields SET max_value = 2 WHERE key = 'name'");
  test_->Execute("UPDATE tenant_data.collections SET updated_at = now()");
  EXPECT_THAT(Make(ToStruct({{"name", "abcd"}})), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.records"), 1);
}

TEST_F(CollectionServiceTest, AChangeThatRecordsBreakIsReportedAndNotMade) {
  ASSERT_OK_AND_ASSIGN(const v1::Record without, Make(ToStruct({{"name", "abc"}})));
  ASSERT_OK(Make(ToStruct({{"note", "x"}, {"name", "ab"}})));
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "note")->set_required(true);
  FieldOf(request, "name")->set_max(2);
  const auto refused = Update(request);
  ASSERT_THAT(refused, ReasonIs("RECORDS_BREAK_DEFINITION"));
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("1 of 2 records"));
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(refused.status()).violations) {
    fields.push_back(violation.field);
  }
  const std::string record = StrCat("records.", without.record_id(), ".values.");
  EXPECT_THAT(fields, ElementsAre(record + "name", record + "note"));
  EXPECT_EQ(Get()->schema_version(), 1u);
  EXPECT_EQ(Get()->etag(), request.etag());

  request.set_validate_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::UpdateCollectionResponse report, Update(request));
  EXPECT_EQ(report.breaking_records(), 1u);
  EXPECT_EQ(report.checked_records(), 2u);
  EXPECT_EQ(report.faults(0).record_id(), without.record_id());
  EXPECT_EQ(report.faults(0).rule(), "MAX");
  EXPECT_EQ(report.collection().schema_version(), 2u);
  EXPECT_EQ(Get()->schema_version(), 1u);

  ASSERT_OK(Change(without, {{"note", "y"}, {"name", "a"}}));
  request.set_validate_only(false);
  ASSERT_OK(Update(request));
  EXPECT_THAT(Make(ToStruct({{"name", "abc"}})), ReasonIs("INVALID_FIELDS"));
}

TEST_F(CollectionServiceTest, ManyRecordsAreCheckedPageByPage) {
  for (int batch = 0; batch < 5; ++batch) {
    v1::BatchCreateRecordsRequest request;
    request.set_collection("countries");
    for (int i = 0; i < 500; ++i) {
      *request.add_values() = ToStruct({{"note", StrCat("n", (batch * 500 + i) % 2499)}});
    }
    ASSERT_OK(AsUser(a_, &Records::BatchCreateRecords, request));
  }
  v1::UpdateCollectionRequest request = Unchanged();
  request.set_validate_only(true);
  FieldOf(request, "note")->set_unique(true);
  ASSERT_OK_AND_ASSIGN(const auto report, Update(request));
  EXPECT_EQ(report.checked_records(), 2500u);
  EXPECT_EQ(report.breaking_records(), 1u);
}

TEST_F(CollectionServiceTest, AnEtagThatIsOldChangesNothing) {
  v1::UpdateCollectionRequest first = Unchanged();
  v1::UpdateCollectionRequest second = Unchanged();
  FieldOf(first, "one");
  FieldOf(second, "two");
  ASSERT_OK(Update(first));
  EXPECT_THAT(Update(second), ReasonIs("ETAG_MISMATCH"));
  second.set_etag("nonsense");
  EXPECT_THAT(Update(second), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Get()->fields_size(), 9);
}

TEST_F(CollectionServiceTest, EverythingWrongIsReportedAtOnce) {
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "name")->set_pattern("(");
  FieldOf(request, "note")->set_group("nowhere");
  v1::Field* reference = FieldOf(request, "owner");
  reference->set_type(v1::FIELD_TYPE_REFERENCE);
  reference->set_reference_collection("nowhere");
  const auto refused = Update(request);
  std::vector<std::string> fields;
  for (const Violation& violation : DetailsOf(refused.status()).violations) {
    fields.push_back(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("fields[8].reference_collection", "fields[1].pattern",
                                  "fields[3].group"));
}

TEST_F(CollectionServiceTest, EachChangeRaisesItsEventsWithAnAuditEvent) {
  v1::UpdateCollectionRequest request = Unchanged();
  Retire(request, "code");
  FieldOf(request, "name")->set_display_name("Name");
  FieldOf(request, "motto")->set_group("texts");
  request.add_groups()->set_key("texts");
  const int64_t audits = Audits();
  ASSERT_OK(Update(request));
  EXPECT_EQ(Audits(), audits + 1);
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "collection.update");
  EXPECT_THAT(EventTypes(), ElementsAre("collection.updated", "field_group.created",
                                        "field.updated", "field.created", "field.deleted"));
  const auto last = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(last.sequence(), 2u);
  EXPECT_EQ(last.data().fields().at("key").string_value(), "code");
  EXPECT_EQ(last.data().fields().at("schema_version").number_value(), 2);
  // The same definition again is no change.
  ASSERT_OK(Update(Unchanged()));
  EXPECT_EQ(Changes(), 5);
  request = Unchanged();
  request.clear_groups();
  FieldOf(request, "motto")->clear_group();
  ASSERT_OK(Update(request));
  EXPECT_THAT(EventTypes(), IsSupersetOf({"field_group.deleted"}));
}

TEST_F(CollectionServiceTest, AFilterWaitsForTheIndexByName) {
  ASSERT_OK(Make(ToStruct({{"note", "x"}})));
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "note")->set_indexed(true);
  ASSERT_OK_AND_ASSIGN(const auto updated, Update(request));
  EXPECT_EQ(updated.collection().fields(3).index_state(), v1::INDEX_STATE_BUILDING);
  v1::ListRecordsRequest list;
  list.set_collection(updated.collection().collection_id());
  *list.mutable_equals() = ToStruct({{"note", "x"}});
  const auto refused = AsUser(a_, &Records::ListRecords, list);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).rule, "INDEX_BUILDING");
  ASSERT_OK_AND_ASSIGN(const auto upkeep,
                       postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                            postgres::DoorToken::TenantDataUpkeep(),
                                            absl::Now() + absl::Seconds(30)));
  ASSERT_OK(IndexBuilder(*database_, *upkeep, Clock::Real()).RunOnce());
  EXPECT_EQ(Get()->fields(3).index_state(), v1::INDEX_STATE_READY);
  // A write that finds an old definition in the cache clears it.
  ASSERT_OK(Make(ToStruct({{"note", "y"}})));
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Records::ListRecords, list));
  EXPECT_EQ(page.records_size(), 1);
}

TEST_F(CollectionServiceTest, AnIndexedOrderIsBuiltWhileListsGoOn) {
  for (const char* note : {"b", "a", "c"}) {
    ASSERT_OK(Make(ToStruct({{"name", "same"}, {"note", note}})));
  }
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "note")->set_indexed(true);
  ASSERT_OK(Update(request));
  ASSERT_OK_AND_ASSIGN(const auto door,
                       postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                            postgres::DoorToken::TenantDataUpkeep(),
                                            absl::Now() + absl::Seconds(30)));
  IndexBuilder builder(*database_, *door, Clock::Real());
  ASSERT_OK(builder.RunOnce());

  request = Unchanged();
  FieldOf(request, "name")->add_indexed_orders("note");
  ASSERT_OK(Update(request));
  const auto field = [&] {
    request = Unchanged();
    return *FieldOf(request, "name");
  };
  EXPECT_THAT(field().indexed_orders(), ElementsAre("note"));
  EXPECT_THAT(field().building_orders(), ElementsAre("note"));
  EXPECT_EQ(field().index_state(), v1::INDEX_STATE_READY);
  const auto list = [&] {
    // A write that finds an old definition in the cache clears it.
    EXPECT_OK(Make(ToStruct({{"name", "other"}})));
    v1::ListRecordsRequest of;
    of.set_collection("countries");
    of.set_filter("name = \"same\"");
    of.set_order_by("note desc");
    of.set_page_size(2);
    std::string notes;
    do {
      const auto page = AsUser(a_, &Records::ListRecords, of);
      EXPECT_OK(page);
      if (!page.ok()) return notes;
      for (const auto& record : page->records()) {
        notes += record.values().fields().at("note").string_value();
      }
      of.set_page_token(page->next_page_token());
    } while (!of.page_token().empty());
    return notes;
  };
  EXPECT_EQ(list(), "cba");
  ASSERT_OK(builder.RunOnce());
  EXPECT_THAT(field().building_orders(), IsEmpty());
  EXPECT_EQ(list(), "cba");

  request = Unchanged();
  FieldOf(request, "name")->add_indexed_orders("iban");
  const auto refused = Update(request);
  EXPECT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(DetailsOf(refused.status()).violations[0].field,
              ::testing::EndsWith(".indexed_orders[1]"));
}

TEST_F(CollectionServiceTest, ADeletedCollectionIsAbsentUntilItComesBack) {
  ASSERT_OK_AND_ASSIGN(const v1::Record record, Make(ToStruct({{"name", "x"}})));
  v1::DeleteCollectionRequest request;
  request.set_collection("countries");
  request.set_etag(Get()->etag());
  EXPECT_THAT(AsUser(a_, &Collections::DeleteCollection, request),
              ReasonIs("COLLECTION_NOT_EMPTY"));
  request.set_with_records(true);
  ASSERT_OK_AND_ASSIGN(const v1::Collection deleted,
                       AsUser(a_, &Collections::DeleteCollection, request));
  EXPECT_TRUE(deleted.has_delete_time());
  EXPECT_THAT(Make(ToStruct({{"name", "y"}})), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Change(record, {{"name", "y"}}), ReasonIs("NOT_FOUND"));
  v1::ListCollectionsRequest list;
  EXPECT_EQ(AsUser(a_, &Collections::ListCollections, list)->collections_size(), 0);
  list.set_show_deleted(true);
  EXPECT_EQ(AsUser(a_, &Collections::ListCollections, list)->collections_size(), 1);
  EXPECT_THAT(MakeCollection("countries", {Described("a", v1::FIELD_TYPE_TEXT)}),
              ReasonIs("ALREADY_EXISTS"));
  request.set_etag(deleted.etag());
  EXPECT_THAT(AsUser(a_, &Collections::DeleteCollection, request), ReasonIs("NOT_FOUND"));

  v1::UndeleteCollectionRequest undelete;
  undelete.set_collection("countries");
  undelete.set_etag(deleted.etag());
  ASSERT_OK_AND_ASSIGN(const v1::Collection back,
                       AsUser(a_, &Collections::UndeleteCollection, undelete));
  EXPECT_FALSE(back.has_delete_time());
  EXPECT_OK(Change(record, {{"name", "y"}}));
  undelete.set_etag(back.etag());
  EXPECT_THAT(AsUser(a_, &Collections::UndeleteCollection, undelete),
              ReasonIs("COLLECTION_NOT_DELETED"));
}

TEST_F(CollectionServiceTest, ListsArePagedByKey) {
  for (const char* key : {"a", "b", "d"}) {
    ASSERT_OK(MakeCollection(key, {Described("x", v1::FIELD_TYPE_TEXT)}));
  }
  v1::ListCollectionsRequest list;
  list.set_page_size(2);
  std::vector<std::string> keys;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Collections::ListCollections, list));
    EXPECT_LE(page.collections_size(), 2);
    for (const v1::Collection& collection : page.collections()) keys.push_back(collection.key());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(keys, ElementsAre("a", "b", "countries", "d"));
}

TEST_F(CollectionServiceTest, OthersSeeNothingOfIt) {
  v1::UpdateCollectionRequest request = Unchanged();
  FieldOf(request, "more");
  v1::GetCollectionRequest absent;
  absent.set_collection(CollectionId::New(absl::Now()).ToString());
  const auto missing = AsUser(b_, &Collections::GetCollection, absent).status();
  const auto foreign = AsUser(b_, &Collections::UpdateCollection, request).status();
  EXPECT_EQ(ReasonOf(foreign), "NOT_FOUND");
  EXPECT_EQ(foreign.message(), missing.message());
  const CustomerId customer = MakeCustomer(a_, "one");
  EXPECT_THAT(AsUser(a_, &Collections::UpdateCollection, request, customer),
              ReasonIs("PERMISSION_DENIED"));
  EXPECT_EQ(Get()->schema_version(), 1u);
}

}  // namespace
}  // namespace kasbah::tenantdata
