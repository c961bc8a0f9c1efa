// What callers, disks and crashes do to files.

#include <fstream>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"
#include "services/tenant_data/rpc/sealed_file_keys.h"

namespace kasbah::tenantdata {
namespace {

namespace fs = std::filesystem;
using testing::ReasonIs;
using Subjects = subject::v1::SubjectService;

TEST_F(FileServiceTest, LiesAreRefusedAndLeaveNothing) {
  const std::string text(200'000, 'x');
  const auto with = [&](const std::function<void(v1::FileMetadata&)>& change) {
    v1::FileMetadata metadata = Metadata("a.txt", text.size());
    change(metadata);
    return Upload(a_, metadata, text);
  };
  EXPECT_THAT(with([](auto& m) { m.set_size(199'999); }), ReasonIs("FILE_SIZE_MISMATCH"));
  EXPECT_THAT(with([](auto& m) { m.set_size(200'001); }), ReasonIs("FILE_SIZE_MISMATCH"));
  EXPECT_THAT(with([](auto& m) { m.set_size(0); }), ReasonIs("FILE_SIZE_MISMATCH"));
  EXPECT_THAT(with([](auto& m) { m.set_size(-1); }), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(with([](auto& m) { m.set_size(3'000'001); }), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(with([](auto& m) { m.set_sha256(std::string(32, 'h')); }),
              ReasonIs("FILE_DIGEST_MISMATCH"));
  EXPECT_THAT(Upload(a_, Metadata("a.txt", text.size()), text, std::string(32, 'h')),
              ReasonIs("FILE_DIGEST_MISMATCH"));
  EXPECT_THAT(with([](auto& m) { m.set_content_type("image/png"); }),
              ReasonIs("FILE_TYPE_MISMATCH"));
  EXPECT_THAT(with([](auto& m) { m.set_content_type("no type"); }), ReasonIs("INVALID_FIELDS"));
  ExpectNothingLeft(a_);
}

TEST_F(FileServiceTest, AZipIsNoPicture) {
  const std::string zip = *crypto::ParseHex(
      "504b0304140000000000413b7c5d86a61036050000000500000005000000612e74787468656c6c6f504b01021403"
      "140000000000413b7c5d86a610360500000005000000050000000000000000000000800100000000612e74787450"
      "4b0506000000000100010033000000280000000000");
  v1::FileMetadata metadata = Metadata("holiday.png", zip.size());
  metadata.set_content_type("image/png");
  EXPECT_THAT(Upload(a_, metadata, zip), ReasonIs("FILE_TYPE_MISMATCH"));
  metadata.set_content_type("application/zip");
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, metadata, zip));
  // What nobody declares is what it looks like.
  metadata.clear_content_type();
  ASSERT_OK_AND_ASSIGN(const v1::File told, Upload(a_, metadata, zip));
  EXPECT_EQ(told.content_type(), "application/zip");
}

TEST_F(FileServiceTest, NoNameLeadsOutOfTheTenantsPrefix) {
  for (const char* name :
       {"../../other", "/etc/passwd", "..", "a/b", "..\\x", "x\n", "\u202Egnp"}) {
    EXPECT_THAT(Upload(a_, name, "x"), ReasonIs("INVALID_FIELDS")) << name;
  }
  // And one that means something to a shell, a URL or a database is only a name.
  for (const char* name : {"%2e%2e%2fx", "; rm -rf ~", "' OR 1=1 --", "$(id)", "con", "~"}) {
    ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, name, "x"));
    EXPECT_EQ(file.name(), name);
  }
  std::vector<std::string> tenants;
  for (const auto& entry : fs::directory_iterator(fs::path(directory_) / "files" / "tenants")) {
    tenants.push_back(entry.path().filename());
  }
  EXPECT_EQ(tenants, std::vector<std::string>{a_.ToString()});
  EXPECT_EQ(Objects(a_), 6);
}

TEST_F(FileServiceTest, AnUploadThatBreaksOffIsNoFile) {
  const auto context = Context(a_, std::nullopt);
  Files::Stub stub(ChannelOf("service/gateway"));
  v1::File reply;
  const auto writer = stub.UploadFile(context.get(), &reply);
  v1::UploadFileRequest message;
  *message.mutable_metadata() = Metadata("half", 1'000'000);
  message.set_chunk(Noise(300'000));
  ASSERT_TRUE(writer->Write(message));
  context->TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // Waits for the handler.
  StopServer();
  ExpectNothingLeft(a_);
}

TEST_F(FileServiceTest, AClientThatEndsEarlyIsNotTakenForOneThatIsDone) {
  const std::string half = Noise(500'000);
  EXPECT_THAT(Upload(a_, Metadata("x", 1'000'000), half), ReasonIs("FILE_SIZE_MISMATCH"));
  ExpectNothingLeft(a_);
}

TEST_F(FileServiceTest, MetadataComesFirstAndOnce) {
  const auto send = [&](const std::vector<v1::UploadFileRequest>& messages) {
    const auto context = Context(a_, std::nullopt);
    Files::Stub stub(ChannelOf("service/gateway"));
    v1::File reply;
    const auto writer = stub.UploadFile(context.get(), &reply);
    for (const auto& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return rpc::FromGrpcStatus(writer->Finish());
  };
  v1::UploadFileRequest first;
  *first.mutable_metadata() = Metadata("x", 2);
  first.set_chunk("x");
  v1::UploadFileRequest chunk;
  chunk.set_chunk("x");
  EXPECT_THAT(send({}), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(send({chunk, first}), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(send({first, first}), ReasonIs("INVALID_FIELDS"));
  ExpectNothingLeft(a_);
  EXPECT_OK(send({first, chunk}));
}

TEST_F(FileServiceTest, TheQuotaHoldsAndDeletingMakesRoom) {
  const std::string large = Noise(2'500'000);
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "1", large));
  ASSERT_OK(Upload(a_, "2", large));
  EXPECT_THAT(Upload(a_, "3", "x"), ReasonIs("QUOTA_EXCEEDED"));
  // Nobody else's room.
  EXPECT_OK(Upload(b_, "3", "x"));
  ASSERT_OK(Delete(a_, file.file_id()));
  EXPECT_OK(Upload(a_, "3", "x"));
}

TEST_F(FileServiceTest, BytesThatSomebodyChangedAreNotGivenOut) {
  const std::string text = Noise(200'000);
  ASSERT_OK_AND_ASSIGN(const v1::File one, Upload(a_, "1", text));
  ASSERT_OK_AND_ASSIGN(const v1::File two, Upload(a_, "2", text));
  const fs::path path = PathOf(a_, one.file_id());
  const fs::path kept = fs::path(directory_) / "kept";
  fs::copy_file(path, kept);
  const auto restore = [&] { fs::copy_file(kept, path, fs::copy_options::overwrite_existing); };
  for (const int64_t at : {0, 40, 70, 66'000, 150'000}) {
    std::fstream object(path, std::ios::in | std::ios::out | std::ios::binary);
    object.seekg(at);
    const int byte = object.get();
    object.seekp(at);
    object.put(static_cast<char>(byte ^ 1));
    object.close();
    EXPECT_THAT(Download(a_, one.file_id()), ReasonIs("FILE_CORRUPT")) << at;
    restore();
  }
  fs::resize_file(path, fs::file_size(path) - 1);
  EXPECT_THAT(Download(a_, one.file_id()), ReasonIs("FILE_CORRUPT"));
  fs::resize_file(path, 67 + 65'552);
  EXPECT_THAT(Download(a_, one.file_id()), ReasonIs("FILE_CORRUPT"));
  // Another file of the same tenant in its place, which opens under its own name alone.
  fs::copy_file(PathOf(a_, two.file_id()), path, fs::copy_options::overwrite_existing);
  EXPECT_THAT(Download(a_, one.file_id()), ReasonIs("FILE_CORRUPT"));
  fs::remove(path);
  EXPECT_THAT(Download(a_, one.file_id()), ReasonIs("FILE_CORRUPT"));
  restore();
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, one.file_id()));
  EXPECT_TRUE(bytes == text);
}

TEST_F(FileServiceTest, WithoutTheVaultNothingIsStoredOrShown) {
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", "hello"));
  vault_.is_down = true;
  EXPECT_TRUE(absl::IsUnavailable(Upload(a_, "y", "hello").status()));
  EXPECT_TRUE(absl::IsUnavailable(Download(a_, file.file_id()).status()));
  EXPECT_EQ(Count("tenant_data.files"), 1);
  EXPECT_OK(Get(a_, file.file_id()));
}

// A process that was killed between any two steps.
TEST_F(FileServiceTest, WhatACrashLeavesIsTakenAwayLater) {
  const CallContext call = Call(a_);
  {
    // Killed while uploading: the row says pending, the object is there or half there.
    FileToBe file;
    file.name = "half";
    file.size = 100'000;
    auto upload = FileUpload::Begin(*parts_, call, file);
    ASSERT_OK(upload);
    ASSERT_OK((*upload)->Append(Noise(50'000)));
    static_cast<void>(upload->release());
  }
  ASSERT_OK_AND_ASSIGN(const v1::File deleted, Upload(a_, "x", "hello"));
  {
    // Killed after a deletion was decided, and once more after its object went.
    ASSERT_OK(Delete(a_, deleted.file_id()));
    ASSERT_OK(objects_->Delete({a_, *FileId::Parse(deleted.file_id())}));
  }
  ASSERT_OK(removal_->RunOnce(*upkeep_));
  // An upload may take its time.
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'pending'"), 1);
  EXPECT_EQ(Count("tenant_data.files"), 1);
  file_clock_.Advance(kPendingFor + absl::Seconds(1));
  ExpectNothingLeft(a_);
}

TEST_F(FileServiceTest, AnUploadThatTookTooLongFindsItsRowGone) {
  const CallContext call = Call(a_);
  FileToBe file;
  file.name = "slow";
  file.size = 5;
  ASSERT_OK_AND_ASSIGN(const auto upload, FileUpload::Begin(*parts_, call, file));
  ASSERT_OK(upload->Append("hello"));
  test_->Execute(
      "UPDATE tenant_data.files SET state = 'deleted', name = '', subject = '', data_key = NULL");
  const int64_t events = Audits();
  EXPECT_THAT(upload->Finish("", std::nullopt), ReasonIs("FILE_UPLOAD_EXPIRED"));
  EXPECT_EQ(Audits(), events);
}

TEST_F(FileServiceTest, ASubjectsFilesGoWithThem) {
  v1::FileMetadata metadata = Metadata("passport.txt", 5);
  metadata.set_subject("ada@example.org");
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, metadata, "hello"));
  ASSERT_OK_AND_ASSIGN(const v1::File other, Upload(a_, "other.txt", "hello"));
  EXPECT_OK(Download(a_, file.file_id()));
  // The tenant suspended meanwhile, which keeps nobody's right from them.
  test_->SetTenantState(a_, "suspended");
  subject::v1::ExportSubjectRequest ask;
  ask.mutable_subject()->set_id("ada@example.org");
  ASSERT_OK_AND_ASSIGN(const auto held,
                       As("operator/ada", a_, &Subjects::Stub::ExportSubject, ask));
  ASSERT_EQ(held.values_size(), 2);
  EXPECT_EQ(held.values(0).value(), "passport.txt");
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id("ada@example.org");
  ASSERT_OK_AND_ASSIGN(const auto erased,
                       As("operator/ada", a_, &Subjects::Stub::EraseSubject, erase));
  EXPECT_EQ(erased.erased().at("tenant_data.files.name"), 1u);
  EXPECT_EQ(Count("tenant_data.files WHERE subject <> ''"), 0);
  file_clock_.Advance(absl::Seconds(10));
  ASSERT_OK(removal_->RunOnce(*upkeep_));
  EXPECT_EQ(Objects(a_), 1);
  test_->SetTenantState(a_, "active");
  EXPECT_THAT(Download(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Download(a_, other.file_id()));
}

TEST_F(FileServiceTest, AnErasedTenantsObjectsAreGoneAndNobodyElses) {
  ASSERT_OK(Upload(a_, "1", "x"));
  ASSERT_OK(Upload(a_, "2", "x"));
  ASSERT_OK_AND_ASSIGN(const v1::File others, Upload(b_, "3", "x"));
  // One that no row knows of.
  ASSERT_OK_AND_ASSIGN(const auto writer, objects_->Write({a_, FileId::New(absl::Now())}));
  ASSERT_OK(writer->Commit());
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK_AND_ASSIGN(const int64_t erased, removal_->EraseTenant(Call(a_)));
  EXPECT_EQ(erased, 2);
  EXPECT_EQ(Objects(a_), 0);
  EXPECT_EQ(Count("tenant_data.files WHERE data_key IS NOT NULL"), 1);
  ASSERT_OK(removal_->RunOnce(*upkeep_));
  EXPECT_EQ(Count("tenant_data.files"), 1);
  EXPECT_OK(Download(b_, others.file_id()));
}

TEST_F(FileServiceTest, KeysAreCountedAndSealedAgain) {
  ASSERT_OK_AND_ASSIGN(const v1::File file, Upload(a_, "x", "hello"));
  SealedFileKeys keys(*database_);
  const CallContext call = Call(a_);
  ASSERT_OK_AND_ASSIGN(const auto counts, keys.Count(call));
  EXPECT_EQ(counts, (std::map<uint32_t, uint64_t>{{1, 1}}));
  ASSERT_OK_AND_ASSIGN(const auto rows, keys.After(call, 2, "", 10));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].place, file.file_id());
  auto next = rows;
  next[0].ciphertexts[0].bytes[22] = '\2';
  ASSERT_OK_AND_ASSIGN(const uint64_t replaced, keys.Replace(call, rows, next));
  EXPECT_EQ(replaced, 1u);
  ASSERT_OK_AND_ASSIGN(const auto after, keys.Count(call));
  EXPECT_EQ(after, (std::map<uint32_t, uint64_t>{{2, 1}}));
  ASSERT_OK_AND_ASSIGN(const uint64_t late, keys.Replace(call, rows, next));
  EXPECT_EQ(late, 0u);
}

}  // namespace
}  // namespace kasbah::tenantdata
