// Files of a person's records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class FileSubjectsTest : public FileServiceTest {
 protected:
  using Subjects = subject::v1::SubjectService;

  RecordId MakeRecord(const std::string& subject) {
    const auto id = Create(a_, {{"note", "x"}});
    EXPECT_OK(id);
    test_->Execute("UPDATE tenant_data.records SET subject = nullif('" + subject +
                   "', '') WHERE record_id = '" + id->uuid().ToString() + "'");
    return *id;
  }
  absl::StatusOr<v1::File> UploadTo(RecordId record, const std::string& subject = "") {
    v1::FileMetadata metadata = Metadata("scan", 5);
    metadata.set_record_id(record.ToString());
    metadata.set_subject(subject);
    return Upload(a_, metadata, "hello");
  }
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase() {
    subject::v1::EraseSubjectRequest erase;
    erase.mutable_subject()->set_id("person-7");
    return As("operator/ada", a_, &Subjects::Stub::EraseSubject, erase);
  }
};

TEST_F(FileSubjectsTest, AFileOfARecordIsItsSubjectsAndGoesWithThem) {
  const RecordId theirs = MakeRecord("person-7");
  const RecordId nobodys = MakeRecord("");
  ASSERT_OK_AND_ASSIGN(const v1::File file, UploadTo(theirs));
  ASSERT_OK(UploadTo(theirs, "person-7"));
  ASSERT_OK_AND_ASSIGN(const v1::File other, UploadTo(nobodys));
  EXPECT_THAT(UploadTo(theirs, "person-8"), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.files WHERE subject = 'person-7' AND in_share"), 2);
  EXPECT_OK(Download(a_, file.file_id()));
  subject::v1::ExportSubjectRequest ask;
  ask.mutable_subject()->set_id("person-7");
  ASSERT_OK_AND_ASSIGN(const auto held,
                       As("operator/ada", a_, &Subjects::Stub::ExportSubject, ask));
  EXPECT_EQ(held.values_size(), 4);
  const int64_t before = Changes();
  ASSERT_OK_AND_ASSIGN(const auto erased, Erase());
  EXPECT_EQ(erased.erased().at("tenant_data.files.name"), 2u);
  EXPECT_THAT(Download(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Download(a_, other.file_id()));
  // Of the record and of each file.
  EXPECT_EQ(Changes(), before + 3);
  const auto last = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(last.type(), "file.deleted");
  EXPECT_EQ(last.sequence(), 2u);
}

TEST_F(FileSubjectsTest, AFileOnItsWayGoesWithoutAnEventOfSomethingNobodyWasToldOf) {
  FileToBe file;
  file.name = "slow";
  file.size = 5;
  file.subject = "person-7";
  const CallContext call = Call(a_);
  ASSERT_OK_AND_ASSIGN(const auto upload, FileUpload::Begin(*parts_, call, file));
  ASSERT_OK(upload->Append("hello"));
  ASSERT_OK_AND_ASSIGN(const auto erased, Erase());
  EXPECT_EQ(erased.erased().at("tenant_data.files.name"), 1u);
  EXPECT_EQ(Changes(), 0);
  EXPECT_THAT(upload->Finish("", std::nullopt), ReasonIs("FILE_UPLOAD_EXPIRED"));
}

// The key was made as nobody's, and its record became somebody's since.
TEST_F(FileSubjectsTest, WhatWasSealedAsNobodysStaysReadableWhenItIsSomebodys) {
  const RecordId record = MakeRecord("");
  ASSERT_OK_AND_ASSIGN(const v1::File file, UploadTo(record));
  const CallContext call = Call(a_);
  const FileStore files;
  ASSERT_OK(database_->WithTenantUnaudited(call, postgres::UnauditedToken::ForBookkeeping(),
                                           [&](postgres::Transaction& tx) -> absl::Status {
                                             files.GiveSubject(tx, call, record, "person-7");
                                             return absl::OkStatus();
                                           }));
  EXPECT_EQ(Count("tenant_data.files WHERE subject = 'person-7' AND NOT in_share"), 1);
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, file.file_id()));
  EXPECT_EQ(bytes, "hello");
  ASSERT_OK_AND_ASSIGN(const auto erased, Erase());
  EXPECT_EQ(erased.erased().at("tenant_data.files.name"), 1u);
}

// Between the look at its record and the row of the upload.
TEST_F(FileSubjectsTest, AFileBegunAsNobodysIsItsRecordsSubjects) {
  const RecordId record = MakeRecord("person-7");
  FileToBe file;
  file.name = "scan";
  file.size = 5;
  file.record = record;
  const CallContext call = Call(a_);
  const FileStore files;
  const FileId id = FileId::New(absl::Now());
  ASSERT_OK(database_->WithTenantUnaudited(
      call, postgres::UnauditedToken::ForBookkeeping(), [&](postgres::Transaction& tx) {
        return files.Begin(tx, call, id, file, "key", 1000, absl::Now(), absl::Now());
      }));
  EXPECT_EQ(Count("tenant_data.files WHERE subject = 'person-7' AND NOT in_share"), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
