#include "services/audit/audit_app.h"

#include <memory>
#include <utility>
#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/audit/v1/holds.pb.h"
#include "kasbah/audit/v1/incidents.pb.h"
#include "kasbah/audit/v1/redaction.pb.h"
#include "kasbah/audit/v1/retention.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/secret_arena.h"
#include "libs/objects/bucket_store.h"
#include "libs/objects/folder_store.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
#include "services/audit/incidents/incident_registry.h"
#include "services/audit/incidents/incident_search.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/flusher.h"
#include "services/audit/log/key_sealer.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/retention/retention_worker.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/hold_service.h"
#include "services/audit/rpc/incident_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/redaction_service.h"
#include "services/audit/rpc/retention_service.h"
#include "services/audit/rpc/subject_service.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Event::descriptor()->file(), v1::Retention::descriptor()->file(),
        v1::Hold::descriptor()->file(), v1::RedactEventsRequest::descriptor()->file(),
        v1::Incident::descriptor()->file(), outbox::v1::Entry::descriptor()->file(),
        subject::v1::Subject::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

absl::StatusOr<std::unique_ptr<objects::ObjectStore>> OpenArchive(const AuditConfig& config,
                                                                  const Clock& clock) {
  if (!config.archive_directory.empty()) {
    return objects::FolderStore::Create(config.archive_directory);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<aws::S3Bucket> bucket,
                   aws::S3Bucket::Create(config.archive_bucket, clock));
  return std::make_unique<objects::BucketStore>(std::move(bucket));
}

}  // namespace

absl::Status RunAudit(const AuditConfig& config) {
  RETURN_IF_ERROR(crypto::HardenProcess());

  service::Service::Options options;
  options.schema = "audit";
  options.config = config.service;
  options.descriptors = Descriptors();
  options.emits_changes = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<service::Service> service,
                   service::Service::Create(std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> ingest,
                   service->OpenDoor(config.ingest, postgres::DoorToken::AuditIngest()));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> upkeep,
                   service->OpenDoor(config.upkeep, postgres::DoorToken::AuditUpkeep()));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> incidents_door,
                   service->OpenDoor(config.incidents, postgres::DoorToken::AuditIncidents()));
  ASSIGN_OR_RETURN(const std::unique_ptr<objects::ObjectStore> archive,
                   OpenArchive(config, service->clock()));
  ASSIGN_OR_RETURN(auto vault, service->ChannelTo("vault", config.service.vault_address));

  const Clock& clock = service->clock();
  VaultKeySealer sealer(std::move(vault), clock);
  SigningKeyStore key_store(*ingest);
  SigningKey key(key_store, sealer, clock);
  Checkpointer checkpointer(service->server().identity().domain, service->database(), *ingest, key,
                            clock);
  Flusher flusher(
      {.interval = config.flush_interval, .events = static_cast<size_t>(config.flush_events)},
      *ingest, clock, [&](const std::vector<TenantId>& grown) { checkpointer.Grown(grown); });

  RetentionWorker retention_worker(
      {.limits = config.retention, .bundle_events = config.bundle_events}, service->database(),
      *upkeep, service->outbox(), *archive, checkpointer, key, clock);
  const service::Periodic retaining(config.retention_period, "ending what is past its retention",
                                    [&] { return retention_worker.RunOnce(); });
  IncidentRegistry incident_registry(*incidents_door, service->outbox(), clock);
  IncidentSearch incident_search({}, *incidents_door, service->outbox(), clock);
  const service::Periodic searching(absl::Seconds(2), "searching for incidents",
                                    [&] { return incident_search.RunOnce(); });

  rpc::Pipeline& pipeline = service->pipeline();
  ReceiverService receiver(pipeline, flusher);
  AuditService audit(pipeline, service->database(), service->outbox(), checkpointer, key, clock);
  SubjectService subjects(pipeline, service->database(), service->outbox(), clock);
  RetentionService retention(pipeline, service->database(), service->outbox(), *archive,
                             config.retention, clock);
  HoldService holds(pipeline, service->database(), service->outbox(), clock);
  RedactionService redaction(pipeline, service->database(), service->outbox(), clock);
  IncidentService incidents(pipeline, incident_registry, clock);
  return service->Run({&receiver, &audit, &subjects, &retention, &holds, &redaction, &incidents});
}

}  // namespace kasbah::audit
