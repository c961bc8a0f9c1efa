#include "services/tenant_data/files/transient_files.h"

#include <gtest/gtest.h>

#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using ::kasbah::testing::ReasonIs;

class TransientFilesTest : public ::testing::Test {
 protected:
  CallContext CallOf(TenantId tenant, std::optional<CustomerId> customer = std::nullopt) {
    CallContext call = CallContext::ForBackground("test", tenant, absl::InfiniteFuture());
    call.customer = customer;
    return call;
  }
  absl::StatusOr<FileId> Keep(const CallContext& call, const std::string& bytes) {
    auto room = files_.Reserve(call.tenant, static_cast<int64_t>(bytes.size()));
    if (!room.ok()) return room.status();
    TransientContent content;
    content.name = "a.txt";
    content.bytes = bytes;
    return files_.Keep(call, *std::move(room), std::move(content)).id;
  }

  testing::FakeClock clock_;
  const TenantId tenant_ = TenantId::New(absl::FromUnixSeconds(1));
  const TenantId other_ = TenantId::New(absl::FromUnixSeconds(2));
  TransientFiles files_{
      {.file_bytes = 10, .tenant_bytes = 15, .total_bytes = 25, .kept = absl::Minutes(10)}, clock_};
};

TEST_F(TransientFilesTest, IsGivenOutOnce) {
  ASSERT_OK_AND_ASSIGN(const FileId id, Keep(CallOf(tenant_), "hello"));
  ASSERT_OK_AND_ASSIGN(const TransientContent content, files_.Take(CallOf(tenant_), id));
  EXPECT_EQ(content.bytes, "hello");
  EXPECT_EQ(content.name, "a.txt");
  EXPECT_THAT(files_.Take(CallOf(tenant_), id), ReasonIs("NOT_FOUND"));
}

TEST_F(TransientFilesTest, NobodyElseIsGivenIt) {
  const CustomerId customer = CustomerId::New(absl::FromUnixSeconds(3));
  const CustomerId another = CustomerId::New(absl::FromUnixSeconds(4));
  ASSERT_OK_AND_ASSIGN(const FileId id, Keep(CallOf(tenant_, customer), "x"));
  EXPECT_THAT(files_.Take(CallOf(other_), id), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(files_.Take(CallOf(tenant_, another), id), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const FileId tenants, Keep(CallOf(tenant_), "x"));
  EXPECT_THAT(files_.Take(CallOf(tenant_, customer), tenants), ReasonIs("NOT_FOUND"));
  EXPECT_OK(files_.Take(CallOf(tenant_), id));
}

TEST_F(TransientFilesTest, RoomIsBoundedForOneTenantAndForAll) {
  ASSERT_OK_AND_ASSIGN(const FileId id, Keep(CallOf(tenant_), std::string(10, 'x')));
  EXPECT_THAT(Keep(CallOf(tenant_), std::string(6, 'x')), ReasonIs("TRANSIENT_FILES_FULL"));
  EXPECT_OK(Keep(CallOf(other_), std::string(10, 'x')));
  const TenantId third = TenantId::New(absl::FromUnixSeconds(9));
  EXPECT_THAT(Keep(CallOf(third), std::string(6, 'x')), ReasonIs("TRANSIENT_FILES_FULL"));
  // What is taken is free, what is only reserved is not.
  ASSERT_OK(files_.Take(CallOf(tenant_), id));
  {
    ASSERT_OK_AND_ASSIGN(const TransientFiles::Room room, files_.Reserve(third, 15));
    EXPECT_THAT(Keep(CallOf(tenant_), "x"), ReasonIs("TRANSIENT_FILES_FULL"));
  }
  EXPECT_OK(Keep(CallOf(tenant_), "x"));
}

TEST_F(TransientFilesTest, IsForgottenWhenItsTimeIsOver) {
  ASSERT_OK_AND_ASSIGN(const FileId id, Keep(CallOf(tenant_), std::string(10, 'x')));
  clock_.Advance(absl::Minutes(10));
  EXPECT_THAT(files_.Take(CallOf(tenant_), id), ReasonIs("NOT_FOUND"));
  EXPECT_OK(Keep(CallOf(tenant_), std::string(15, 'x')));
}

}  // namespace
}  // namespace kasbah::tenantdata
