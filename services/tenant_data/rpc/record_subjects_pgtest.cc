// Whose data records are that come in batches and files, or whose subject is named later.
#include <gmock/gmock.h>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "services/tenant_data/rpc/record_import_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using testing::ReasonIs;

class RecordSubjectsTest : public RecordImportTest {
 protected:
  using Subjects = subject::v1::SubjectService::Stub;

  Said ImportOf(const std::string& file, v1::LineFormat format = v1::LINE_FORMAT_JSON_LINES,
                const std::string& id = kId) {
    Options options;
    options.format = format;
    options.import_id = id;
    options.subject_member = "person";
    return Import(a_, file, options);
  }
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(const std::string& subject) {
    subject::v1::EraseSubjectRequest request;
    request.mutable_subject()->set_id(subject);
    return AsOperator(a_, &Subjects::EraseSubject, request);
  }
  uint64_t Erased(const std::string& subject) {
    const auto erased = Erase(subject);
    EXPECT_OK(erased);
    return erased.ok() ? erased->erased().at("tenant_data.records.subject") : 0;
  }
  std::string IdOf(const std::string& alpha_2) {
    const std::string uuid = test_->QueryValue(
        "SELECT record_id FROM tenant_data.records WHERE data->>'alpha_2' = '" + alpha_2 + "'");
    return RecordId(*Uuid::Parse(uuid)).ToString();
  }
  static v1::BatchCreateRecordsRequest BatchOf(const std::vector<std::string>& subjects) {
    v1::BatchCreateRecordsRequest request;
    request.set_collection("countries");
    for (const std::string& subject : subjects) {
      *request.add_values() = ToStruct({{"iban", "I"}, {"note", "of " + subject}});
      request.add_subject_ids(subject);
    }
    return request;
  }
};

TEST_F(RecordSubjectsTest, APersonsLinesAreSealedForThemAndGoWithThem) {
  const Said said = ImportOf(
      "{\"alpha_2\": \"CH\", \"iban\": \"I\", \"person\": \"person-7\"}\n"
      "{\"alpha_2\": \"DE\", \"iban\": \"J\", \"person\": \"person-8\"}\n"
      "{\"alpha_2\": \"FR\", \"iban\": \"K\", \"person\": null}\n"
      "{\"alpha_2\": \"LI\", \"note\": \"x\", \"person\": \"person-7\"}\n");
  ASSERT_OK(said.status);
  EXPECT_EQ(said.progress.created(), 4u);
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, IdOf("CH")));
  EXPECT_EQ(read.subject_id(), "person-7");
  EXPECT_EQ(TextOf(read, "iban"), "I");
  EXPECT_FALSE(read.values().fields().contains("person"));
  // As it comes from a backup: what was sealed in their share opens no more.
  shredder_.shredded.insert("person-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record shredded, Read(a_, IdOf("CH")));
  ASSERT_EQ(shredded.unavailable_size(), 1);
  EXPECT_EQ(Erased("person-7"), 2u);
  EXPECT_EQ(Count("tenant_data.record_history"), 2);
  ASSERT_OK_AND_ASSIGN(const v1::Record others, Read(a_, IdOf("DE")));
  EXPECT_EQ(TextOf(others, "iban"), "J");
}

TEST_F(RecordSubjectsTest, AColumnSaysWhoseALineOfCsvIs) {
  const Said said = ImportOf(
      "alpha_2,person,note\n"
      "CH,person-7,x\n"
      "DE,,x\n"
      "FR,person-8,x\n",
      v1::LINE_FORMAT_CSV);
  ASSERT_OK(said.status);
  EXPECT_EQ(said.progress.created(), 3u);
  EXPECT_EQ(Count("tenant_data.records WHERE subject IS NULL"), 1);
  EXPECT_EQ(Erased("person-7"), 1u);
  EXPECT_THAT(
      ImportOf("alpha_2,note\nLI,x\n", v1::LINE_FORMAT_CSV, "0190a2c4-0000-4000-8000-0000000000bb")
          .status,
      ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordSubjectsTest, ALineThatDoesNotSayWhoseItIsIsRefused) {
  const Said said =
      ImportOf("{\"alpha_2\": \"CH\"}\n{\"alpha_2\": \"DE\", \"person\": 7}\n" +
               StrCat("{\"alpha_2\": \"FR\", \"person\": \"", std::string(321, 'x'), "\"}\n") +
               "{\"alpha_2\": \"LI\", \"person\": \"a\\u0000b\"}\n");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused,
              ElementsAre("1 person REQUIRED", "2 person TYPE", "3 person MAX", "4 person TYPE"));
  EXPECT_EQ(Count("tenant_data.records"), 0);
  // Another way to read the same file is another import.
  Options unsaid;
  EXPECT_THAT(Import(a_, "{\"alpha_2\": \"CH\"}\n", unsaid).status, ReasonIs("IMPORT_ID_REUSED"));
  Options field;
  field.import_id = "0190a2c4-0000-4000-8000-0000000000bb";
  field.subject_member = "note";
  EXPECT_THAT(Import(a_, "{\"note\": \"x\"}\n", field).status, ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordSubjectsTest, ALineOfSomebodyErasedIsRefusedAndTheRestGoIn) {
  EXPECT_EQ(Erased("person-7"), 0u);
  shredder_.shredded.clear();
  // Of whom only the vault knows.
  shredder_.shredded.insert("person-9");
  const Said said = ImportOf(
      "{\"alpha_2\": \"CH\", \"person\": \"person-7\"}\n"
      "{\"alpha_2\": \"DE\", \"iban\": \"J\", \"passport\": \"P\", \"person\": \"person-9\"}\n"
      "{\"alpha_2\": \"FR\", \"iban\": \"K\", \"passport\": \"Q\", \"person\": \"person-8\"}\n");
  ASSERT_OK(said.status);
  EXPECT_THAT(said.refused, ElementsAre("1 person KEY_SHREDDED", "2 person KEY_SHREDDED"));
  EXPECT_EQ(said.progress.created(), 1u);
  EXPECT_EQ(said.progress.refused(), 2u);
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, IdOf("FR")));
  EXPECT_EQ(TextOf(read, "passport"), "Q");
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_blind IS NOT NULL"), 1);
  EXPECT_EQ(Count("tenant_data.record_unique"), 1);
}

TEST_F(RecordSubjectsTest, SomebodyErasedDuringAnImportIsRefusedFromThenOn) {
  std::string file;
  for (int i = 0; i < 1000; ++i) {
    StrAppend(&file, "{\"code\": \"c", i, "\", \"person\": \"person-", i % 2, "\"}\n");
  }
  Options options;
  options.subject_member = "person";
  bool is_erased = false;
  options.at_progress = [&](uint64_t lines) {
    if (lines != 500 || std::exchange(is_erased, true)) return;
    EXPECT_EQ(Erased("person-1"), 250u);
  };
  // The second batch is not sent before.
  const size_t half = file.find("{\"code\": \"c500\"");
  options.piece = half;
  options.before_piece = [&](size_t at) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (at > 0 && absl::Now() < deadline && Count("tenant_data.erased_subjects") == 0) {
      absl::SleepFor(absl::Milliseconds(2));
    }
  };
  const Said said = Import(a_, file, options);
  ASSERT_OK(said.status);
  EXPECT_EQ(said.progress.created(), 750u);
  EXPECT_EQ(said.refused.size(), 250u);
  EXPECT_EQ(Count("tenant_data.records WHERE subject = 'person-1'"), 0);
}

TEST_F(RecordSubjectsTest, EachItemOfABatchHasItsSubject) {
  EXPECT_EQ(Erased("person-7"), 0u);
  shredder_.shredded.clear();
  v1::BatchCreateRecordsRequest request =
      BatchOf({"person-7", "", "person-8", std::string(321, 'x')});
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::BatchCreateRecords, request));
  ASSERT_EQ(reply.items(0).violations_size(), 1);
  EXPECT_EQ(reply.items(0).violations(0).field(), "subject_id");
  EXPECT_EQ(reply.items(0).violations(0).rule(), "KEY_SHREDDED");
  EXPECT_EQ(reply.items(3).violations(0).rule(), "MAX");
  ASSERT_OK_AND_ASSIGN(const v1::Record theirs, Read(a_, reply.items(2).record_id()));
  EXPECT_EQ(theirs.subject_id(), "person-8");
  EXPECT_EQ(TextOf(theirs, "iban"), "I");
  ASSERT_OK_AND_ASSIGN(const v1::Record nobodys, Read(a_, reply.items(1).record_id()));
  EXPECT_EQ(nobodys.subject_id(), "");
  EXPECT_EQ(Erased("person-8"), 1u);
  request.mutable_subject_ids()->RemoveLast();
  EXPECT_THAT(AsUser(a_, &Stub::BatchCreateRecords, request), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.records"), 1);
}

TEST_F(RecordSubjectsTest, ARecordThatWasNobodysIsSealedForWhomItIsSaidToBe) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made,
                       Make(a_, {{"alpha_2", "CH"}, {"iban", "I"}, {"passport", "P"}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record second, Change(a_, made, ToStruct({{"iban", "J"}})));
  v1::UpdateRecordRequest request;
  request.set_record_id(made.record_id());
  request.set_etag(second.etag());
  request.mutable_values();
  request.set_subject_id("person-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record theirs, AsUser(a_, &Stub::UpdateRecord, request));
  EXPECT_EQ(theirs.subject_id(), "person-7");
  EXPECT_EQ(TextOf(theirs, "iban"), "J");
  EXPECT_EQ(TextOf(theirs, "passport"), "P");
  ASSERT_OK_AND_ASSIGN(const v1::Record read, Read(a_, made.record_id()));
  EXPECT_EQ(TextOf(read, "passport"), "P");
  // What earlier versions sealed opens as it was sealed.
  for (const auto& [version, iban] : {std::pair(1, "I"), {2, "J"}, {3, "J"}}) {
    v1::GetRecordRequest then;
    then.set_record_id(made.record_id());
    then.set_version(static_cast<uint64_t>(version));
    ASSERT_OK_AND_ASSIGN(const v1::Record was, AsUser(a_, &Stub::GetRecord, then));
    EXPECT_EQ(TextOf(was, "iban"), iban);
    EXPECT_EQ(was.subject_id(), version < 3 ? "" : "person-7");
  }
  request.set_etag("*");
  EXPECT_OK(AsUser(a_, &Stub::UpdateRecord, request));
  request.set_subject_id("person-8");
  EXPECT_THAT(AsUser(a_, &Stub::UpdateRecord, request), ReasonIs("SUBJECT_SET"));
  shredder_.shredded.insert("person-7");
  ASSERT_OK_AND_ASSIGN(const v1::Record shredded, Read(a_, made.record_id()));
  EXPECT_EQ(shredded.unavailable_size(), 2);
  EXPECT_EQ(Erased("person-7"), 1u);
  EXPECT_EQ(Count("tenant_data.record_history"), 0);
  EXPECT_THAT(Read(a_, made.record_id()), ReasonIs("NOT_FOUND"));
}

TEST_F(RecordSubjectsTest, ARecordIsNotGivenToSomebodyErased) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"alpha_2", "CH"}}));
  EXPECT_EQ(Erased("person-7"), 0u);
  v1::UpdateRecordRequest request;
  request.set_record_id(made.record_id());
  request.set_etag("*");
  request.mutable_values();
  request.set_subject_id("person-7");
  EXPECT_THAT(AsUser(a_, &Stub::UpdateRecord, request), ReasonIs("KEY_SHREDDED"));
  EXPECT_EQ(Count("tenant_data.records WHERE subject IS NULL AND version = 1"), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
