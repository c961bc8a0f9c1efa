#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using Collections = v1::CollectionService::Stub;
using Records = v1::RecordService::Stub;

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
  request.mutable_fields(11)
      ->mutable_default_value()
      ->mutable_list_value()
      ->add_values()
      ->set_string_value("b");
  v1::FieldGroup* group = request.add_groups();
  group->set_key("all");
  group->set_display_name("All of them");
  ASSERT_OK_AND_ASSIGN(const v1::Collection made,
                       AsUser(a_, &Collections::CreateCollection, request));
  v1::GetCollectionRequest get;
  get.set_collection("everything");
  ASSERT_OK_AND_ASSIGN(v1::Collection read, AsUser(a_, &Collections::GetCollection, get));
  EXPECT_EQ(read.groups(0).fields_size(), 16);
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

TEST_F(CollectionServiceTest, AnOrderByARequiredFieldWithADefaultHasRecordsFromBeforeIt) {
  for (const char* name : {"a", "b", "c"}) ASSERT_OK(Make(ToStruct({{"name", name}})));
  v1::UpdateCollectionRequest change = Unchanged();
  v1::Field* state = FieldOf(change, "state");
  state->set_required(true);
  state->set_indexed(true);
  state->mutable_default_value()->set_string_value("open");
  ASSERT_OK(Update(change));
  ASSERT_OK(Make(ToStruct({{"name", "new"}})));
  const auto names = [&] {
    v1::ListRecordsRequest list;
    list.set_collection("countries");
    list.set_order_by("state");
    list.set_page_size(2);
    std::string listed;
    do {
      const auto page = AsUser(a_, &Records::ListRecords, list);
      EXPECT_OK(page);
      if (!page.ok()) break;
      for (const v1::Record& record : page->records()) {
        listed += record.values().fields().at("name").string_value() + " ";
      }
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    return listed;
  };
  EXPECT_EQ(names(), "new a b c ");
  // Without its default nothing may lack it.
  change = Unchanged();
  FieldOf(change, "state")->clear_default_value();
  EXPECT_THAT(Update(change), ReasonIs("RECORDS_BREAK_DEFINITION"));
  EXPECT_EQ(names(), "new a b c ");
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
  ASSERT_OK_AND_ASSIGN(const v1::Record anothers, Make(ToStruct({{"name", "x"}}), "countries",
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
  EXPECT_OK(Make(ToStruct({{"capital", anothers.record_id()}}), "cities", anothers.customer_id()));
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

}  // namespace
}  // namespace kasbah::tenantdata
