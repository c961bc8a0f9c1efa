// Lists by filter and order, sealed values that are searched, and a vault that is away.
#include <thread>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "services/tenant_data/rpc/record_fixture.h"
#include "services/tenant_data/store/erased_subjects.h"
#include "services/tenant_data/store/subject_store.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReasonIs;
using testing::StatusIs;

class RecordSearchTest : public RecordServiceTest {
 protected:
  v1::ListRecordsRequest ListOf(const std::string& filter, const std::string& order = "",
                                int size = 100) {
    v1::ListRecordsRequest request;
    request.set_collection("countries");
    request.set_filter(filter);
    request.set_order_by(order);
    request.set_page_size(size);
    return request;
  }
  // Notes of every page.
  std::vector<std::string> Search(TenantId tenant, v1::ListRecordsRequest request,
                                  std::optional<CustomerId> customer = std::nullopt) {
    std::vector<std::string> notes;
    do {
      const auto page = AsUser(tenant, &Stub::ListRecords, request, customer);
      EXPECT_OK(page);
      if (!page.ok()) return notes;
      EXPECT_LE(page->records_size(), request.page_size());
      for (const v1::Record& record : page->records()) notes.push_back(TextOf(record, "note"));
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return notes;
  }
};

TEST_F(RecordSearchTest, PagesGoOverTheEndOfTheValues) {
  ASSERT_OK(Make(a_, {{"note", "none1"}}));
  for (const char* count : {"3", "1", "2"}) {
    ASSERT_OK(Make(a_, {{"note", count}, {"population", count}}));
  }
  ASSERT_OK(Make(a_, {{"note", "none2"}}));
  for (const int size : {1, 2, 3, 4, 5, 6}) {
    EXPECT_THAT(Search(a_, ListOf("", "population", size)),
                ElementsAre("1", "2", "3", "none1", "none2"))
        << size;
    EXPECT_THAT(Search(a_, ListOf("", "population desc", size)),
                ElementsAre("3", "2", "1", "none1", "none2"));
    EXPECT_THAT(Search(a_, ListOf("population >= 2", "population", size)), ElementsAre("2", "3"));
  }
}

TEST_F(RecordSearchTest, FilterAndEqualsHoldTogether) {
  ASSERT_OK(Make(a_, {{"note", "1"}, {"name", "x"}, {"population", "1"}}));
  ASSERT_OK(Make(a_, {{"note", "2"}, {"name", "x"}, {"population", "2"}}));
  v1::ListRecordsRequest request = ListOf("population = 2 OR population = 3");
  *request.mutable_equals() = ToStruct({{"name", "x"}});
  EXPECT_THAT(Search(a_, request), ElementsAre("2"));
}

TEST_F(RecordSearchTest, ATokenBelongsToTenantCustomerCollectionFilterAndOrder) {
  const CustomerId one = MakeCustomer(a_, "one");
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(Make(a_, {{"name", "x"}, {"population", "1"}}, "", one));
    ASSERT_OK(Make(b_, {{"name", "x"}, {"population", "1"}}));
  }
  v1::ListRecordsRequest request = ListOf("name = \"x\"", "population", 1);
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, request));
  request.set_page_token(page.next_page_token());
  EXPECT_OK(AsUser(a_, &Stub::ListRecords, request));
  EXPECT_THAT(AsUser(b_, &Stub::ListRecords, request), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, request, one), ReasonIs("INVALID_FIELDS"));
  v1::ListRecordsRequest other = request;
  other.set_filter("name = \"y\"");
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, other), ReasonIs("INVALID_FIELDS"));
  other = request;
  other.set_order_by("population desc");
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, other), ReasonIs("INVALID_FIELDS"));
  other = request;
  other.mutable_page_token()->front() ^= 1;
  const auto refused = AsUser(a_, &Stub::ListRecords, other);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(refused.status()).violations.at(0).field, "page_token");
  // Another replica has the same key.
  CursorKeys replica(*database_);
  EXPECT_TRUE((*replica.Get(Call(a_)))->Equals(**cursor_keys_->Get(Call(a_))));
  EXPECT_EQ(Count("tenant_data.cursor_keys"), 2);
}

TEST_F(RecordSearchTest, OneCustomersRecordsAloneWhereTheyAreAskedFor) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  const CustomerId foreign = MakeCustomer(b_, "one");
  ASSERT_OK(Make(a_, {{"note", "1"}, {"name", "x"}}, "", one));
  ASSERT_OK(Make(a_, {{"note", "2"}, {"name", "x"}}, "", two));
  ASSERT_OK(Make(a_, {{"note", "nobody's"}, {"name", "x"}}));
  v1::ListRecordsRequest request = ListOf("name = \"x\"", "name");
  request.set_include_total(true);
  request.set_customer_id(one.ToString());
  EXPECT_THAT(Search(a_, request), ElementsAre("1"));
  EXPECT_THAT(Search(a_, request, one), ElementsAre("1"));
  EXPECT_EQ((*AsUser(a_, &Stub::ListRecords, request)).total_size(), 1);
  // Of another than the call's own there is nothing, like of another tenant's.
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, request, two), StatusIs(absl::StatusCode::kNotFound));
  request.set_customer_id(foreign.ToString());
  EXPECT_THAT(Search(a_, request), IsEmpty());
  request.set_customer_id("one");
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, request), ReasonIs("INVALID_FIELDS"));
  // A token is of the customer that it was made for.
  request = ListOf("", "", 1);
  request.set_customer_id(two.ToString());
  ASSERT_OK(Make(a_, {{"note", "3"}}, "", two));
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, request));
  request.set_page_token(page.next_page_token());
  EXPECT_OK(AsUser(a_, &Stub::ListRecords, request));
  request.set_customer_id(one.ToString());
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordSearchTest, RefusalsNameFilterAndOrder) {
  const auto field_of = [&](const v1::ListRecordsRequest& request) {
    const auto refused = AsUser(a_, &Stub::ListRecords, request);
    EXPECT_THAT(refused, ReasonIs("INVALID_FIELDS"));
    const Violation violation = DetailsOf(refused.status()).violations.at(0);
    return violation.field + " " + violation.rule + " " + violation.description;
  };
  EXPECT_EQ(field_of(ListOf("note = \"x\"")),
            "filter UNINDEXED at 1: note is not an indexed field");
  EXPECT_THAT(field_of(ListOf("population = ")), HasSubstr("filter SYNTAX at 14"));
  EXPECT_THAT(field_of(ListOf("", "note")), HasSubstr("order_by UNINDEXED"));
  EXPECT_THAT(field_of(ListOf("", "passport")), HasSubstr("order_by UNINDEXED"));
  EXPECT_THAT(field_of(ListOf("", "nope desc")), HasSubstr("order_by UNKNOWN_FIELD"));
  EXPECT_THAT(field_of(ListOf("", "name; DROP TABLE x")), HasSubstr("order_by SYNTAX"));
}

TEST_F(RecordSearchTest, TotalsComeWhenTheyAreAskedFor) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(Make(a_, {{"name", "x"}}));
  v1::ListRecordsRequest request = ListOf("name = \"x\"", "", 1);
  EXPECT_EQ((*AsUser(a_, &Stub::ListRecords, request)).total_size(), 0);
  request.set_include_total(true);
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, request));
  EXPECT_EQ(page.total_size(), 3);
  EXPECT_FALSE(page.total_is_at_least());
}

TEST_F(RecordSearchTest, ASealedValueIsFoundByItselfAlone) {
  ASSERT_OK(Make(a_, {{"note", "1"}, {"passport", kCanary}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record two, Make(a_, {{"note", "2"}, {"passport", "P2"}}));
  ASSERT_OK(Make(b_, {{"note", "b"}, {"passport", kCanary}}));
  const std::string canary = absl::StrCat("passport = \"", kCanary, "\"");
  EXPECT_THAT(Search(a_, ListOf(canary)), ElementsAre("1"));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P3\"")), IsEmpty());
  EXPECT_THAT(Search(a_, ListOf("NOT " + canary)), ElementsAre("2"));
  v1::ListRecordsRequest by_equals = ListOf("");
  *by_equals.mutable_equals() = ToStruct({{"passport", "P2"}});
  EXPECT_THAT(Search(a_, by_equals), ElementsAre("2"));
  for (const char* table : {"records", "record_history", "record_index", "outbox"}) {
    EXPECT_EQ(Count(absl::StrCat("tenant_data.", table, " t WHERE t::text LIKE '%canary%' OR ",
                                 "t::text LIKE '%", crypto::Hex("canary"), "%'")),
              0)
        << table;
  }
  // It is kept up to date with the value.
  ASSERT_OK_AND_ASSIGN(const v1::Record changed, Change(a_, two, ToStruct({{"passport", "P3"}})));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P2\"")), IsEmpty());
  EXPECT_THAT(Search(a_, ListOf("passport = \"P3\"")), ElementsAre("2"));
  ASSERT_OK(Change(a_, changed, ToStruct({{"note", "still 2"}})));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P3\"")), ElementsAre("still 2"));
  v1::DeleteRecordRequest remove;
  remove.set_record_id(two.record_id());
  ASSERT_OK(AsUser(a_, &Stub::DeleteRecord, remove));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P3\"")), IsEmpty());
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_blind IS NOT NULL"), 2);
}

TEST_F(RecordSearchTest, EqualValuesOfTwoFieldsOrTenantsHaveNothingInCommon) {
  ASSERT_OK(Make(a_, {{"passport", "same"}}));
  ASSERT_OK(Make(a_, {{"passport", "same"}}));
  ASSERT_OK(Make(b_, {{"passport", "same"}}));
  EXPECT_EQ(Count("(SELECT DISTINCT v_blind FROM tenant_data.record_index "
                  "WHERE v_blind IS NOT NULL) d"),
            2);
  EXPECT_EQ(test_->QueryValue("SELECT DISTINCT length(v_blind) FROM tenant_data.record_index "
                              "WHERE v_blind IS NOT NULL"),
            "20");
}

TEST_F(RecordSearchTest, WhatWasIndexedBeforeARotationIsStillFound) {
  ASSERT_OK(Make(a_, {{"note", "old"}, {"passport", "P"}}));
  vault_.index_version = 3;
  ASSERT_OK(Make(a_, {{"note", "new"}, {"passport", "P"}}));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P\"")), ElementsAre("old", "new"));
}

TEST_F(RecordSearchTest, WhatWasIndexedManyRotationsAgoIsStillFound) {
  ASSERT_OK(Make(a_, {{"note", "first"}, {"passport", "P"}}));
  vault_.index_version = 700;
  ASSERT_OK(Make(a_, {{"note", "middle"}, {"passport", "P"}}));
  vault_.index_version = 1500;
  EXPECT_THAT(Search(a_, ListOf("passport = \"P\"")), ElementsAre("first", "middle"));
  EXPECT_THAT(Search(a_, ListOf("passport = \"P\" OR passport = \"Q\"")),
              ElementsAre("first", "middle"));
}

TEST_F(RecordSearchTest, OnlyADestroyedVersionIsPassedOver) {
  ASSERT_OK(Make(a_, {{"note", "lost"}, {"passport", "P"}}));
  vault_.index_version = 2;
  ASSERT_OK(Make(a_, {{"note", "there"}, {"passport", "P"}}));
  vault_.index_version = 3;
  vault_.refused_version = 1;
  vault_.index_error = "NOT_FOUND";
  EXPECT_THAT(Search(a_, ListOf("passport = \"P\"")), ElementsAre("there"));
  vault_.index_error = "KEY_UNAVAILABLE";
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, ListOf("passport = \"P\"")),
              StatusIs(absl::StatusCode::kInternal));
}

TEST_F(RecordSearchTest, SealingAndIndexingAreOneCallEachForAWholeBatch) {
  v1::BatchCreateRecordsRequest request;
  request.set_collection("countries");
  for (int i = 0; i < 20; ++i) {
    *request.add_values() = ToStruct({{"iban", "i"}, {"passport", absl::StrCat(i)}});
  }
  ASSERT_OK(AsUser(a_, &Stub::BatchCreateRecords, request));
  EXPECT_EQ(vault_.calls, 1);
  EXPECT_EQ(vault_.index_calls, 1);
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_blind IS NOT NULL"), 20);
}

TEST_F(RecordSearchTest, WhileTheVaultIsAwayOtherValuesComeAndSealedOnesAreNamed) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made,
                       Make(a_, {{"name", "x"}, {"iban", "I"}, {"passport", "P"}}));
  vault_server_->Shutdown(std::chrono::system_clock::now());
  vault_server_->Wait();
  vault_server_ = nullptr;
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, made.record_id()));
  EXPECT_EQ(TextOf(read, "name"), "x");
  EXPECT_EQ(read.values().fields().count("iban"), 0u);
  ASSERT_EQ(read.unavailable_size(), 2);
  EXPECT_EQ(read.unavailable(0).reason(), "VAULT_UNAVAILABLE");
  std::set<std::string> fields = {read.unavailable(0).field(), read.unavailable(1).field()};
  EXPECT_THAT(fields, ElementsAre("values.iban", "values.passport"));
  ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Stub::ListRecords, ListOf("name = \"x\"")));
  EXPECT_EQ(page.records(0).unavailable_size(), 2);
  // What is asked about or written needs it.
  EXPECT_THAT(AsUser(a_, &Stub::ListRecords, ListOf("passport = \"P\"")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Change(a_, made, ToStruct({{"name", "y"}, {"iban", "J"}})),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("tenant_data.record_history"), 1);
  ASSERT_OK_AND_ASSIGN(const v1::Record changed, Change(a_, made, ToStruct({{"name", "y"}})));
  EXPECT_EQ(changed.unavailable_size(), 2);
}

TEST_F(RecordSearchTest, ErasingASubjectTakesTheirRecordsAndTheirKey) {
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() =
      ToStruct({{"alpha_2", "CH"}, {"iban", "I"}, {"passport", "P"}, {"note", kCanary}});
  request.set_subject_id("patient-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record theirs, AsUser(a_, &Stub::CreateRecord, request));
  EXPECT_EQ(theirs.subject_id(), "patient-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, theirs.record_id()));
  EXPECT_EQ(TextOf(read, "iban"), "I");
  ASSERT_OK(Make(a_, {{"note", "another's"}, {"passport", "P"}}));

  subject::v1::ExportSubjectRequest of;
  of.mutable_subject()->set_id("patient-7");
  using Subjects = subject::v1::SubjectService::Stub;
  ASSERT_OK_AND_ASSIGN(const auto exported, AsOperator(a_, &Subjects::ExportSubject, of));
  ASSERT_EQ(exported.values_size(), 2);
  EXPECT_THAT(exported.values(1).value(), HasSubstr("\"passport\":\"P\""));

  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("patient-7");
  ASSERT_OK_AND_ASSIGN(const auto erased, AsOperator(a_, &Subjects::EraseSubject, erase));
  EXPECT_EQ(erased.erased().at("tenant_data.records.subject"), 1u);
  EXPECT_TRUE(shredder_.shredded.contains("patient-7"));
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "record.purged");
  for (const char* table : {"records", "record_history", "record_index", "record_unique"}) {
    EXPECT_EQ(Count(absl::StrCat("tenant_data.", table, " WHERE record_id = '",
                                 RecordId::Parse(theirs.record_id())->uuid().ToString(), "'")),
              0)
        << table;
  }
  v1::ListRecordsRequest search = ListOf("passport = \"P\"");
  EXPECT_THAT(Search(a_, search), ElementsAre("another's"));
  ASSERT_OK_AND_ASSIGN(const auto again, AsOperator(a_, &Subjects::EraseSubject, erase));
  EXPECT_EQ(again.erased().at("tenant_data.records.subject"), 0u);
  EXPECT_THAT(AsUser(a_, &Stub::CreateRecord, request), ReasonIs("KEY_SHREDDED"));
}

TEST_F(RecordSearchTest, ARecordOfSomebodyErasedIsRefusedThoughNothingOfItIsSealed) {
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() = ToStruct({{"name", "x"}});
  request.set_subject_id("patient-7");
  ASSERT_OK(AsUser(a_, &Stub::CreateRecord, request));
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("patient-7");
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(AsOperator(a_, &subject::v1::SubjectService::Stub::EraseSubject, erase));
  }
  EXPECT_THAT(AsUser(a_, &Stub::CreateRecord, request), ReasonIs("KEY_SHREDDED"));
  EXPECT_EQ(vault_.calls, 0);
  EXPECT_EQ(Count("tenant_data.records"), 0);
  // Another's, nobody's, and another tenant's of the same id.
  ASSERT_OK(AsUser(b_, &Stub::CreateRecord, request));
  request.set_subject_id("patient-8");
  ASSERT_OK(AsUser(a_, &Stub::CreateRecord, request));
  request.set_subject_id("");
  ASSERT_OK(AsUser(a_, &Stub::CreateRecord, request));
  EXPECT_EQ(Count("tenant_data.erased_subjects"), 1);
  EXPECT_EQ(Count("tenant_data.erased_subjects WHERE encode(digest, 'escape') LIKE '%patient%'"),
            0);
}

TEST_F(RecordSearchTest, ARecordThatIsWrittenWhileItsSubjectIsErasedIsRefused) {
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() = ToStruct({{"name", "x"}});
  request.set_subject_id("patient-7");
  absl::StatusOr<v1::Record> made;
  std::thread creating;
  const CallContext call = Call(a_);
  EXPECT_OK(database_->WithTenantUnaudited(
      call, postgres::UnauditedToken::ForBookkeeping(), [&](postgres::Transaction& tx) {
        erased_subjects::Add(tx, call, "patient-7");
        EXPECT_OK(SubjectStore().HoldRecords(tx, call, "patient-7", 10).Await());
        creating = std::thread([&] { made = AsUser(a_, &Stub::CreateRecord, request); });
        // It waits for this transaction, or it would not see it.
        EXPECT_TRUE(test_->AwaitBlocked(1));
        return absl::OkStatus();
      }));
  creating.join();
  EXPECT_THAT(made, ReasonIs("KEY_SHREDDED"));
  EXPECT_EQ(Count("tenant_data.records"), 0);
}

TEST_F(RecordSearchTest, WhatIsLeftOfAShreddedSubjectIsNamedAsErased) {
  v1::CreateRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() = ToStruct({{"name", "x"}, {"iban", "I"}});
  request.set_subject_id("patient-8");
  ASSERT_OK_AND_ASSIGN(const v1::Record theirs, AsUser(a_, &Stub::CreateRecord, request));
  // As after a restore of the database from before.
  shredder_.shredded.insert("patient-8");
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, theirs.record_id()));
  ASSERT_EQ(read.unavailable_size(), 1);
  EXPECT_EQ(read.unavailable(0).reason(), "KEY_SHREDDED");
}

}  // namespace
}  // namespace kasbah::tenantdata
