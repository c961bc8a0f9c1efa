#include "services/tenant_data/rpc/tenant_data_server_fixture.h"

#include <string>
#include <vector>

#include "kasbah/tenantdata/v1/usage.pb.h"
#include "kasbah/usage/v1/meters.pb.h"
#include "services/tenant_data/rpc/collection_service.h"
#include "services/tenant_data/rpc/customer_service.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_service.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/rpc/tenant_service.h"
#include "services/tenant_data/rpc/value_mover.h"

namespace kasbah::tenantdata {

struct TenantDataServerTest::Handlers {
  std::unique_ptr<TenantRegistry> registry;
  std::unique_ptr<Definitions> definitions;
  std::unique_ptr<FieldSealer> field_sealer;
  std::unique_ptr<BlindIndexer> indexer;
  std::unique_ptr<RecordSealer> sealer;
  std::unique_ptr<RecordOpener> opener;
  std::unique_ptr<RecordReader> reader;
  std::unique_ptr<ReferenceCheck> references;
  std::unique_ptr<ValueMover> mover;
  std::unique_ptr<RecordWriter> writer;
  std::unique_ptr<RecordBatchWriter> batches;
  std::unique_ptr<RecordCreator> creator;
  std::unique_ptr<RecordChanger> changer;
  std::unique_ptr<RecordRestorer> restorer;
  std::unique_ptr<RecordImporter> importer;
  std::unique_ptr<RecordExporter> exporter;
  std::unique_ptr<TenantService> tenants;
  std::unique_ptr<CustomerService> customer_service;
  std::unique_ptr<CollectionService> collection_service;
  std::unique_ptr<RecordService> record_service;
  std::unique_ptr<DomainRights> domain_rights;
  std::unique_ptr<SubjectService> subjects;
};

TenantDataServerTest::TenantDataServerTest() : ServerHarness("tenant-data") {}
TenantDataServerTest::~TenantDataServerTest() = default;

void TenantDataServerTest::SetUp() {
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

void TenantDataServerTest::TearDown() {
  StopServer();
  if (vault_server_ != nullptr) vault_server_->Shutdown();
}

void TenantDataServerTest::StartVault() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&vault_);
  builder.RegisterService(&shredder_);
  builder.RegisterService(&keeper_);
  vault_server_ = builder.BuildAndStart();
  vault_channel_ =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
}

void TenantDataServerTest::StartServer() {
  CreateServer({v1::Tenant::descriptor()->file(), v1::Domain::descriptor()->file(),
                v1::Collection::descriptor()->file(), v1::Record::descriptor()->file(),
                v1::File::descriptor()->file(), v1::Move::descriptor()->file(),
                v1::Quota::descriptor()->file(), subject::v1::Subject::descriptor()->file(),
                usage::v1::CountUsageRequest::descriptor()->file()});
  rpc::Pipeline& pipeline = server_->pipeline();
  const Clock& clock = Clock::Real();
  handlers_ = std::make_unique<Handlers>();
  Handlers& h = *handlers_;
  h.registry = std::make_unique<TenantRegistry>(*door_, outbox_, hosts_, clock);
  h.definitions = std::make_unique<Definitions>(*database_, clock);
  h.field_sealer = std::make_unique<FieldSealer>(vault_channel_);
  h.indexer = std::make_unique<BlindIndexer>(vault_channel_);
  h.sealer = std::make_unique<RecordSealer>(*h.field_sealer, *h.indexer);
  h.opener = std::make_unique<RecordOpener>(*h.definitions, *h.field_sealer);
  cursor_keys_ = std::make_unique<CursorKeys>(*database_);
  h.reader = std::make_unique<RecordReader>(*database_, *h.definitions, *h.opener, *h.indexer,
                                            *cursor_keys_);
  h.references = std::make_unique<ReferenceCheck>(*database_);
  h.mover = std::make_unique<ValueMover>(vault_channel_);
  h.writer = std::make_unique<RecordWriter>(*database_, outbox_, clock);
  h.batches = std::make_unique<RecordBatchWriter>(*database_, outbox_, clock);
  h.creator = std::make_unique<RecordCreator>(*h.definitions, *h.references, *h.mover, *h.sealer,
                                              *h.reader, *h.writer, clock);
  h.changer = std::make_unique<RecordChanger>(*h.definitions, *h.references, *h.mover, *h.sealer,
                                              *h.opener, *h.reader, *h.writer, *h.creator);
  h.restorer =
      std::make_unique<RecordRestorer>(*h.definitions, *h.references, *h.field_sealer, *h.indexer,
                                       *h.sealer, *h.opener, *h.reader, *h.writer);
  h.importer = std::make_unique<RecordImporter>(*database_, outbox_, *h.definitions, *h.references,
                                                *h.sealer, *h.batches, clock);
  h.exporter = std::make_unique<RecordExporter>(*database_, outbox_, *h.definitions, *h.reader,
                                                *h.opener, clock);
  h.tenants = std::make_unique<TenantService>(pipeline, *h.registry);
  h.customer_service = std::make_unique<CustomerService>(pipeline, *database_, outbox_, clock);
  h.collection_service = std::make_unique<CollectionService>(pipeline, *database_, outbox_, clock);
  h.record_service = std::make_unique<RecordService>(
      pipeline,
      RecordParts{*h.definitions, *h.sealer, *h.references, *h.reader, *h.creator, *h.changer,
                  *h.restorer, *h.writer, *h.batches, *h.importer, *h.exporter},
      clock);
  h.domain_rights = std::make_unique<DomainRights>(*domains_door_, outbox_, clock);
  h.subjects = std::make_unique<SubjectService>(pipeline, *database_, *h.domain_rights, outbox_,
                                                *h.opener, vault_channel_, clock);
  std::vector<grpc::Service*> services = {h.tenants.get(), h.customer_service.get(),
                                          h.collection_service.get(), h.record_service.get(),
                                          h.subjects.get()};
  for (grpc::Service* service : MoreServices(pipeline)) services.push_back(service);
  Serve(services);
}

}  // namespace kasbah::tenantdata
