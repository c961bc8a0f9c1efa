// Files of a tenant that moves: their rows go, their objects stay where they are.
#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/placement/placement_fixture.h"
#include "services/tenant_data/rpc/file_server_fixture.h"

namespace kasbah::tenantdata {
namespace {

class MovedFilesTest : public FileServiceTest {
 protected:
  void SetUp() override {
    FileServiceTest::SetUp();
    second_ = std::make_unique<SecondDatabase>(*test_);
    database_->PlaceBy(&second_->map());
  }

  std::unique_ptr<SecondDatabase> second_;
};

TEST_F(MovedFilesTest, AreReadWrittenAndRemovedAsBefore) {
  const std::string text = Noise(200'000);
  ASSERT_OK_AND_ASSIGN(const v1::File before, Upload(a_, "before", text));
  second_->Move(Call(a_));
  test_->Execute("REVOKE ALL ON ALL TABLES IN SCHEMA tenant_data FROM kasbah_tenant_data");

  ASSERT_OK_AND_ASSIGN(const std::string bytes, Download(a_, before.file_id()));
  EXPECT_TRUE(bytes == text);
  ASSERT_OK_AND_ASSIGN(const v1::File after, Upload(a_, "after", text));
  EXPECT_OK(Download(a_, after.file_id()));
  EXPECT_EQ(AsUser(a_, &Files::Stub::ListFiles, v1::ListFilesRequest())->files_size(), 2);

  v1::DeleteFileRequest gone;
  gone.set_file_id(before.file_id());
  ASSERT_OK(AsUser(a_, &Files::Stub::DeleteFile, gone));
  EXPECT_TRUE(absl::IsNotFound(Download(a_, before.file_id()).status()));
  // What is left of it is due there, and there alone.
  EXPECT_EQ(removal_->RunOnce(*second_->shards().home().upkeep).value_or(-1), 0);
  EXPECT_EQ(second_->database().QueryValue("SELECT count(*) FROM tenant_data.files"), "2");
  second_->database().Execute(
      "UPDATE tenant_data.files SET due_at = '-infinity' "
      "WHERE state = 'deleted'");
  EXPECT_EQ(removal_->RunOnce(*second_->shards().Find("second")->upkeep).value_or(-1), 1);
  EXPECT_EQ(second_->database().QueryValue("SELECT count(*) FROM tenant_data.files"), "1");
  EXPECT_FALSE(std::filesystem::exists(PathOf(a_, before.file_id())));
}

}  // namespace
}  // namespace kasbah::tenantdata
