#include "services/tenant_data/tenant_data_app.h"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "kasbah/tenantdata/v1/collections.pb.h"
#include "kasbah/tenantdata/v1/domains.pb.h"
#include "kasbah/tenantdata/v1/files.pb.h"
#include "kasbah/tenantdata/v1/placement.pb.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/tenantdata/v1/rights.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "kasbah/tenantdata/v1/usage.pb.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/ciphertexts/ciphertext_service.h"
#include "libs/dns/txt_resolver.h"
#include "libs/objects/bucket_store.h"
#include "libs/objects/folder_store.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
#include "libs/usage/meter_service.h"
#include "services/tenant_data/placement/placements.h"
#include "services/tenant_data/placement/shard_copies.h"
#include "services/tenant_data/placement/tenant_mover.h"
#include "services/tenant_data/rights/rights_worker.h"
#include "services/tenant_data/rpc/collection_service.h"
#include "services/tenant_data/rpc/customer_service.h"
#include "services/tenant_data/rpc/domain_service.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/file_service.h"
#include "services/tenant_data/rpc/meters.h"
#include "services/tenant_data/rpc/placement_service.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_service.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/rpc/resolver_service.h"
#include "services/tenant_data/rpc/rights_service.h"
#include "services/tenant_data/rpc/sealed_file_keys.h"
#include "services/tenant_data/rpc/sealed_records.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/rpc/tenant_service.h"
#include "services/tenant_data/rpc/usage_service.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/domain_registry.h"
#include "services/tenant_data/store/domain_rights.h"
#include "services/tenant_data/store/host_resolver.h"
#include "services/tenant_data/store/index_builder.h"
#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/record_writer.h"
#include "services/tenant_data/store/tenant_registry.h"
#include "services/tenant_data/upkeep/domain_checker.h"

namespace kasbah::tenantdata {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Tenant::descriptor()->file(), v1::Domain::descriptor()->file(),
        v1::Collection::descriptor()->file(), v1::Record::descriptor()->file(),
        v1::File::descriptor()->file(), v1::RightsOperation::descriptor()->file(),
        v1::Move::descriptor()->file(), subject::v1::Subject::descriptor()->file(),
        ciphertexts::v1::CountCiphertextsRequest::descriptor()->file(),
        v1::Quota::descriptor()->file(), usage::v1::CountUsageRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

absl::StatusOr<std::unique_ptr<objects::ObjectStore>> OpenObjects(const FileOptions& options,
                                                                  const Clock& clock) {
  if (!options.directory.empty()) return objects::FolderStore::Create(options.directory);
  ASSIGN_OR_RETURN(std::unique_ptr<aws::S3Bucket> bucket, aws::S3Bucket::Create(options.s3, clock));
  return std::make_unique<objects::BucketStore>(std::move(bucket));
}

// Where a service that several processes have answers in each of them, this one among them.
template <typename Served>
absl::StatusOr<std::map<std::string, std::unique_ptr<typename Served::Stub>>> PeersOf(
    service::Service& service, const TenantDataConfig& config,
    const std::vector<std::string>& names) {
  const std::map<std::string, std::string> addresses = {
      {"auth", config.service.server.auth_address},
      {"vault", config.service.vault_address},
      {"tenant-data", config.service.tenant_data_address},
      {"webhook", config.service.webhook_address},
      {"audit", config.service.audit_address},
  };
  std::map<std::string, std::unique_ptr<typename Served::Stub>> peers;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                     service.ChannelTo(name, addresses.at(name)));
    peers[name] = Served::NewStub(channel);
  }
  return peers;
}

absl::StatusOr<std::unique_ptr<postgres::Door>> OpenDoor(postgres::PoolOptions options,
                                                         postgres::DoorToken token) {
  options.application_name = StrCat("kasbah-tenant-data-", token.name());
  return postgres::Door::Open(options, token, absl::InfiniteFuture());
}

// Every database that has records; each waited for.
absl::StatusOr<std::unique_ptr<Shards>> OpenShards(const TenantDataConfig& config) {
  ASSIGN_OR_RETURN(auto mover, OpenDoor(config.mover, postgres::DoorToken::RecordsMover()));
  ASSIGN_OR_RETURN(auto upkeep, OpenDoor(config.upkeep, postgres::DoorToken::TenantDataUpkeep()));
  auto shards = std::make_unique<Shards>(std::move(mover), std::move(upkeep));
  for (ShardOptions shard : config.shards) {
    shard.trust_domain = config.service.server.trust_domain;
    shard.database.application_name = "kasbah-tenant-data";
    shard.upkeep.application_name = "kasbah-tenant-data-upkeep";
    shard.mover.application_name = "kasbah-tenant-data-mover";
    RETURN_IF_ERROR(shards->Open(shard, absl::InfiniteFuture()));
  }
  return shards;
}

// In every database, whatever becomes of the others; the first failure.
absl::Status InEach(const Shards& shards, const std::function<absl::Status(Shard&)>& work) {
  absl::Status first;
  for (const auto& shard : shards.all()) first.Update(work(*shard));
  return first;
}

}  // namespace

absl::Status RunTenantData(const TenantDataConfig& config) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Shards> shards, OpenShards(config));
  ShardMap shard_map(*shards);
  RETURN_IF_ERROR(shard_map.Load(absl::Now() + absl::Seconds(30)));
  service::Service::Options options;
  options.schema = "tenant_data";
  options.config = config.service;
  options.descriptors = Descriptors();
  options.emits_changes = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<service::Service> service,
                   service::Service::Create(std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> registry_door,
                   service->OpenDoor(config.registry, postgres::DoorToken::TenantRegistry()));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> resolver_door,
                   service->OpenDoor(config.resolver, postgres::DoorToken::HostResolver()));
  for (const ShardOptions& shard : config.shards) {
    RETURN_IF_ERROR(service->AddOutbox(shard.name, shard.relay));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<dns::TxtResolver> dns,
                   dns::TxtResolver::Create(config.dns));
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> vault,
                   service->ChannelTo("vault", config.service.vault_address));

  postgres::Database& database = service->database();
  if (!config.shards.empty()) database.PlaceBy(&shard_map);
  outbox::Outbox& outbox = service->outbox();
  const Clock& clock = service->clock();
  HostCache hosts(clock);
  HostResolver resolver(config.base_domain, *resolver_door, hosts);
  ShardCopies copies(*shards);
  TenantRegistry registry(*registry_door, outbox, hosts, clock, &copies);
  DomainRegistry domain_registry({config.base_domain, config.checks}, *resolver_door,
                                 *shards->home().upkeep, outbox, hosts, clock);
  DomainChecker domain_checker(domain_registry, *dns);
  const service::Periodic checking(absl::Seconds(1), "looking at domains again",
                                   [&] { return domain_checker.RunOnce().status(); });
  Definitions definitions(database, clock);
  FieldSealer field_sealer(vault);
  BlindIndexer indexer(vault);
  RecordSealer sealer(field_sealer, indexer);
  RecordOpener opener(definitions, field_sealer);
  CursorKeys cursor_keys(database);
  RecordReader reader(database, definitions, opener, indexer, cursor_keys);
  ReferenceCheck references(database);
  RecordWriter writer(database, outbox, clock);
  RecordBatchWriter batches(database, outbox, clock);
  ValueMover mover(vault);
  RecordCreator creator(definitions, references, mover, sealer, reader, writer, clock);
  RecordChanger changer(definitions, references, mover, sealer, opener, reader, writer, creator);
  RecordRestorer restorer(definitions, references, field_sealer, indexer, sealer, opener, reader,
                          writer);
  RecordImporter importer(database, outbox, definitions, references, sealer, batches, clock);
  RecordExporter exporter(database, outbox, definitions, reader, opener, clock);

  ASSIGN_OR_RETURN(const std::unique_ptr<objects::ObjectStore> objects,
                   OpenObjects(config.files, clock));
  ASSIGN_OR_RETURN(const std::unique_ptr<TypeDetector> detector, TypeDetector::Create());
  DataKeys data_keys(vault);
  const FileParts files{database, outbox, *objects, data_keys, *detector, config.files.limits,
                        clock};
  FileRemoval removal(files);
  TransientFiles transients({}, clock);
  const service::Periodic removing(absl::Seconds(1), "removing files", [&] {
    transients.Expire();
    return InEach(*shards, [&](Shard& shard) { return removal.RunOnce(*shard.upkeep).status(); });
  });

  ASSIGN_OR_RETURN(const RightsPeers peers,
                   PeersOf<subject::v1::SubjectService>(
                       *service, config, {"auth", "vault", "tenant-data", "webhook", "audit"}));
  std::list<RightsParts> rights_parts;
  std::map<const Shard*, std::unique_ptr<RightsWorker>> rights_workers;
  for (const auto& shard : shards->all()) {
    rights_parts.push_back(
        {database, *shard->upkeep, outbox, files, removal, registry, peers, clock});
    rights_workers[shard.get()] = std::make_unique<RightsWorker>(rights_parts.back());
  }

  rpc::Pipeline& pipeline = service->pipeline();
  TenantService tenants(pipeline, registry);
  CustomerService customers(pipeline, database, outbox, clock);
  DomainService domains(pipeline, domain_registry, domain_checker);
  ResolverService resolving(pipeline, resolver);
  CollectionService collections(pipeline, database, outbox, clock);
  RecordService records(pipeline,
                        {definitions, sealer, references, reader, creator, changer, restorer,
                         writer, batches, importer, exporter},
                        clock);
  DomainRights domain_rights(*resolver_door, outbox, clock);
  SubjectService subjects(pipeline, database, domain_rights, outbox, opener, vault, clock);
  FileService file_service(pipeline, files, removal, transients);
  SealedRecords sealed(database);
  SealedFileKeys file_keys(database);
  ciphertexts::CiphertextService ciphertexts(
      pipeline, vault, {{std::string(kFieldsKey), &sealed}, {std::string(kFilesKey), &file_keys}});
  const service::Periodic building(absl::Seconds(1), "building indexes", [&] {
    return InEach(*shards, [&](Shard& shard) {
      return IndexBuilder(database, *shard.upkeep, clock).RunOnce().status();
    });
  });
  RightsService rights(pipeline, rights_parts.front());
  const service::Periodic working(absl::Seconds(1), "exports and erasures", [&] {
    return InEach(*shards, [&](Shard& shard) { return rights_workers.at(&shard)->RunOnce(); });
  });

  Placements placements(*shards, outbox, clock);
  PlacementService placing(pipeline, placements);
  TenantMover tenant_mover(*shards, shard_map, outbox, clock, {.clean_after = config.clean_after});
  const service::Periodic moving(absl::Seconds(1), "moving records",
                                 [&] { return tenant_mover.RunOnce().status(); });
  const service::Periodic repairing(absl::Seconds(10), "comparing shards' tenants", [&] {
    return copies.Repair(absl::Now() + absl::Seconds(30)).status();
  });
  ASSIGN_OR_RETURN(const MeterPeers meter_peers,
                   PeersOf<usage::v1::MeterService>(*service, config,
                                                    {"vault", "tenant-data", "webhook", "audit"}));
  UsageCounter usage_counter(*registry_door, meter_peers, clock);
  UsageService usage_service(pipeline, *registry_door, outbox, usage_counter, clock);
  usage::MeterService metering(pipeline, database, outbox, clock, kQuotas, Meters());
  const service::Periodic counting(absl::Seconds(10), "counting use",
                                   [&] { return usage_counter.RunOnce(); });
  const absl::Status served =
      service->Run({&tenants, &customers, &domains, &resolving, &collections, &records, &subjects,
                    &file_service, &rights, &ciphertexts, &placing, &usage_service, &metering});
  tenant_mover.Stop();
  return served;
}

}  // namespace kasbah::tenantdata
