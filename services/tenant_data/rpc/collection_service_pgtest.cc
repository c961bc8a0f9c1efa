#include "services/tenant_data/rpc/collection_service.h"

#include "absl/strings/str_split.h"
#include "libs/base/strings.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"
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

class CollectionServiceTest : public TenantDataServerTest {
 protected:
  absl::StatusOr<v1::Collection> Get(TenantId tenant = {}) {
    v1::GetCollectionRequest request;
    request.set_collection("countries");
    return AsUser(tenant.is_nil() ? a_ : tenant, &Collections::GetCollection, request);
  }
  // A request that would leave the collection as it is.
  v1::UpdateCollectionRequest Unchanged() {
    const v1::Collection collection = *Get();
    v1::UpdateCollectionRequest request;
    request.set_collection(collection.collection_id());
    request.set_etag(collection.etag());
    request.set_display_name(collection.display_name());
    *request.mutable_fields() = collection.fields();
    *request.mutable_groups() = collection.groups();
    return request;
  }
  static v1::Field* FieldOf(v1::UpdateCollectionRequest& request, const std::string& key) {
    for (v1::Field& field : *request.mutable_fields()) {
      if (field.key() == key) return &field;
    }
    v1::Field* added = request.add_fields();
    added->set_key(key);
    added->set_type(v1::FIELD_TYPE_TEXT);
    return added;
  }
  static void Retire(v1::UpdateCollectionRequest& request, const std::string& key) {
    for (int i = 0; i < request.fields_size(); ++i) {
      if (request.fields(i).key() == key) return request.mutable_fields()->DeleteSubrange(i, 1);
    }
  }
  absl::StatusOr<v1::UpdateCollectionResponse> Update(const v1::UpdateCollectionRequest& request) {
    return AsUser(a_, &Collections::UpdateCollection, request);
  }
  absl::StatusOr<v1::Record> Make(const google::protobuf::Struct& values,
                                  const std::string& collection = "countries",
                                  const std::string& customer = "") {
    v1::CreateRecordRequest request;
    request.set_collection(collection);
    *request.mutable_values() = values;
    request.set_customer_id(customer);
    return AsUser(a_, &Records::CreateRecord, request);
  }
  absl::StatusOr<v1::Record> Change(const v1::Record& record, const Values& values) {
    v1::UpdateRecordRequest request;
    request.set_record_id(record.record_id());
    request.set_etag(record.etag());
    *request.mutable_values() = ToStruct(values);
    return AsUser(a_, &Records::UpdateRecord, request);
  }
  absl::StatusOr<v1::Record> Read(const std::string& id) {
    v1::GetRecordRequest request;
    request.set_record_id(id);
    return AsUser(a_, &Records::GetRecord, request);
  }
  absl::StatusOr<v1::Collection> MakeCollection(const std::string& key,
                                                const std::vector<v1::Field>& fields) {
    v1::CreateCollectionRequest request;
    request.set_key(key);
    for (const v1::Field& field : fields) *request.add_fields() = field;
    return AsUser(a_, &Collections::CreateCollection, request);
  }
  static v1::Field Described(const std::string& key, v1::FieldType type) {
    v1::Field field;
    field.set_key(key);
    field.set_type(type);
    return field;
  }
  // Types of the change events since the test began to make any.
  std::vector<std::string> EventTypes() {
    std::vector<std::string> types;
    const std::string all = test_->QueryValue(
        "SELECT coalesce(string_agg(encode(payload, 'hex'), ',' ORDER BY id), '') "
        "FROM tenant_data.outbox WHERE topic = 'change'");
    for (const absl::string_view hex : absl::StrSplit(all, ',', absl::SkipEmpty())) {
      outbox::v1::ChangeEvent event;
      EXPECT_TRUE(event.ParseFromString(*crypto::ParseHex(FromAbsl(hex))));
      types.push_back(event.type());
    }
    return types;
  }
};

TEST_F(CollectionServiceTest, ADefinitionOfEveryTypeReadsBack) {
  v1::CreateCollectionRequest request;
  request.set_key("everything");
  for (int type = v1::FIELD_TYPE_TEXT; type <= v1::FieldType_MAX; ++type) {
    v1::Field* field = request.add_fields();
    field->set_key(StrCat("f", type));
    field->set_type(static_cast<v1::FieldType>(type));
    field->set_group("all");
    field->set_sensitive(true);
    if (type == v1::FIELD_TYPE_REFERENCE) field->set_reference_collection("everything");
    if (type == v1::FIELD_TYPE_CHOICE || type == v1::FIELD_TYPE_MULTI_CHOICE) {
      field->add_choices("a");
      field->add_choices("b");
    }
  }
  request.mutable_fields(1)->mutable_default_value()->set_number_value(7);
  request.mutable_fields(11)->mutable_default_value()->mutable_list_value()->add_values()
      ->set_string_value("b");
  v1::FieldGroup* group = request.add_groups();
  group->set_key("all");
  group->set_display_name("All of them");
  ASSERT_OK_AND_ASSIGN(const v1::Collection made,
                       AsUser(a_, &Collections::CreateCollection, request));
  v1::GetCollectionRequest get;
  get.set_collection("everything");
  ASSERT_OK_AND_ASSIGN(v1::Collection read, AsUser(a_, &Collections::GetCollection, get));
  EXPECT_EQ(read.groups(0).fields_size(), 15);
  EXPECT_EQ(read.fields(12).reference_collection(), read.collection_id());
  // The clock that made it is finer than the database's.
  *read.mutable_create_time() = made.create_time();
  *read.mutable_update_time() = made.update_time();
  EXPECT_EQ(read.DebugString(), made.DebugString());
  ASSERT_OK_AND_ASSIGN(const v1::Record record,
                       Make(google::protobuf::Struct::default_instance(), "everything"));
  EXPECT_EQ(record.values().fields().at("f2").number_value(), 7);
  EXPECT_EQ(record.values().fields().at("f12").list_value().values(0).string_value(), "b");
}

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
  EXPECT_EQ(Get()->fields_size(), 7);
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
  EXPECT_THAT(fields, ElementsAre("fields[6].reference_collection", "fields[1].pattern",
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
  ASSERT_OK(IndexBuilder(*database_, *door_, Clock::Real()).RunOnce());
  EXPECT_EQ(Get()->fields(3).index_state(), v1::INDEX_STATE_READY);
  // A write that finds an old definition in the cache clears it.
  ASSERT_OK(Make(ToStruct({{"note", "y"}})));
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Records::ListRecords, list));
  EXPECT_EQ(page.records_size(), 1);
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

TEST_F(CollectionServiceTest, AReferenceNamesARecordThatIsThere) {
  v1::Field capital = Described("capital", v1::FIELD_TYPE_REFERENCE);
  capital.set_reference_collection("countries");
  ASSERT_OK(MakeCollection("cities", {capital}));
  ASSERT_OK_AND_ASSIGN(const v1::Record target, Make(ToStruct({{"name", "x"}})));
  ASSERT_OK_AND_ASSIGN(const v1::Record city,
                       Make(ToStruct({{"capital", target.record_id()}}), "cities"));
  ASSERT_OK_AND_ASSIGN(const RecordId foreign, Create(b_, {{"name", "of b"}}));
  const std::string mine = MakeCustomer(a_, "one").ToString();
  ASSERT_OK_AND_ASSIGN(const v1::Record anothers,
                       Make(ToStruct({{"name", "x"}}), "countries",
                            MakeCustomer(a_, "two").ToString()));
  const std::string absent = RecordId::New(absl::Now()).ToString();
  std::string told;
  for (const std::string& id :
       {foreign.ToString(), absent, city.record_id(), anothers.record_id()}) {
    const auto refused = Make(ToStruct({{"capital", id}}), "cities", mine);
    ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
    const Violation violation = DetailsOf(refused.status()).violations.at(0);
    EXPECT_EQ(violation.field, "values.capital");
    EXPECT_EQ(violation.rule, "REFERENCE");
    if (told.empty()) told = FromAbsl(refused.status().message());
    EXPECT_EQ(FromAbsl(refused.status().message()), told);
  }
  EXPECT_OK(Make(ToStruct({{"capital", anothers.record_id()}}), "cities",
                 anothers.customer_id()));
  EXPECT_THAT(Change(city, {{"capital", absent}}), ReasonIs("INVALID_FIELDS"));
  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("cities");
  *batch.add_values() = ToStruct({{"capital", absent}});
  *batch.add_values() = ToStruct({{"capital", target.record_id()}});
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Records::BatchCreateRecords, batch));
  EXPECT_EQ(reply.items(0).violations(0).rule(), "REFERENCE");
  EXPECT_NE(reply.items(1).record_id(), "");
}

TEST_F(CollectionServiceTest, SensitiveValuesStayOutOfEvents) {
  v1::Field salary = Described("salary", v1::FIELD_TYPE_INTEGER);
  salary.set_sensitive(true);
  ASSERT_OK(MakeCollection("people", {salary, Described("name", v1::FIELD_TYPE_TEXT)}));
  ASSERT_OK_AND_ASSIGN(const v1::Record record,
                       Make(ToStruct({{"salary", "123456789"}, {"name", "x"}}), "people"));
  EXPECT_EQ(record.values().fields().at("salary").number_value(), 123456789);
  const auto event = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(event.data().fields().at("values").struct_value().fields().count("salary"), 0u);
  EXPECT_EQ(event.data().fields().at("values").struct_value().fields().count("name"), 1u);
  EXPECT_EQ(Count("tenant_data.outbox WHERE encode(payload, 'escape') LIKE '%123456789%'"), 0);
}

TEST_F(CollectionServiceTest, AMegabyteOfTextIsKeptAndItsEventSaysSo) {
  ASSERT_OK(MakeCollection("pages", {Described("body", v1::FIELD_TYPE_LONG_TEXT)}));
  const std::string body(1024 * 1024, 'x');
  ASSERT_OK_AND_ASSIGN(const v1::Record record, Make(ToStruct({{"body", body}}), "pages"));
  EXPECT_EQ(Read(record.record_id())->values().fields().at("body").string_value(), body);
  const auto event = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_TRUE(event.data().fields().at("values_omitted").bool_value());
  EXPECT_THAT(Make(ToStruct({{"body", body + "x"}}), "pages"), ReasonIs("INVALID_FIELDS"));
}

TEST_F(CollectionServiceTest, AThousandFieldsCanBeDefinedAndChanged) {
  std::vector<v1::Field> fields;
  for (int i = 0; i < 1000; ++i) {
    fields.push_back(Described(StrCat("f", i), v1::FIELD_TYPE_TEXT));
  }
  ASSERT_OK_AND_ASSIGN(const v1::Collection made, MakeCollection("wide", fields));
  v1::UpdateCollectionRequest request;
  request.set_collection("wide");
  request.set_etag(made.etag());
  *request.mutable_fields() = made.fields();
  request.mutable_fields(999)->set_required(true);
  ASSERT_OK_AND_ASSIGN(const auto updated, Update(request));
  EXPECT_TRUE(updated.collection().fields(999).required());
  fields.push_back(Described("more", v1::FIELD_TYPE_TEXT));
  EXPECT_THAT(MakeCollection("wider", fields), ReasonIs("INVALID_FIELDS"));
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
