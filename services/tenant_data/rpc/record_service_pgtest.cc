#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/record_fixture.h"
#include "services/tenant_data/rpc/record_service.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;
TEST_F(RecordServiceTest, ARecordWithASealedValueComesBackWhole) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"alpha_2", "CH"}, {"iban", kCanary}}));
  EXPECT_EQ(made.etag(), "v1");
  EXPECT_EQ(TextOf(made, "iban"), kCanary);
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, made.record_id()));
  EXPECT_EQ(read.SerializeAsString().size(), made.SerializeAsString().size());
  EXPECT_EQ(TextOf(read, "iban"), kCanary);
  EXPECT_EQ(TextOf(read, "alpha_2"), "CH");
  for (const char* table : {"records", "record_history", "outbox"}) {
    EXPECT_EQ(Count(absl::StrCat("tenant_data.", table, " t WHERE t::text LIKE '%canary%' OR ",
                                 "t::text LIKE '%", crypto::Hex("canary"), "%'")),
              0)
        << table;
  }
}

TEST_F(RecordServiceTest, TheVaultIsAskedOnlyForWhatIsSealed) {
  ASSERT_OK_AND_ASSIGN(const v1::Record plain, Make(a_, {{"name", "x"}}));
  ASSERT_OK(Read(a_, plain.record_id()));
  EXPECT_EQ(vault_.calls, 0);
  ASSERT_OK(Make(a_, {{"name", "x"}, {"iban", "1"}}));
  ASSERT_OK(Make(a_, {{"name", "x"}, {"iban", "2"}}));
  EXPECT_EQ(vault_.calls, 2);
  v1::ListRecordsRequest list;
  list.set_collection("countries");
  *list.mutable_equals() = ToStruct({{"name", "x"}});
  ASSERT_OK_AND_ASSIGN(const v1::ListRecordsResponse page, AsUser(a_, &Stub::ListRecords, list));
  EXPECT_EQ(page.records_size(), 3);
  EXPECT_EQ(TextOf(page.records(2), "iban"), "2");
  EXPECT_EQ(vault_.calls, 3);
}

TEST_F(RecordServiceTest, ACiphertextMovedToAnotherRecordDoesNotOpen) {
  ASSERT_OK_AND_ASSIGN(const v1::Record one, Make(a_, {{"alpha_2", "AA"}, {"iban", "1"}}));
  ASSERT_OK(Make(a_, {{"alpha_2", "BB"}, {"iban", "2"}}));
  test_->Execute(
      "UPDATE tenant_data.records SET sealed = (SELECT sealed FROM tenant_data.records "
      "WHERE data->>'alpha_2' = 'BB') WHERE data->>'alpha_2' = 'AA'");
  EXPECT_THAT(Read(a_, one.record_id()), ReasonIs("SEALED_VALUE_UNREADABLE"));
}

TEST_F(RecordServiceTest, AVaultThatIsAwayRefusesTheWriteAndWritesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Record before, Make(a_, {{"name", "before"}, {"iban", "0"}}));
  const int64_t events = Count("tenant_data.outbox");
  vault_server_->Shutdown(std::chrono::system_clock::now());
  vault_server_->Wait();
  vault_server_ = nullptr;
  EXPECT_THAT(Make(a_, {{"name", "new"}, {"iban", "1"}}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Change(a_, before, ToStruct({{"name", "after"}, {"iban", "1"}})),
              StatusIs(absl::StatusCode::kUnavailable));
  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("countries");
  *batch.add_values() = ToStruct({{"name", "plain"}});
  *batch.add_values() = ToStruct({{"name", "sealed"}, {"iban", "1"}});
  EXPECT_THAT(AsUser(a_, &Stub::BatchCreateRecords, batch),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("tenant_data.records"), 1);
  EXPECT_EQ(Count("tenant_data.record_history"), 1);
  EXPECT_EQ(Count("tenant_data.outbox"), events);
  ASSERT_OK_AND_ASSIGN(const v1::Record still, Read(a_, before.record_id()));
  EXPECT_EQ(TextOf(still, "name"), "before");
  EXPECT_EQ(still.etag(), before.etag());
  EXPECT_OK(Make(a_, {{"name", "x"}}));
}

TEST_F(RecordServiceTest, AllViolationsReachTheCallerWithTheirPaths) {
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  auto& values = *request.mutable_values()->mutable_fields();
  values["population"].set_string_value("many");
  values["name"].set_number_value(1);
  values["extra"].set_bool_value(true);
  const auto refused = AsUser(a_, &Stub::CreateRecord, request);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  std::vector<std::string> paths;
  for (const Violation& v : DetailsOf(refused.status()).violations) paths.push_back(v.field);
  EXPECT_THAT(paths, ::testing::ElementsAre("values.name", "values.population", "values.extra"));
}

TEST_F(RecordServiceTest, AForeignRecordReadsLikeAnAbsentOne) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"name", "of a"}}));
  const absl::Status foreign = Read(b_, made.record_id()).status();
  const absl::Status absent = Read(b_, RecordId::New(absl::Now()).ToString()).status();
  EXPECT_THAT(foreign, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(foreign.message(), absent.message());
  EXPECT_EQ(ReasonOf(foreign), ReasonOf(absent));
  v1::ListRecordHistoryRequest history;
  history.set_record_id(made.record_id());
  EXPECT_THAT(AsUser(b_, &Stub::ListRecordHistory, history), ReasonIs("NOT_FOUND"));
}

TEST_F(RecordServiceTest, AnUpdateReplacesWhatItNamesAndKeepsTheRest) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made,
                       Make(a_, {{"name", "old"}, {"note", "gone"}, {"iban", "kept"}}));
  google::protobuf::Struct changes = ToStruct({{"name", "new"}});
  (*changes.mutable_fields())["note"].set_null_value({});
  ASSERT_OK_AND_ASSIGN(const v1::Record updated, Change(a_, made, changes));
  EXPECT_EQ(updated.etag(), "v2");
  EXPECT_EQ(TextOf(updated, "name"), "new");
  EXPECT_EQ(updated.values().fields().count("note"), 0u);
  EXPECT_EQ(TextOf(updated, "iban"), "kept");
  ASSERT_OK_AND_ASSIGN(const v1::Record resealed, Change(a_, updated, ToStruct({{"iban", "b"}})));
  EXPECT_EQ(TextOf(resealed, "iban"), "b");
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, made.record_id()));
  EXPECT_EQ(TextOf(read, "iban"), "b");
  EXPECT_THAT(Change(a_, made, ToStruct({{"name", "late"}})), ReasonIs("ETAG_MISMATCH"));

  v1::ListRecordHistoryRequest history;
  history.set_record_id(made.record_id());
  history.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, AsUser(a_, &Stub::ListRecordHistory, history));
  ASSERT_EQ(first.versions_size(), 2);
  EXPECT_EQ(first.versions(0).version(), 3u);
  EXPECT_TRUE(first.versions(0).values().fields().at("iban").has_null_value());
  EXPECT_EQ(first.versions(0).actor_kind(), "user");
  EXPECT_THAT(first.versions(0).changed_fields(), ::testing::ElementsAre("iban"));
  EXPECT_THAT(first.versions(1).changed_fields(), ::testing::ElementsAre("name", "note"));
  history.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto rest, AsUser(a_, &Stub::ListRecordHistory, history));
  ASSERT_EQ(rest.versions_size(), 1);
  EXPECT_EQ(rest.versions(0).change(), "created");
  EXPECT_THAT(rest.versions(0).changed_fields(), ::testing::ElementsAre("iban", "name", "note"));
  EXPECT_EQ(rest.next_page_token(), "");
}

TEST_F(RecordServiceTest, ARepeatedRequestIdReturnsTheFirstRecord) {
  const std::string id = "0190A2C4-0000-4000-8000-000000000001";
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"alpha_2", "CH"}, {"iban", "1"}}, id));
  ASSERT_OK_AND_ASSIGN(const v1::Record again, Make(a_, {{"iban", "1"}, {"alpha_2", "CH"}}, id));
  EXPECT_EQ(again.record_id(), made.record_id());
  EXPECT_EQ(TextOf(again, "iban"), "1");
  EXPECT_THAT(Make(a_, {{"alpha_2", "DE"}}, id), ReasonIs("REQUEST_ID_REUSED"));
  EXPECT_THAT(Make(a_, {{"alpha_2", "DE"}}, "x"), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordServiceTest, ABatchTakesTheGoodItemsAndNamesTheBad) {
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}}));
  v1::BatchCreateRecordsRequest request;
  request.set_collection("countries");
  request.set_request_id("0190a2c4-0000-4000-8000-000000000002");
  *request.add_values() = ToStruct({{"alpha_2", "AA"}, {"iban", "1"}});
  *request.add_values() = ToStruct({{"population", "many"}});
  *request.add_values() = ToStruct({{"alpha_2", "CH"}});
  *request.add_values() = ToStruct({{"alpha_2", "BB"}, {"iban", "2"}});
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::BatchCreateRecords, request));
  ASSERT_EQ(reply.items_size(), 4);
  EXPECT_EQ(reply.items(1).violations(0).field(), "values.population");
  EXPECT_EQ(reply.items(2).violations(0).rule(), "UNIQUE");
  EXPECT_EQ(reply.items(2).record_id(), "");
  ASSERT_OK_AND_ASSIGN(const v1::Record last, Read(a_, reply.items(3).record_id()));
  EXPECT_EQ(TextOf(last, "iban"), "2");
  EXPECT_EQ(vault_.calls, 2);
  ASSERT_OK_AND_ASSIGN(const auto again, AsUser(a_, &Stub::BatchCreateRecords, request));
  EXPECT_EQ(again.SerializeAsString(), reply.SerializeAsString());
  EXPECT_EQ(Count("tenant_data.records"), 3);
}

TEST_F(RecordServiceTest, AnItemOfABatchNamesItsFirstFaultsAndCountsTheOthers) {
  v1::BatchCreateRecordsRequest request;
  request.set_collection("countries");
  Values unknown;
  for (int i = 0; i < 240; ++i) unknown.emplace_back(absl::StrCat("unknown_", i), "x");
  for (int i = 0; i < 499; ++i) *request.add_values() = ToStruct(unknown);
  *request.add_values() = ToStruct({{"alpha_2", "AA"}});
  // In full they would not fit into a reply.
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::BatchCreateRecords, request));
  EXPECT_EQ(reply.items(0).violations_size(), 20);
  EXPECT_EQ(reply.items(0).more_violations(), 220u);
  EXPECT_NE(reply.items(499).record_id(), "");
}

TEST_F(RecordServiceTest, ListsArePagedAndTokensBelongToTheirFilter) {
  for (int i = 0; i < 5; ++i) ASSERT_OK(Make(a_, {{"name", "x"}}));
  v1::ListRecordsRequest request;
  request.set_collection(rules_a_->collection_id().ToString());
  request.set_page_size(2);
  int seen = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, request));
    seen += page.records_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, 5);
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, request));
  request.set_page_token(page.next_page_token());
  *request.mutable_equals() = ToStruct({{"name", "x"}});
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, request), ReasonIs("INVALID_FIELDS"));
  request.clear_page_token();
  *request.mutable_equals() = ToStruct({{"note", "x"}});
  const auto refused = AsUser(a_, &Stub::ListRecords, request);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).field, "equals.note");
}

TEST_F(RecordServiceTest, ACustomersCallStaysWithinItsCustomer) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK_AND_ASSIGN(const v1::Record mine, Make(a_, {{"name", "x"}}, "", one));
  EXPECT_EQ(mine.customer_id(), one.ToString());
  EXPECT_OK(Read(a_, mine.record_id(), one));
  EXPECT_THAT(Read(a_, mine.record_id(), two), ReasonIs("NOT_FOUND"));
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() = ToStruct({{"name", "x"}});
  request.set_customer_id(two.ToString());
  EXPECT_THAT(AsUser(a_, &Stub::CreateRecord, request, one), ReasonIs("NOT_FOUND"));
  v1::CreateCustomerRequest customer;
  customer.set_external_id("three");
  EXPECT_THAT(AsUser(a_, &v1::CustomerService::Stub::CreateCustomer, customer, one),
              ReasonIs("PERMISSION_DENIED"));
}

}  // namespace
}  // namespace kasbah::tenantdata
