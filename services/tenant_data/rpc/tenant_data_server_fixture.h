#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/vault.grpc.pb.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/dev/certificate_authority.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "services/tenant_data/rpc/collection_service.h"
#include "services/tenant_data/rpc/customer_service.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_service.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/rpc/tenant_service.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {

// Stands for the vault in tests: turns bytes around and prepends the context, which must be the
// same to turn them back.
class TurningVault final : public vault::v1::CryptoService::Service {
 public:
  grpc::Status BatchEncrypt(grpc::ServerContext*, const vault::v1::BatchEncryptRequest* request,
                            vault::v1::BatchEncryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      reply->add_ciphertexts(PrefixOf(item) + Turned(item.plaintext()));
    }
    return grpc::Status::OK;
  }
  grpc::Status BatchDecrypt(grpc::ServerContext*, const vault::v1::BatchDecryptRequest* request,
                            vault::v1::BatchDecryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      auto* opened = reply->add_items();
      const std::string prefix = PrefixOf(item);
      if (item.ciphertext().starts_with(prefix)) {
        opened->set_plaintext(Turned(item.ciphertext().substr(prefix.size())));
      } else {
        opened->set_error("OPEN_FAILED");
      }
    }
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;

 private:
  template <typename Item>
  static std::string PrefixOf(const Item& item) {
    return item.context().at("record") + item.context().at("field");
  }
  static std::string Turned(std::string bytes) {
    for (char& c : bytes) c = static_cast<char>(~c);
    return bytes;
  }
};

// The handlers behind the real pipeline and mutual TLS, over a real database; beside them a vault
// of the test's own. Callers are made by certificate; the gateway's calls carry an assertion.
class TenantDataServerTest : public TenantDataTest {
 protected:
  static constexpr char kDomain[] = "kasbah.dev";

  void SetUp() override {
    TenantDataTest::SetUp();
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-data-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    authority_ = std::make_unique<dev::CertificateAuthority>(
        *dev::CertificateAuthority::Open(directory_ + "/ca"));
    ASSERT_OK_AND_ASSIGN(door_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_registry"),
                                                     postgres::DoorToken::TenantRegistry(),
                                                     absl::Now() + absl::Seconds(30)));
    StartVault();
    StartServer();
  }
  void TearDown() override {
    channels_.clear();
    server_.reset();
    if (vault_server_ != nullptr) vault_server_->Shutdown();
    std::filesystem::remove_all(directory_);
  }

  void StartVault() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&vault_);
    vault_server_ = builder.BuildAndStart();
    sealer_ = std::make_unique<FieldSealer>(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  }

  void StartServer() {
    rpc::Server::Options options;
    options.name = "kasbah-tenant-data";
    options.config.listen = "127.0.0.1:0";
    options.config.admin_listen = "127.0.0.1:0";
    options.config.trust_domain = kDomain;
    options.config.tls_directory = Certificate("service/tenant-data");
    for (const auto* file : {v1::Tenant::descriptor()->file(), v1::Record::descriptor()->file(),
                             subject::v1::Subject::descriptor()->file()}) {
      for (int i = 0; i < file->service_count(); ++i) {
        options.descriptors.push_back(file->service(i));
      }
    }
    options.own_jwks = [this]() -> absl::StatusOr<std::string> {
      return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","x":")" +
             crypto::Base64Url(signer_.public_key()) + "\"}]}";
    };
    ASSERT_OK_AND_ASSIGN(server_, rpc::Server::Create(std::move(options)));
    rpc::Pipeline& pipeline = server_->pipeline();
    const Clock& clock = Clock::Real();
    registry_ = std::make_unique<TenantRegistry>(*door_, outbox_, clock);
    definitions_ = std::make_unique<Definitions>(*database_, clock);
    reader_ = std::make_unique<RecordReader>(*database_, *definitions_, *sealer_);
    writer_ = std::make_unique<RecordWriter>(*database_, outbox_, clock);
    batches_ = std::make_unique<RecordBatchWriter>(*database_, outbox_, clock);
    tenants_ = std::make_unique<TenantService>(pipeline, *registry_);
    customer_service_ = std::make_unique<CustomerService>(pipeline, *database_, outbox_, clock);
    collection_service_ = std::make_unique<CollectionService>(pipeline, *database_, outbox_, clock);
    record_service_ = std::make_unique<RecordService>(pipeline, *definitions_, *sealer_, *reader_,
                                                      *writer_, *batches_, clock);
    subjects_ = std::make_unique<SubjectService>(pipeline, *database_, outbox_, clock);
    ASSERT_OK(server_->Start({tenants_.get(), customer_service_.get(), collection_service_.get(),
                              record_service_.get(), subjects_.get()},
                             [] { return ""; }));
  }

  std::string Certificate(const std::string& path) {
    std::string directory = directory_ + "/" + path;
    std::filesystem::create_directories(directory);
    EXPECT_OK(
        authority_->Issue({.uris = {std::string("spiffe://") + kDomain + "/" + path}}, directory));
    return directory;
  }

  std::shared_ptr<grpc::Channel> ChannelOf(const std::string& path) {
    std::shared_ptr<grpc::Channel>& channel = channels_[path];
    if (channel == nullptr) {
      channel = *rpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                    std::string("spiffe://") + kDomain + "/service/tenant-data",
                                    rpc::TlsFiles{Certificate(path)});
    }
    return channel;
  }

  // As an operator; a nil tenant for calls to the installation itself.
  template <typename Service, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsOperator(TenantId tenant,
                                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Reply*),
                                   const Request& request) {
    const auto stub = Service::NewStub(ChannelOf("operator/ada"));
    return rpc::Invoke(Call(tenant), *stub, method, request);
  }

  // As a user of the tenant, or of one of its customers, through the gateway.
  template <typename Service = v1::RecordService, typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> AsUser(
      TenantId tenant, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
      const Request& request, std::optional<CustomerId> customer = std::nullopt) {
    server_->assertions().RevocationsFresh();
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    context.AddMetadata("authorization", "Bearer " + AssertionFor(tenant, customer));
    const auto stub = Service::NewStub(ChannelOf("service/gateway"));
    Reply reply;
    const absl::Status status =
        rpc::FromGrpcStatus((stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }

  std::string AssertionFor(TenantId tenant, std::optional<CustomerId> customer) {
    rpc::Assertion assertion;
    assertion.actor_id = "usr_01h455vb4pex5vsknk084sn02q";
    assertion.kind = policy::v1::ACTOR_KIND_USER;
    assertion.azp = std::string("spiffe://") + kDomain + "/service/gateway";
    assertion.tenant = tenant;
    assertion.customer = customer;
    assertion.session_id = "ses_x";
    assertion.assurance = policy::v1::ASSURANCE_MULTI;
    assertion.permissions.set();
    assertion.issue_time = absl::Now();
    assertion.expire_time = assertion.issue_time + rpc::kAssertionLifetime;
    return *rpc::EncodeAssertion(assertion, std::string("spiffe://") + kDomain + "/service/auth",
                                 kDomain, "test", Uuid::V7(absl::Now()).ToString(),
                                 [this](std::string_view input) -> absl::StatusOr<std::string> {
                                   return signer_.Sign(input);
                                 });
  }

  std::string directory_;
  std::unique_ptr<dev::CertificateAuthority> authority_;
  const crypto::Ed25519Key signer_ = crypto::Ed25519Key::Generate();
  TurningVault vault_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::unique_ptr<FieldSealer> sealer_;
  std::unique_ptr<postgres::Door> door_;
  std::unique_ptr<TenantRegistry> registry_;
  std::unique_ptr<Definitions> definitions_;
  std::unique_ptr<RecordReader> reader_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<RecordBatchWriter> batches_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<TenantService> tenants_;
  std::unique_ptr<CustomerService> customer_service_;
  std::unique_ptr<CollectionService> collection_service_;
  std::unique_ptr<RecordService> record_service_;
  std::unique_ptr<SubjectService> subjects_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kasbah::tenantdata
