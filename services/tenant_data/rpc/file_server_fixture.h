#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/crypto/hash.h"
#include "libs/objects/bucket_store.h"
#include "libs/objects/folder_store.h"
#include "libs/rpc/status_mapping.h"
#include "libs/testing/aws_server.h"
#include "libs/testing/server_harness.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/file_service.h"
#include "services/tenant_data/rpc/forgetting_vault.h"
#include "services/tenant_data/rpc/record_opener.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {

// Stands for the vault in tests: makes keys, and gives them back for the context and subject that
// they were made with. Ciphertexts begin as the vault's do: version 1 of the format, key version 1.
class KeyVault final : public vault::v1::CryptoService::Service {
 public:
  grpc::Status GenerateDataKey(grpc::ServerContext*,
                               const vault::v1::GenerateDataKeyRequest* request,
                               vault::v1::GenerateDataKeyResponse* reply) override {
    if (is_down) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
    if (!request->subject().empty() && request->subject() == shredded) {
      return rpc::ToGrpcStatus(
          Error(absl::StatusCode::kFailedPrecondition, "KEY_SHREDDED", "the key is gone"), "");
    }
    absl::MutexLock lock(&mutex_);
    reply->set_plaintext(crypto::RandomBytes(32));
    reply->set_ciphertext(std::string("\1\0\1", 3) + std::string(16, 'k') +
                          std::string("\0\0\0\1", 4) + crypto::RandomBytes(16));
    keys_[reply->ciphertext()] = {reply->plaintext(), request->context().at("file"),
                                  request->subject()};
    return grpc::Status::OK;
  }
  grpc::Status Decrypt(grpc::ServerContext*, const vault::v1::DecryptRequest* request,
                       vault::v1::DecryptResponse* reply) override {
    if (is_down) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
    absl::MutexLock lock(&mutex_);
    const auto key = keys_.find(request->ciphertext());
    if (key == keys_.end() || std::get<1>(key->second) != request->context().at("file") ||
        std::get<2>(key->second) != request->subject()) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no");
    }
    reply->set_plaintext(std::get<0>(key->second));
    return grpc::Status::OK;
  }

  std::atomic<bool> is_down = false;
  // Whose key it has no more; empty: nobody's. Before the calls.
  std::string shredded;

 private:
  absl::Mutex mutex_;
  std::map<std::string, std::tuple<std::string, std::string, std::string>> keys_;
};

// FileService behind the real pipeline and mutual TLS, over a real database and a folder, or a
// bucket behind a server that checks signatures.
class FileServiceTest : public TenantDataTest, protected testing::ServerHarness {
 protected:
  using Files = v1::FileService;
  static constexpr size_t kPart = 100'000;

  FileServiceTest() : ServerHarness("tenant-data") {}

  virtual std::unique_ptr<objects::ObjectStore> MakeObjects() {
    auto store = objects::FolderStore::Create(directory_ + "/files");
    EXPECT_OK(store);
    return *std::move(store);
  }

  void SetUp() override {
    TenantDataTest::SetUp();
    directory_ = ::testing::TempDir() + "/files.XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    ASSERT_OK_AND_ASSIGN(upkeep_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                                       postgres::DoorToken::TenantDataUpkeep(),
                                                       absl::Now() + absl::Seconds(30)));
    ASSERT_OK_AND_ASSIGN(detector_, TypeDetector::Create());
    StartVault();
    objects_ = MakeObjects();
    parts_.emplace(FileParts{*database_,
                             outbox_,
                             *objects_,
                             *keys_,
                             *detector_,
                             {.file_bytes = 3'000'000, .tenant_bytes = 5'000'000},
                             file_clock_});
    removal_ = std::make_unique<FileRemoval>(*parts_);
    CreateServer({v1::File::descriptor()->file(), subject::v1::Subject::descriptor()->file()});
    files_ = std::make_unique<FileService>(server_->pipeline(), *parts_, *removal_, transients_);
    MakeSubjects();
    Serve({files_.get(), subjects_.get()});
  }
  void TearDown() override {
    StopServer();
    if (vault_server_ != nullptr) vault_server_->Shutdown();
    std::filesystem::remove_all(directory_);
  }

  // Made with the server's pipeline.
  void MakeSubjects() {
    ASSERT_OK_AND_ASSIGN(
        domains_door_,
        postgres::Door::Open(test_->Pool("kasbah_tenant_data_resolver"),
                             postgres::DoorToken::HostResolver(), absl::Now() + absl::Seconds(30)));
    domain_rights_ = std::make_unique<DomainRights>(*domains_door_, outbox_, Clock::Real());
    subjects_ = std::make_unique<SubjectService>(server_->pipeline(), *database_, *domain_rights_,
                                                 outbox_, *opener_, vault_channel_, Clock::Real());
  }

  void StartVault() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&vault_);
    builder.RegisterService(&shredder_);
    vault_server_ = builder.BuildAndStart();
    vault_channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials());
    keys_ = std::make_unique<DataKeys>(vault_channel_);
    definitions_ = std::make_unique<Definitions>(*database_, Clock::Real());
    field_sealer_ = std::make_unique<FieldSealer>(vault_channel_);
    opener_ = std::make_unique<RecordOpener>(*definitions_, *field_sealer_);
  }

  std::unique_ptr<grpc::ClientContext> Context(TenantId tenant,
                                               std::optional<CustomerId> customer) {
    server_->assertions().RevocationsFresh();
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(absl::ToChronoTime(CallDeadline()));
    context->AddMetadata("authorization", "Bearer " + AssertionFor(tenant, customer));
    return context;
  }

  static v1::FileMetadata Metadata(const std::string& name, size_t size) {
    v1::FileMetadata metadata;
    metadata.set_name(name);
    metadata.set_size(static_cast<int64_t>(size));
    return metadata;
  }

  // `sha256` goes with the last message.
  absl::StatusOr<v1::File> Upload(TenantId tenant, const v1::FileMetadata& metadata,
                                  const std::string& bytes, const std::string& sha256 = "",
                                  std::optional<CustomerId> customer = std::nullopt) {
    Files::Stub stub(ChannelOf("service/gateway"));
    const auto context = Context(tenant, customer);
    v1::File reply;
    const auto writer = stub.UploadFile(context.get(), &reply);
    v1::UploadFileRequest message;
    *message.mutable_metadata() = metadata;
    constexpr size_t kChunk = 50'000;
    size_t at = 0;
    do {
      message.set_chunk(bytes.substr(at, kChunk));
      at += kChunk;
      if (at >= bytes.size()) message.set_sha256(sha256);
      if (!writer->Write(message)) break;
      message.clear_metadata();
    } while (at < bytes.size());
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return reply;
  }
  absl::StatusOr<v1::File> Upload(TenantId tenant, const std::string& name,
                                  const std::string& bytes,
                                  std::optional<CustomerId> customer = std::nullopt) {
    return Upload(tenant, Metadata(name, bytes.size()), bytes, "", customer);
  }

  absl::StatusOr<std::string> Download(TenantId tenant, const std::string& id, int64_t offset = 0,
                                       int64_t length = 0,
                                       std::optional<CustomerId> customer = std::nullopt) {
    Files::Stub stub(ChannelOf("service/gateway"));
    const auto context = Context(tenant, customer);
    v1::DownloadFileRequest request;
    request.set_file_id(id);
    request.set_offset(offset);
    request.set_length(length);
    const auto reader = stub.DownloadFile(context.get(), request);
    std::string bytes;
    v1::DownloadFileResponse message;
    while (reader->Read(&message)) bytes += message.chunk();
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return bytes;
  }

  absl::StatusOr<v1::File> Get(TenantId tenant, const std::string& id,
                               std::optional<CustomerId> customer = std::nullopt) {
    v1::GetFileRequest request;
    request.set_file_id(id);
    return AsUser(tenant, &Files::Stub::GetFile, request, customer);
  }
  absl::Status Delete(TenantId tenant, const std::string& id) {
    v1::DeleteFileRequest request;
    request.set_file_id(id);
    return AsUser(tenant, &Files::Stub::DeleteFile, request).status();
  }

  std::filesystem::path PathOf(TenantId tenant, const std::string& id) const {
    return std::filesystem::path(directory_) / "files" /
           objects::ObjectKey{tenant, *FileId::Parse(id)}.ToString();
  }
  int64_t Objects(TenantId tenant) {
    const auto files = objects_->List(tenant, FileId(), 1000);
    EXPECT_OK(files);
    return static_cast<int64_t>(files->size());
  }
  // Nothing visible at once, and nothing at all once the upkeep has been.
  void ExpectNothingLeft(TenantId tenant) {
    EXPECT_EQ(Count("tenant_data.files WHERE state = 'stored'"), 0);
    EXPECT_OK(removal_->RunOnce(*upkeep_));
    EXPECT_EQ(Count("tenant_data.files"), 0);
    EXPECT_EQ(Objects(tenant), 0);
    EXPECT_EQ(Count("tenant_data.file_usage WHERE bytes <> 0"), 0);
  }

  static std::string Noise(size_t size) { return crypto::RandomBytes(size); }

  std::string directory_;
  testing::AwsServer aws_;
  testing::FakeClock file_clock_{absl::Now()};
  KeyVault vault_;
  ForgettingVault shredder_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::shared_ptr<grpc::Channel> vault_channel_;
  std::unique_ptr<Definitions> definitions_;
  std::unique_ptr<FieldSealer> field_sealer_;
  std::unique_ptr<RecordOpener> opener_;
  std::unique_ptr<postgres::Door> upkeep_;
  std::unique_ptr<TypeDetector> detector_;
  std::unique_ptr<DataKeys> keys_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::optional<FileParts> parts_;
  std::unique_ptr<FileRemoval> removal_;
  TransientFiles transients_{{.file_bytes = 1'000'000,
                              .tenant_bytes = 1'500'000,
                              .total_bytes = 2'000'000,
                              .kept = absl::Minutes(10)},
                             file_clock_};
  std::unique_ptr<FileService> files_;
  std::unique_ptr<postgres::Door> domains_door_;
  std::unique_ptr<DomainRights> domain_rights_;
  std::unique_ptr<SubjectService> subjects_;
};

// The same over a bucket.
class BucketFileServiceTest : public FileServiceTest {
 protected:
  std::unique_ptr<objects::ObjectStore> MakeObjects() override {
    auto bucket = aws::S3Bucket::Create({.bucket = testing::AwsServer::kBucket,
                                         .prefix = "kasbah/",
                                         .region = testing::AwsServer::kRegion,
                                         .endpoint = aws_.endpoint(),
                                         .credentials_file = aws_.credentials_file()},
                                        Clock::Real());
    EXPECT_OK(bucket);
    return std::make_unique<objects::BucketStore>(*std::move(bucket), kPart);
  }
};

}  // namespace kasbah::tenantdata
