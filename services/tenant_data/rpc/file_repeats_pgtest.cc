// Uploads with a request_id.
#include <thread>

#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

constexpr char kUpload[] = "0190a2c4-0000-4000-8000-0000000000dd";

v1::FileMetadata Asked(const std::string& name, const std::string& bytes, bool with_digest) {
  v1::FileMetadata metadata;
  metadata.set_name(name);
  metadata.set_size(static_cast<int64_t>(bytes.size()));
  metadata.set_request_id(kUpload);
  if (with_digest) metadata.set_sha256(crypto::Sha256(bytes));
  return metadata;
}

TEST_F(FileServiceTest, AnUploadThatIsRepeatedIsTheSameFile) {
  const std::string bytes = Noise(300'000);
  ASSERT_OK_AND_ASSIGN(const v1::File first, Upload(a_, Asked("x", bytes, false), bytes));
  const int64_t events = Audits() + Changes();
  ASSERT_OK_AND_ASSIGN(const v1::File again, Upload(a_, Asked("x", bytes, false), bytes));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(Count("tenant_data.files"), 1);
  EXPECT_EQ(Objects(a_), 1);
  // Another tenant's request is another.
  ASSERT_OK_AND_ASSIGN(const v1::File theirs, Upload(b_, Asked("x", bytes, false), bytes));
  EXPECT_NE(theirs.file_id(), first.file_id());
}

TEST_F(FileServiceTest, WithItsDigestAnnouncedNoByteIsAwaited) {
  const std::string bytes = Noise(2'000'000);
  ASSERT_OK_AND_ASSIGN(const v1::File first, Upload(a_, Asked("x", bytes, true), bytes));
  // What follows the first message is not looked at, nor has to come.
  ASSERT_OK_AND_ASSIGN(const v1::File again, Upload(a_, Asked("x", bytes, true), "x"));
  EXPECT_EQ(again.file_id(), first.file_id());
}

TEST_F(FileServiceTest, ARequestIdIsOfOneUpload) {
  const std::string bytes = Noise(1000);
  ASSERT_OK_AND_ASSIGN(const v1::File first, Upload(a_, Asked("x", bytes, false), bytes));
  EXPECT_THAT(Upload(a_, Asked("y", bytes, false), bytes), ReasonIs("REQUEST_ID_REUSED"));
  EXPECT_THAT(Upload(a_, Asked("x", bytes, false), Noise(1000)), ReasonIs("REQUEST_ID_REUSED"));
  v1::FileMetadata metadata = Asked("x", bytes, false);
  metadata.set_request_id("no uuid");
  EXPECT_THAT(Upload(a_, metadata, bytes), ReasonIs("INVALID_FIELDS"));
  // Once its file is gone, what it came to is gone.
  ASSERT_OK(Delete(a_, first.file_id()));
  EXPECT_THAT(Upload(a_, Asked("x", bytes, false), bytes), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'stored'"), 0);
}

TEST_F(FileServiceTest, AFailedUploadLeavesItsRequestIdFree) {
  const std::string bytes = Noise(1000);
  EXPECT_THAT(Upload(a_, Asked("x", bytes, false), bytes.substr(1)),
              ReasonIs("FILE_SIZE_MISMATCH"));
  EXPECT_OK(Upload(a_, Asked("x", bytes, false), bytes));
}

TEST_F(FileServiceTest, OfUploadsAtOnceWithOneRequestIdOneFileComesAbout) {
  // Makes the channel that the threads share.
  ASSERT_THAT(Get(a_, FileId::New(absl::Now()).ToString()), ReasonIs("NOT_FOUND"));
  const std::string bytes = Noise(400'000);
  std::vector<std::string> ids(3);
  std::vector<std::thread> uploads;
  absl::Mutex mutex;
  for (std::string& id : ids) {
    uploads.emplace_back([&] {
      const auto file = Upload(a_, Asked("x", bytes, false), bytes);
      absl::MutexLock lock(&mutex);
      EXPECT_OK(file);
      if (file.ok()) id = file->file_id();
    });
  }
  for (std::thread& upload : uploads) upload.join();
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'stored'"), 1);
  EXPECT_OK(removal_->RunOnce(*upkeep_));
  EXPECT_EQ(Objects(a_), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
