#include <fstream>

#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"
#include "services/tenant_data/rpc/file_service.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using testing::ReasonIs;
using testing::StatusIs;

TEST_F(FileServiceTest, WhatWasUploadedComesBackAndIsSealedWhereItLies) {
  const std::string text = "the plaintext " + Noise(1'300'000);
  v1::FileMetadata metadata = Metadata("Überblick.bin", text.size());
  metadata.set_content_type("application/octet-stream");
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, metadata, text, crypto::Sha256(text)));
  EXPECT_EQ(file.name(), "Überblick.bin");
  EXPECT_EQ(file.sha256(), crypto::Sha256(text));
  EXPECT_EQ(file.size(), static_cast<int64_t>(text.size()));
  ASSERT_OK_AND_ASSIGN(const v1::File again, Get(a_, file.file_id()));
  EXPECT_EQ(again.SerializeAsString(), file.SerializeAsString());
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, file.file_id()));
  EXPECT_TRUE(bytes == text);

  EXPECT_EQ(Audits(), audits + 1);
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "file.create");
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "file.created");
  EXPECT_EQ(change.resource_id(), file.file_id());
  // Neither says what a person called it.
  EXPECT_EQ(change.DebugString().find("berblick"), std::string::npos);

  std::ifstream in(PathOf(a_, file.file_id()), std::ios::binary);
  const std::string sealed((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(static_cast<int64_t>(sealed.size()),
            crypto::stream_aead::SealedSize(static_cast<int64_t>(text.size())));
  EXPECT_EQ(sealed.find("the plaintext"), std::string::npos);
}

TEST_F(FileServiceTest, AnyRangeIsReadAlone) {
  const std::string text = Noise(300'000);
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", text));
  const std::string& id = file.file_id();
  for (const auto& [offset, length] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 1}, {65'535, 2}, {65'536, 65'536}, {100'000, 0}, {299'999, 50}, {10, 200'000}}) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, id, offset, length));
    const size_t size = length == 0 ? std::string::npos : static_cast<size_t>(length);
    EXPECT_TRUE(bytes == text.substr(static_cast<size_t>(offset), size)) << offset;
  }
  ASSERT_OK_AND_ASSIGN(const std::string nothing, Download(a_, id, 300'000));
  EXPECT_EQ(nothing, "");
  EXPECT_THAT(Download(a_, id, 300'001), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Download(a_, id, -1), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Download(a_, id, 0, -1), ReasonIs("INVALID_FIELDS"));
}

TEST_F(FileServiceTest, AnEmptyFileIsAFile) {
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "empty.png", ""));
  EXPECT_EQ(file.sha256(), crypto::Sha256(""));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, file.file_id()));
  EXPECT_EQ(bytes, "");
}

TEST_F(FileServiceTest, AnotherTenantsFileIsLikeNone) {
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", "hello"));
  const std::string absent = FileId::New(absl::Now()).ToString();
  EXPECT_EQ(Get(b_, file.file_id()).status(), Get(b_, absent).status());
  EXPECT_EQ(Download(b_, file.file_id()).status(), Download(b_, absent).status());
  EXPECT_EQ(Delete(b_, file.file_id()), Delete(b_, absent));
  EXPECT_THAT(Get(b_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Get(a_, file.file_id()));
}

TEST_F(FileServiceTest, ACustomersCallerSeesThatCustomersFilesAlone) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK_AND_ASSIGN(const v1::File tenants, Upload(a_, "tenants", "x"));
  ASSERT_OK_AND_ASSIGN(const v1::File ones, Upload(a_, "ones", "x", one));
  EXPECT_EQ(ones.customer_id(), one.ToString());
  EXPECT_OK(Get(a_, ones.file_id(), one));
  EXPECT_OK(Get(a_, ones.file_id()));
  EXPECT_THAT(Get(a_, ones.file_id(), two), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Download(a_, ones.file_id(), 0, 0, two), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Get(a_, tenants.file_id(), one), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto listed,
                       AsUser(a_, &Files::Stub::ListFiles, v1::ListFilesRequest(), two));
  EXPECT_EQ(listed.files_size(), 0);

  v1::FileMetadata metadata = Metadata("x", 1);
  metadata.set_customer_id(two.ToString());
  EXPECT_THAT(Upload(a_, metadata, "x", "", one), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Upload(a_, metadata, "x"));
  metadata.set_customer_id(CustomerId::New(absl::Now()).ToString());
  EXPECT_THAT(Upload(a_, metadata, "x"), ReasonIs("NOT_FOUND"));
}

TEST_F(FileServiceTest, AFileOfARecordIsItsCustomers) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK_AND_ASSIGN(const RecordId record, Create(a_, {{"alpha_2", "DE"}}, one));
  v1::FileMetadata metadata = Metadata("x", 1);
  metadata.set_record_id(record.ToString());
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, metadata, "x"));
  EXPECT_EQ(file.customer_id(), one.ToString());
  EXPECT_FALSE(file.collection_id().empty());
  EXPECT_THAT(Upload(a_, metadata, "x", "", two), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Upload(b_, metadata, "x"), ReasonIs("NOT_FOUND"));
  ASSERT_OK(Upload(a_, "unrelated", "x"));
  v1::ListFilesRequest list;
  list.set_record_id(record.ToString());
  ASSERT_OK_AND_ASSIGN(const auto listed, AsUser(a_, &Files::Stub::ListFiles, list));
  ASSERT_EQ(listed.files_size(), 1);
  EXPECT_EQ(listed.files(0).file_id(), file.file_id());
  metadata.set_record_id(RecordId::New(absl::Now()).ToString());
  EXPECT_THAT(Upload(a_, metadata, "x"), ReasonIs("NOT_FOUND"));
}

TEST_F(FileServiceTest, PagesGoOnWhereTheyEnded) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    file_clock_.Advance(absl::Seconds(1));
    ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", "x"));
    ids.push_back(file.file_id());
  }
  std::vector<std::string> seen;
  v1::ListFilesRequest list;
  list.set_page_size(2);
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Files::Stub::ListFiles, list));
    for (const v1::File& file : page.files()) seen.push_back(file.file_id());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, ids);
  list.set_page_token("nonsense");
  EXPECT_THAT(AsUser(a_, &Files::Stub::ListFiles, list), ReasonIs("INVALID_FIELDS"));
}

TEST_F(FileServiceTest, DeletedIsOutOfSightAtOnceAndItsKeyGone) {
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", Noise(100'000)));
  ASSERT_OK(Delete(a_, file.file_id()));
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "file.delete");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "file.deleted");
  EXPECT_THAT(Get(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Download(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Delete(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Count("tenant_data.files WHERE data_key IS NOT NULL OR name <> ''"), 0);
  ExpectNothingLeft(a_);
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "file.purge");
}

TEST_F(FileServiceTest, AFileOfSomebodyErasedIsRefusedAndNothingOfItKept) {
  vault_.shredded = "patient-7";
  v1::FileMetadata metadata = Metadata("x", 1);
  metadata.set_subject("patient-7");
  EXPECT_THAT(Upload(a_, metadata, "x"), ReasonIs("KEY_SHREDDED"));
  ExpectNothingLeft(a_);
  metadata.set_subject("patient-8");
  EXPECT_OK(Upload(a_, metadata, "x"));
}

// Of whom the vault never had a share.
TEST_F(FileServiceTest, AFileOfSomebodyErasedHereIsRefusedWhateverTheVaultKnows) {
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("patient-7");
  ASSERT_OK(As("operator/ada", a_, &subject::v1::SubjectService::Stub::EraseSubject, erase));
  v1::FileMetadata metadata = Metadata("x", 1);
  metadata.set_subject("patient-7");
  EXPECT_THAT(Upload(a_, metadata, "x"), ReasonIs("KEY_SHREDDED"));
  ExpectNothingLeft(a_);
}

TEST_F(FileServiceTest, ASuspendedTenantIsToldSoBeforeAnythingElse) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Upload(a_, Metadata("../x", 1), "x"), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Download(a_, FileId::New(absl::Now()).ToString()), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(BucketFileServiceTest, ABucketServesAsWell) {
  const std::string text = Noise(450'000);
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", text));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, file.file_id()));
  EXPECT_TRUE(bytes == text);
  EXPECT_THAT(aws_.Objects(),
              ElementsAre("kasbah/tenants/" + a_.ToString() + "/files/" + file.file_id()));
  ASSERT_OK(Delete(a_, file.file_id()));
  ExpectNothingLeft(a_);
  EXPECT_EQ(aws_.Uploads(), 0u);
}

TEST_F(BucketFileServiceTest, WhileTheStoreIsAwayNothingIsPromised) {
  const std::string text = Noise(450'000);
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", text));
  aws_.SetDown(true);
  EXPECT_THAT(Upload(a_, "y", text), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_THAT(Download(a_, file.file_id()), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'stored'"), 1);
  // A deletion is decided by the database; the object follows when it can.
  ASSERT_OK(Delete(a_, file.file_id()));
  EXPECT_THAT(removal_->RunOnce(*upkeep_), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  aws_.SetDown(false);
  file_clock_.Advance(absl::Minutes(2));
  ExpectNothingLeft(a_);
}

}  // namespace
}  // namespace kasbah::tenantdata
