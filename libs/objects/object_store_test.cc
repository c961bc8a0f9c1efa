#include "libs/objects/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "libs/objects/bucket_store.h"
#include "libs/objects/folder_store.h"
#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::objects {
namespace {

namespace fs = std::filesystem;
using ::kasbah::testing::AwsServer;
using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kPart = 1000;

// Both stores, by what they promise.
class ObjectStoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/objects.XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    if (std::string_view(GetParam()) == "folder") {
      ASSERT_OK_AND_ASSIGN(store_, FolderStore::Create(directory_ + "/files"));
      return;
    }
    auto bucket = aws::S3Bucket::Create({.bucket = AwsServer::kBucket,
                                         .prefix = "kasbah/",
                                         .region = AwsServer::kRegion,
                                         .endpoint = aws_.endpoint(),
                                         .credentials_file = aws_.credentials_file()},
                                        clock_);
    ASSERT_OK(bucket);
    store_ = std::make_unique<BucketStore>(*std::move(bucket), kPart);
  }
  void TearDown() override { fs::remove_all(directory_); }

  absl::Status Put(const ObjectKey& key, std::string_view bytes, size_t piece = 300) {
    auto writer = store_->Write(key);
    if (!writer.ok()) return writer.status();
    for (size_t at = 0; at < bytes.size(); at += piece) {
      const absl::Status status = (*writer)->Append(bytes.substr(at, piece));
      if (!status.ok()) return status;
    }
    return (*writer)->Commit();
  }
  ObjectKey NewKey() { return {tenant_, FileId::New(absl::FromUnixSeconds(++made_))}; }

  std::string directory_;
  AwsServer aws_;
  testing::FakeClock clock_;
  std::unique_ptr<ObjectStore> store_;
  const TenantId tenant_ = TenantId::New(absl::FromUnixSeconds(1));
  int made_ = 100;
};

std::string Text(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i * 7 + i / 256));
  return text;
}

TEST_P(ObjectStoreTest, WhatWasWrittenIsReadInAnyRange) {
  for (const size_t size :
       {size_t{0}, size_t{1}, kPart - 1, kPart, kPart + 1, 3 * kPart, 5 * kPart + 17}) {
    const ObjectKey key = NewKey();
    const std::string text = Text(size);
    ASSERT_OK(Put(key, text));
    if (size == 0) continue;
    ASSERT_OK_AND_ASSIGN(std::string read, store_->Read(key, 0, size + 10));
    EXPECT_EQ(read, text);
    ASSERT_OK_AND_ASSIGN(read, store_->Read(key, static_cast<int64_t>(size / 2), 100));
    EXPECT_EQ(read, text.substr(size / 2, 100));
  }
}

TEST_P(ObjectStoreTest, NobodySeesWhatIsNotCommittedAndNothingIsLeftOfIt) {
  const ObjectKey key = NewKey();
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, store_->Write(key));
    ASSERT_OK(writer->Append(Text(3 * kPart)));
    EXPECT_THAT(store_->Read(key, 0, 1), ReasonIs("NOT_FOUND"));
  }
  EXPECT_THAT(store_->Read(key, 0, 1), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto files, store_->List(tenant_, FileId(), 10));
  EXPECT_THAT(files, IsEmpty());
  EXPECT_EQ(aws_.Uploads(), 0u);
}

TEST_P(ObjectStoreTest, DeletedIsGoneAndDeletingAgainIsNoError) {
  const ObjectKey key = NewKey();
  ASSERT_OK(Put(key, "one"));
  EXPECT_OK(store_->Delete(key));
  EXPECT_THAT(store_->Read(key, 0, 1), ReasonIs("NOT_FOUND"));
  EXPECT_OK(store_->Delete(key));
  EXPECT_OK(store_->Delete({TenantId::New(absl::Now()), key.file}));
  EXPECT_THAT(aws_.Objects(), IsEmpty());
}

TEST_P(ObjectStoreTest, ATenantsObjectsAreListedAndDeletedTogetherAndNobodyElses) {
  std::vector<ObjectKey> keys;
  for (int i = 0; i < 5; ++i) {
    keys.push_back(NewKey());
    ASSERT_OK(Put(keys.back(), "x"));
  }
  const ObjectKey other{TenantId::New(absl::FromUnixSeconds(2)), keys[0].file};
  ASSERT_OK(Put(other, "theirs"));
  ASSERT_OK_AND_ASSIGN(auto files, store_->List(tenant_, FileId(), 2));
  EXPECT_THAT(files, ElementsAre(keys[0].file, keys[1].file));
  ASSERT_OK_AND_ASSIGN(files, store_->List(tenant_, keys[1].file, 10));
  EXPECT_THAT(files, ElementsAre(keys[2].file, keys[3].file, keys[4].file));
  ASSERT_OK_AND_ASSIGN(const int64_t deleted, DeleteAll(*store_, tenant_));
  EXPECT_EQ(deleted, 5);
  ASSERT_OK_AND_ASSIGN(const std::string kept, store_->Read(other, 0, 10));
  EXPECT_EQ(kept, "theirs");
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreTest, ::testing::Values("folder", "bucket"),
                         [](const auto& test) { return std::string(test.param); });

class FolderStoreTest : public ObjectStoreTest {
 protected:
  fs::path PathOf(const ObjectKey& key) const {
    return fs::path(directory_) / "files" / key.ToString();
  }
};
INSTANTIATE_TEST_SUITE_P(Folder, FolderStoreTest, ::testing::Values("folder"));

TEST_P(FolderStoreTest, NobodyElseMayReadThem) {
  const ObjectKey key = NewKey();
  ASSERT_OK(Put(key, "x"));
  struct stat about = {};
  ASSERT_EQ(stat(PathOf(key).c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(PathOf(key).parent_path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
}

TEST_P(FolderStoreTest, SymbolicLinksLeadNowhere) {
  const fs::path outside = fs::path(directory_) / "outside";
  fs::create_directories(outside / "files");
  std::ofstream(outside / "secret") << "secret";
  const ObjectKey key = NewKey();
  ASSERT_OK(Put(key, "x"));
  // In a file's place.
  fs::remove(PathOf(key));
  fs::create_symlink(outside / "secret", PathOf(key));
  EXPECT_THAT(store_->Read(key, 0, 10), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_OK(store_->Delete(key));
  EXPECT_TRUE(fs::exists(outside / "secret"));
  // In a part's place: replaced, not followed.
  const ObjectKey next = NewKey();
  fs::create_symlink(outside / "secret", PathOf(next).string() + ".part");
  ASSERT_OK(Put(next, "y"));
  std::ifstream in(outside / "secret");
  std::string kept;
  in >> kept;
  EXPECT_EQ(kept, "secret");
  // In a tenant's place.
  const TenantId planted = TenantId::New(absl::FromUnixSeconds(7));
  fs::create_directory_symlink(outside,
                               fs::path(directory_) / "files/tenants" / planted.ToString());
  EXPECT_THAT(Put({planted, key.file}, "x"), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_TRUE(fs::is_empty(outside / "files"));
}

TEST_P(FolderStoreTest, WhatACrashedWriterLeftIsListedForItsFileAndDeletedWithIt) {
  const ObjectKey key = NewKey();
  ASSERT_OK(Put(NewKey(), "x"));
  std::ofstream(PathOf(key).string() + ".part") << "half";
  ASSERT_OK_AND_ASSIGN(const auto files, store_->List(tenant_, FileId(), 10));
  EXPECT_EQ(files.size(), 2u);
  EXPECT_OK(store_->Delete(key));
  EXPECT_FALSE(fs::exists(PathOf(key).string() + ".part"));
}

TEST_P(FolderStoreTest, AFolderThatOthersMayWriteToIsRefused) {
  const std::string open = directory_ + "/open";
  fs::create_directory(open);
  fs::permissions(open, fs::perms::all);
  EXPECT_THAT(FolderStore::Create(open), ReasonIs("CONFIG_INVALID"));
  fs::create_directory_symlink(directory_ + "/files", directory_ + "/link");
  EXPECT_THAT(FolderStore::Create(directory_ + "/link"), ReasonIs("CONFIG_INVALID"));
}

class BucketStoreTest : public ObjectStoreTest {};
INSTANTIATE_TEST_SUITE_P(Bucket, BucketStoreTest, ::testing::Values("bucket"));

TEST_P(BucketStoreTest, AStoreThatIsAwayIsSaidSo) {
  const ObjectKey key = NewKey();
  ASSERT_OK(Put(key, "x"));
  aws_.SetDown(true);
  EXPECT_THAT(Put(NewKey(), "x"), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_THAT(Put(NewKey(), Text(3 * kPart)), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_THAT(store_->Read(key, 0, 1), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_THAT(store_->Delete(key), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  EXPECT_THAT(store_->List(tenant_, FileId(), 1), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
  aws_.SetDown(false);
  aws_.WriteCredentials("wrong");
  EXPECT_THAT(store_->Read(key, 0, 1), ReasonIs("OBJECT_STORE_UNAVAILABLE"));
}

}  // namespace
}  // namespace kasbah::objects
