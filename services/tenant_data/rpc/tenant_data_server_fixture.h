#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/domains.grpc.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/crypto/hash.h"
#include "libs/testing/server_harness.h"
#include "services/tenant_data/rpc/collection_service.h"
#include "services/tenant_data/rpc/customer_service.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/forgetting_vault.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_service.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/rpc/tenant_service.h"
#include "services/tenant_data/rpc/value_mover.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {

// Stands for the vault in tests: turns bytes around and prepends context and subject, which must be
// the same to turn them back. Its indexes are of one key with as many versions as a test says.
class TurningVault final : public vault::v1::CryptoService::Service {
 public:
  explicit TurningVault(const ForgettingVault& shredder) : shredder_(shredder) {}
  grpc::Status BatchEncrypt(grpc::ServerContext*, const vault::v1::BatchEncryptRequest* request,
                            vault::v1::BatchEncryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      if (shredder_.shredded.contains(item.subject())) {
        reply->add_items()->set_error("KEY_SHREDDED");
      } else {
        reply->add_items()->set_ciphertext(PrefixOf(item) + Turned(item.plaintext()));
      }
    }
    return grpc::Status::OK;
  }
  grpc::Status BatchBlindIndex(grpc::ServerContext*,
                               const vault::v1::BatchBlindIndexRequest* request,
                               vault::v1::BatchBlindIndexResponse* reply) override {
    ++index_calls;
    for (const auto& item : request->items()) {
      const uint32_t version = item.key_version() == 0 ? index_version.load() : item.key_version();
      auto* indexed = reply->add_items();
      indexed->set_index(
          crypto::Sha256({std::to_string(version), item.context().at("field"), item.value()})
              .substr(0, item.bits() / 8));
      indexed->set_key_version(version);
    }
    return grpc::Status::OK;
  }
  grpc::Status BatchDecrypt(grpc::ServerContext*, const vault::v1::BatchDecryptRequest* request,
                            vault::v1::BatchDecryptResponse* reply) override {
    ++calls;
    for (const auto& item : request->items()) {
      auto* opened = reply->add_items();
      const std::string prefix = PrefixOf(item);
      if (shredder_.shredded.contains(item.subject())) {
        opened->set_error("KEY_SHREDDED");
      } else if (item.ciphertext().starts_with(prefix)) {
        opened->set_plaintext(Turned(item.ciphertext().substr(prefix.size())));
      } else {
        opened->set_error("OPEN_FAILED");
      }
    }
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
  std::atomic<int> index_calls = 0;
  std::atomic<uint32_t> index_version = 1;

 private:
  template <typename Item>
  static std::string PrefixOf(const Item& item) {
    return item.context().at("record") + item.context().at("field") + item.subject();
  }
  static std::string Turned(std::string bytes) {
    for (char& c : bytes) c = static_cast<char>(~c);
    return bytes;
  }

  const ForgettingVault& shredder_;
};

// The vault's other face: keeps values under their paths, the same again for the same request.
class KeepingVault final : public vault::v1::SecretService::Service {
 public:
  grpc::Status KeepValues(grpc::ServerContext*, const vault::v1::KeepValuesRequest* request,
                          vault::v1::KeepValuesResponse* reply) override {
    for (const auto& value : request->values()) {
      payloads[value.path()] = value.payload();
      auto [kept, is_new] = ids.try_emplace(value.path());
      if (is_new) kept->second = SecretId::New(absl::Now()).ToString();
      reply->add_secret_ids(kept->second);
    }
    return grpc::Status::OK;
  }

  std::map<std::string, std::string> payloads;
  std::map<std::string, std::string> ids;
};

// The handlers behind the real pipeline and mutual TLS, over a real database; beside them a vault
// of the test's own. Callers are made by certificate; the gateway's calls carry an assertion.
class TenantDataServerTest : public TenantDataTest, protected testing::ServerHarness {
 protected:
  TenantDataServerTest() : ServerHarness("tenant-data") {}

  void SetUp() override {
    TenantDataTest::SetUp();
    ASSERT_OK_AND_ASSIGN(door_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_registry"),
                                                     postgres::DoorToken::TenantRegistry(),
                                                     absl::Now() + absl::Seconds(30)));
    ASSERT_OK_AND_ASSIGN(
        domains_door_,
        postgres::Door::Open(test_->Pool("kasbah_tenant_data_resolver"),
                             postgres::DoorToken::HostResolver(), absl::Now() + absl::Seconds(30)));
    StartVault();
    StartServer();
  }
  void TearDown() override {
    StopServer();
    if (vault_server_ != nullptr) vault_server_->Shutdown();
  }

  void StartVault() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&vault_);
    builder.RegisterService(&shredder_);
    builder.RegisterService(&keeper_);
    vault_server_ = builder.BuildAndStart();
    vault_channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials());
  }

  void StartServer() {
    CreateServer({v1::Tenant::descriptor()->file(), v1::Domain::descriptor()->file(),
                  v1::Collection::descriptor()->file(), v1::Record::descriptor()->file(),
                  v1::File::descriptor()->file(), v1::Move::descriptor()->file(),
                  subject::v1::Subject::descriptor()->file()});
    rpc::Pipeline& pipeline = server_->pipeline();
    const Clock& clock = Clock::Real();
    registry_ = std::make_unique<TenantRegistry>(*door_, outbox_, hosts_, clock);
    definitions_ = std::make_unique<Definitions>(*database_, clock);
    field_sealer_ = std::make_unique<FieldSealer>(vault_channel_);
    indexer_ = std::make_unique<BlindIndexer>(vault_channel_);
    sealer_ = std::make_unique<RecordSealer>(*field_sealer_, *indexer_);
    opener_ = std::make_unique<RecordOpener>(*definitions_, *field_sealer_);
    cursor_keys_ = std::make_unique<CursorKeys>(*database_);
    reader_ = std::make_unique<RecordReader>(*database_, *definitions_, *opener_, *indexer_,
                                             *cursor_keys_);
    references_ = std::make_unique<ReferenceCheck>(*database_);
    mover_ = std::make_unique<ValueMover>(vault_channel_);
    writer_ = std::make_unique<RecordWriter>(*database_, outbox_, clock);
    batches_ = std::make_unique<RecordBatchWriter>(*database_, outbox_, clock);
    changer_ = std::make_unique<RecordChanger>(*definitions_, *references_, *mover_, *sealer_,
                                               *opener_, *reader_, *writer_, clock);
    restorer_ = std::make_unique<RecordRestorer>(*definitions_, *references_, *field_sealer_,
                                                 *indexer_, *sealer_, *opener_, *reader_, *writer_);
    importer_ = std::make_unique<RecordImporter>(*database_, outbox_, *definitions_, *references_,
                                                 *sealer_, *batches_, clock);
    exporter_ = std::make_unique<RecordExporter>(*database_, outbox_, *definitions_, *reader_,
                                                 *opener_, clock);
    tenants_ = std::make_unique<TenantService>(pipeline, *registry_);
    customer_service_ = std::make_unique<CustomerService>(pipeline, *database_, outbox_, clock);
    collection_service_ = std::make_unique<CollectionService>(pipeline, *database_, outbox_, clock);
    record_service_ = std::make_unique<RecordService>(
        pipeline,
        RecordParts{*definitions_, *sealer_, *references_, *reader_, *changer_, *restorer_,
                    *writer_, *batches_, *importer_, *exporter_},
        clock);
    domain_rights_ = std::make_unique<DomainRights>(*domains_door_, outbox_, clock);
    subjects_ = std::make_unique<SubjectService>(pipeline, *database_, *domain_rights_, outbox_,
                                                 *opener_, vault_channel_, clock);
    std::vector<grpc::Service*> services = {tenants_.get(), customer_service_.get(),
                                            collection_service_.get(), record_service_.get(),
                                            subjects_.get()};
    for (grpc::Service* service : MoreServices(pipeline)) services.push_back(service);
    Serve(services);
  }
  // What a test of other handlers serves beside these.
  virtual std::vector<grpc::Service*> MoreServices(rpc::Pipeline& /*pipeline*/) { return {}; }

  // As an operator; a nil tenant for calls to the installation itself.
  template <typename Method, typename Request>
  auto AsOperator(TenantId tenant, Method method, const Request& request) {
    return As("operator/ada", tenant, method, request);
  }

  ForgettingVault shredder_;
  TurningVault vault_{shredder_};
  KeepingVault keeper_;
  std::unique_ptr<grpc::Server> vault_server_;
  std::shared_ptr<grpc::Channel> vault_channel_;
  std::unique_ptr<postgres::Door> door_;
  std::unique_ptr<postgres::Door> domains_door_;
  HostCache hosts_{clock_};
  std::unique_ptr<TenantRegistry> registry_;
  std::unique_ptr<Definitions> definitions_;
  std::unique_ptr<FieldSealer> field_sealer_;
  std::unique_ptr<BlindIndexer> indexer_;
  std::unique_ptr<RecordSealer> sealer_;
  std::unique_ptr<RecordOpener> opener_;
  std::unique_ptr<CursorKeys> cursor_keys_;
  std::unique_ptr<RecordReader> reader_;
  std::unique_ptr<ReferenceCheck> references_;
  std::unique_ptr<ValueMover> mover_;
  std::unique_ptr<RecordWriter> writer_;
  std::unique_ptr<RecordBatchWriter> batches_;
  std::unique_ptr<RecordChanger> changer_;
  std::unique_ptr<RecordRestorer> restorer_;
  std::unique_ptr<RecordImporter> importer_;
  std::unique_ptr<RecordExporter> exporter_;
  std::unique_ptr<TenantService> tenants_;
  std::unique_ptr<CustomerService> customer_service_;
  std::unique_ptr<CollectionService> collection_service_;
  std::unique_ptr<RecordService> record_service_;
  std::unique_ptr<DomainRights> domain_rights_;
  std::unique_ptr<SubjectService> subjects_;
};

}  // namespace kasbah::tenantdata
