// One person's rights where there is much of theirs, and what others are told of it.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "absl/strings/str_split.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/channel.h"
#include "services/tenant_data/rpc/record_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::HasSubstr;
using testing::ReasonIs;

class SubjectServiceTest : public RecordServiceTest {
 protected:
  using Subjects = subject::v1::SubjectService::Stub;

  // As many imports leave them: `count` records of "person-7", each of one version.
  void MakeMany(int count) {
    const std::string tenant = a_.uuid().ToString();
    const std::string collection = rules_a_->collection_id().uuid().ToString();
    const std::string given = StrCat(
        " FROM (SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid AS id, ",
        "jsonb_build_object('note', 'note ' || n) AS data FROM generate_series(1, ", count,
        ") AS n) AS made");
    test_->Execute(StrCat(
        "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
        "version, data, created_at, updated_at, subject) SELECT '",
        tenant, "', id, '", collection, "', 1, 1, data, now(), now(), 'person-7'", given));
    test_->Execute(StrCat(
        "INSERT INTO tenant_data.record_history (tenant_id, record_id, version, change, "
        "collection_id, schema_version, data, actor_kind, actor_id, request_id, changed_at) "
        "SELECT '",
        tenant, "', id, 1, 'created', '", collection, "', 1, data, 'user', 'u', '', now()", given));
  }
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase() {
    subject::v1::EraseSubjectRequest request;
    request.mutable_subject()->set_id("person-7");
    return AsOperator(a_, &Subjects::EraseSubject, request);
  }
  absl::Status MakeOne() {
    v1::CreateRecordRequest request;
    request.set_collection("countries");
    *request.mutable_values() = ToStruct({{"note", "one more"}});
    request.set_subject_id("person-7");
    return AsUser(a_, &Stub::CreateRecord, request).status();
  }
  // Of the change events, the types and sequences of each resource.
  std::map<std::string, std::vector<std::string>> ChangesByResource() {
    std::map<std::string, std::vector<std::string>> told;
    const std::string all = test_->QueryValue(
        "SELECT coalesce(string_agg(encode(payload, 'hex'), ',' ORDER BY id), '') "
        "FROM tenant_data.outbox WHERE topic = 'change'");
    const std::vector<std::string> payloads = absl::StrSplit(all, ',', absl::SkipEmpty());
    for (const std::string& hex : payloads) {
      outbox::v1::ChangeEvent event;
      EXPECT_TRUE(event.ParseFromString(*crypto::ParseHex(hex)));
      told[event.resource_id()].push_back(StrCat(event.type(), " ", event.sequence()));
    }
    return told;
  }
  int64_t AuditsOf(const std::string& action) {
    return Count(StrCat("tenant_data.outbox WHERE topic = 'audit' AND position('", action,
                        "'::bytea IN payload) > 0"));
  }
};

TEST_F(SubjectServiceTest, APersonOfManyRecordsIsErasedInPagesAndACallGoesOnWhereOneEnded) {
  constexpr int kMany = 9500;
  MakeMany(kMany);
  ASSERT_OK_AND_ASSIGN(const auto first, Erase());
  EXPECT_TRUE(first.more());
  EXPECT_EQ(first.erased().at("tenant_data.records.subject"), 8000u);
  EXPECT_EQ(Count("tenant_data.records"), kMany - 8000);
  // Nothing of theirs comes meanwhile; the share goes last.
  EXPECT_THAT(MakeOne(), ReasonIs("KEY_SHREDDED"));
  EXPECT_FALSE(shredder_.shredded.contains("person-7"));
  ASSERT_OK_AND_ASSIGN(const auto second, Erase());
  EXPECT_FALSE(second.more());
  EXPECT_EQ(second.erased().at("tenant_data.records.subject"), 1500u);
  EXPECT_TRUE(shredder_.shredded.contains("person-7"));
  EXPECT_EQ(Count("tenant_data.records"), 0);
  EXPECT_EQ(Count("tenant_data.record_history"), 0);
  // Each with its event, beside that of its page.
  EXPECT_EQ(Changes(), kMany);
  EXPECT_EQ(AuditsOf("subject.erase_rows"), 10);
  ASSERT_OK_AND_ASSIGN(const auto again, Erase());
  EXPECT_FALSE(again.more());
  EXPECT_EQ(again.erased().at("tenant_data.records.subject"), 0u);
}

TEST_F(SubjectServiceTest, APersonIsExportedInPagesWithWhatTheirRecordsWere) {
  MakeMany(450);
  ASSERT_OK(MakeOne());
  ASSERT_OK(Make(a_, {{"note", kCanary}}));
  std::map<std::string, std::set<std::string>> rows;
  subject::v1::ExportSubjectRequest request;
  request.mutable_subject()->set_id("person-7");
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsOperator(a_, &Subjects::ExportSubject, request));
    for (const auto& value : page.values()) {
      EXPECT_TRUE(rows[value.column()].insert(value.row_id()).second) << value.row_id();
      EXPECT_EQ(value.value().find(kCanary), std::string::npos);
    }
    EXPECT_LE(page.values_size(), 400);
    request.set_page_token(page.next_page_token());
    ASSERT_LT(++pages, 20);
  } while (!request.page_token().empty());
  EXPECT_EQ(rows["tenant_data.records.data"].size(), 451u);
  EXPECT_EQ(rows["tenant_data.records.subject"].size(), 451u);
  EXPECT_EQ(rows["tenant_data.record_history.data"].size(), 451u);
  // Said once for the whole.
  EXPECT_EQ(AuditsOf("subject.export"), 1);
  for (const char* token : {"x", "records|1|2", "nothing|0190a2c4-0000-4000-8000-0000000000aa|0"}) {
    request.set_page_token(token);
    EXPECT_THAT(AsOperator(a_, &Subjects::ExportSubject, request), ReasonIs("INVALID_FIELDS"));
  }
}

TEST_F(SubjectServiceTest, EachVersionOfARecordIsInItsPersonsExport) {
  v1::CreateRecordRequest create;
  create.set_collection("countries");
  *create.mutable_values() = ToStruct({{"iban", "first-iban"}});
  create.set_subject_id("person-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record made, AsUser(a_, &Stub::CreateRecord, create));
  ASSERT_OK(Change(a_, made, ToStruct({{"iban", "second-iban"}})));
  subject::v1::ExportSubjectRequest request;
  request.mutable_subject()->set_id("person-7");
  std::map<std::string, std::string> past;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsOperator(a_, &Subjects::ExportSubject, request));
    for (const auto& value : page.values()) {
      if (value.column() == "tenant_data.record_history.data") past[value.row_id()] = value.value();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(past[made.record_id() + "/1"], HasSubstr("first-iban"));
  EXPECT_THAT(past[made.record_id() + "/2"], HasSubstr("\"change\":\"updated\""));
  EXPECT_THAT(past[made.record_id() + "/2"], HasSubstr("second-iban"));
}

TEST_F(SubjectServiceTest, AnErasedCustomersSubscribersSeeEverySequence) {
  const CustomerId customer = MakeCustomer(a_, "person-7");
  ASSERT_OK(Erase());
  const std::string version = test_->QueryValue("SELECT version FROM tenant_data.customers");
  EXPECT_EQ(version, "2");
  EXPECT_THAT(ChangesByResource()[customer.ToString()],
              ::testing::ElementsAre("customer.updated 2"));
  EXPECT_EQ(AuditsOf("customer.update"), 1);
  ASSERT_OK(Erase());
  EXPECT_EQ(Changes(), 1);
}

TEST_F(SubjectServiceTest, ACallForOneCustomerIsRefusedBeforeAnythingIsDone) {
  const CustomerId customer = MakeCustomer(a_, "person-7");
  ASSERT_OK(MakeOne());
  const int64_t events = Audits() + Changes();
  CallContext call = CallContext::ForBackground("operator/ada", a_, CallDeadline());
  call.customer = customer;
  Subjects stub(ChannelOf("operator/ada"));
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("person-7");
  EXPECT_THAT(rpc::Invoke(call, stub, &Subjects::EraseSubject, erase),
              ReasonIs("PERMISSION_DENIED"));
  subject::v1::ExportSubjectRequest ask;
  ask.mutable_subject()->set_id("person-7");
  EXPECT_THAT(rpc::Invoke(call, stub, &Subjects::ExportSubject, ask),
              ReasonIs("PERMISSION_DENIED"));
  EXPECT_EQ(Count("tenant_data.erased_subjects"), 0);
  EXPECT_EQ(Count("tenant_data.records"), 1);
  EXPECT_EQ(Count("tenant_data.customers WHERE external_id = 'person-7'"), 1);
  // A refusal is noted where it is refused, and nothing else.
  EXPECT_EQ(AuditsOf("subject.e"), 0);
  EXPECT_EQ(Audits() + Changes() - AuditsOf("denied"), events);
}

}  // namespace
}  // namespace kasbah::tenantdata
