#include "services/tenant_data/tenant_data_app.h"

#include <memory>
#include <utility>
#include <vector>

#include "kasbah/subject/v1/subject.pb.h"
#include "kasbah/tenantdata/v1/collections.pb.h"
#include "kasbah/tenantdata/v1/records.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "libs/base/status_macros.h"
#include "libs/ciphertexts/ciphertext_service.h"
#include "libs/service/service.h"
#include "services/tenant_data/rpc/collection_service.h"
#include "services/tenant_data/rpc/customer_service.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_service.h"
#include "services/tenant_data/rpc/sealed_records.h"
#include "services/tenant_data/rpc/subject_service.h"
#include "services/tenant_data/rpc/tenant_service.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/record_writer.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Tenant::descriptor()->file(), v1::Collection::descriptor()->file(),
        v1::Record::descriptor()->file(), subject::v1::Subject::descriptor()->file(),
        ciphertexts::v1::CountCiphertextsRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

}  // namespace

absl::Status RunTenantData(const TenantDataConfig& config) {
  service::Service::Options options;
  options.schema = "tenant_data";
  options.config = config.service;
  options.descriptors = Descriptors();
  options.emits_changes = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<service::Service> service,
                   service::Service::Create(std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> registry_door,
                   service->OpenDoor(config.registry, postgres::DoorToken::TenantRegistry()));
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> vault,
                   service->ChannelTo("vault", config.service.vault_address));

  postgres::Database& database = service->database();
  outbox::Outbox& outbox = service->outbox();
  const Clock& clock = service->clock();
  TenantRegistry registry(*registry_door, outbox, clock);
  Definitions definitions(database, clock);
  FieldSealer field_sealer(vault);
  BlindIndexer indexer(vault);
  RecordSealer sealer(field_sealer, indexer);
  RecordOpener opener(definitions, field_sealer);
  CursorKeys cursor_keys(database);
  RecordReader reader(database, definitions, opener, indexer, cursor_keys);
  RecordWriter writer(database, outbox, clock);
  RecordBatchWriter batches(database, outbox, clock);
  RecordChanger changer(definitions, sealer, opener, reader, writer, clock);
  RecordRestorer restorer(definitions, field_sealer, indexer, sealer, opener, reader, writer);
  RecordImporter importer(database, outbox, definitions, sealer, batches, clock);
  RecordExporter exporter(database, outbox, definitions, reader, opener, clock);

  rpc::Pipeline& pipeline = service->pipeline();
  TenantService tenants(pipeline, registry);
  CustomerService customers(pipeline, database, outbox, clock);
  CollectionService collections(pipeline, database, outbox, clock);
  RecordService records(
      pipeline,
      {definitions, sealer, reader, changer, restorer, writer, batches, importer, exporter}, clock);
  SubjectService subjects(pipeline, database, outbox, opener, vault, clock);
  SealedRecords sealed(database);
  ciphertexts::CiphertextService ciphertexts(pipeline, vault, {{std::string(kFieldsKey), &sealed}});
  return service->Run({&tenants, &customers, &collections, &records, &subjects, &ciphertexts});
}

}  // namespace kasbah::tenantdata
