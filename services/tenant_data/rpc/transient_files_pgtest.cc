#include "kasbah/tenantdata/v1/files.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class TransientFileTest : public FileServiceTest {
 protected:
  absl::StatusOr<v1::TransientFile> Keep(TenantId tenant, const v1::FileMetadata& metadata,
                                         const std::string& bytes) {
    Files::Stub stub(ChannelOf("service/gateway"));
    const auto context = Context(tenant, std::nullopt);
    v1::TransientFile reply;
    const auto writer = stub.UploadTransient(context.get(), &reply);
    v1::UploadTransientRequest message;
    *message.mutable_metadata() = metadata;
    message.set_chunk(bytes);
    writer->Write(message);
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return reply;
  }
  absl::StatusOr<std::string> Take(TenantId tenant, const std::string& id) {
    Files::Stub stub(ChannelOf("service/gateway"));
    const auto context = Context(tenant, std::nullopt);
    v1::TakeTransientRequest request;
    request.set_file_id(id);
    const auto reader = stub.TakeTransient(context.get(), request);
    std::string bytes;
    v1::TakeTransientResponse message;
    while (reader->Read(&message)) bytes += message.chunk();
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return bytes;
  }
};

TEST_F(TransientFileTest, IsGivenOutOnceAndStoredNowhere) {
  const std::string text = Noise(600'000);
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(const v1::TransientFile file, Keep(a_, Metadata("x", text.size()), text));
  EXPECT_EQ(Count("tenant_data.files"), 0);
  EXPECT_EQ(Objects(a_), 0);
  EXPECT_THAT(Take(b_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Get(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const std::string taken, Take(a_, file.file_id()));
  EXPECT_TRUE(taken == text);
  EXPECT_THAT(Take(a_, file.file_id()), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(Audits(), audits + 2);
}

TEST_F(TransientFileTest, IsHeldToWhatWasSaidOfItAndToItsRoom) {
  v1::FileMetadata metadata = Metadata("x.png", 5);
  metadata.set_content_type("image/png");
  EXPECT_THAT(Keep(a_, metadata, "hello"), ReasonIs("FILE_TYPE_MISMATCH"));
  EXPECT_THAT(Keep(a_, Metadata("x", 4), "hello"), ReasonIs("FILE_SIZE_MISMATCH"));
  EXPECT_THAT(Keep(a_, Metadata("a/b", 5), "hello"), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(Keep(a_, Metadata("x", 1'000'001), "hello"), ReasonIs("INVALID_FIELDS"));
  metadata = Metadata("x", 5);
  metadata.set_subject("ada");
  EXPECT_THAT(Keep(a_, metadata, "hello"), ReasonIs("INVALID_FIELDS"));
  const std::string large(900'000, 'x');
  ASSERT_OK(Keep(a_, Metadata("x", large.size()), large));
  EXPECT_THAT(Keep(a_, Metadata("x", large.size()), large), ReasonIs("TRANSIENT_FILES_FULL"));
  file_clock_.Advance(absl::Minutes(11));
  EXPECT_OK(Keep(a_, Metadata("x", large.size()), large));
}

}  // namespace
}  // namespace kasbah::tenantdata
