#include "services/audit/audit_app.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/audit/v1/holds.pb.h"
#include "kasbah/audit/v1/incidents.pb.h"
#include "kasbah/audit/v1/proofs.pb.h"
#include "kasbah/audit/v1/redaction.pb.h"
#include "kasbah/audit/v1/retention.pb.h"
#include "kasbah/audit/v1/sinks.pb.h"
#include "kasbah/ciphertexts/v1/ciphertexts.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/base/status_macros.h"
#include "libs/ciphertexts/ciphertext_service.h"
#include "libs/crypto/secret_arena.h"
#include "libs/http/client.h"
#include "libs/objects/bucket_store.h"
#include "libs/objects/folder_store.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
#include "libs/usage/meter_service.h"
#include "services/audit/incidents/incident_registry.h"
#include "services/audit/incidents/incident_search.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/flusher.h"
#include "services/audit/log/growth_signal.h"
#include "services/audit/log/key_sealer.h"
#include "services/audit/log/log_upkeep.h"
#include "services/audit/log/self_check.h"
#include "services/audit/log/self_check_loop.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/log/system_log.h"
#include "services/audit/log/witnesses.h"
#include "services/audit/retention/retention_worker.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/hold_service.h"
#include "services/audit/rpc/incident_service.h"
#include "services/audit/rpc/meters.h"
#include "services/audit/rpc/proof_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/redaction_service.h"
#include "services/audit/rpc/retention_service.h"
#include "services/audit/rpc/sealed_sinks.h"
#include "services/audit/rpc/sink_service.h"
#include "services/audit/rpc/subject_service.h"
#include "services/audit/sinks/http_transport.h"
#include "services/audit/sinks/s3_transport.h"
#include "services/audit/sinks/sink_worker.h"
#include "services/audit/sinks/syslog_transport.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {
namespace {

// What a sink's batch may take beside its sending.
constexpr absl::Duration kSinkBookkeeping = absl::Seconds(30);

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Event::descriptor()->file(), v1::Damage::descriptor()->file(),
        v1::Sink::descriptor()->file(), v1::Retention::descriptor()->file(),
        v1::Hold::descriptor()->file(), v1::RedactEventsRequest::descriptor()->file(),
        v1::Incident::descriptor()->file(), outbox::v1::Entry::descriptor()->file(),
        subject::v1::Subject::descriptor()->file(),
        ciphertexts::v1::CountCiphertextsRequest::descriptor()->file(),
        usage::v1::CountUsageRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

absl::StatusOr<std::unique_ptr<http::Client>> WitnessClient(const AuditConfig& config) {
  http::ClientOptions options;
  options.allow_http = config.witness_allow_http;
  options.ca_file = config.witness_ca_file;
  ASSIGN_OR_RETURN(options.guard, http::AddressGuard::Create(config.witness_allow_addresses));
  return http::Client::Create(std::move(options));
}

absl::Status GrowSystemLog(SystemLog& log, Witnesses& witnesses) {
  while (true) {
    ASSIGN_OR_RETURN(const size_t appended, log.Append());
    if (appended == 0) break;
  }
  return witnesses.Cosign();
}

std::string Hostname() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "-";
}

Transports TransportsFor(const SinkConfig& config, const http::AddressGuard& guard,
                         http::Client& client, const Clock& clock) {
  const SyslogOrigin origin{Hostname(), static_cast<uint32_t>(config.enterprise_number)};
  Transports transports;
  transports[v1::Sink::kSyslog] = std::make_unique<SyslogTransport>(origin, guard);
  transports[v1::Sink::kHttp] = std::make_unique<HttpTransport>(client, clock);
  transports[v1::Sink::kS3] = std::make_unique<S3Transport>(client, clock);
  return transports;
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
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> upkeep_door,
                   service->OpenDoor(config.upkeep, postgres::DoorToken::AuditUpkeep()));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> incidents_door,
                   service->OpenDoor(config.incidents, postgres::DoorToken::AuditIncidents()));
  ASSIGN_OR_RETURN(const std::unique_ptr<objects::ObjectStore> archive,
                   OpenArchive(config, service->clock()));
  ASSIGN_OR_RETURN(auto vault, service->ChannelTo("vault", config.service.vault_address));

  const Clock& clock = service->clock();
  VaultKeySealer sealer(vault, clock);
  SigningKeyStore key_store(*ingest);
  SigningKey key(key_store, sealer, clock);
  Checkpointer checkpointer(service->server().identity().domain, service->database(), *ingest, key,
                            clock);
  GrowthSignal growth;
  Flusher flusher(
      {.interval = config.flush_interval, .events = static_cast<size_t>(config.flush_events)},
      *ingest, clock, [&](const std::vector<TenantId>& grown) {
        growth.Grown(grown);
        checkpointer.Grown(grown);
      });
  LogUpkeep log_upkeep(*ingest, clock);

  std::vector<merkle::VerifierKey> witness_keys;
  for (const WitnessAddress& witness : config.witnesses) witness_keys.push_back(witness.key);
  SystemLog system_log(service->server().identity().domain, std::move(witness_keys),
                       config.quorum(), *ingest, key, clock);
  ASSIGN_OR_RETURN(const std::unique_ptr<http::Client> witness_client, WitnessClient(config));
  Witnesses witnesses(config.witnesses, *witness_client, system_log, *ingest, clock);
  const service::Periodic system_log_loop(config.system_log_interval, "the system log",
                                          [&] { return GrowSystemLog(system_log, witnesses); });
  SelfCheck self_check(config.self_check, service->database(), *ingest, service->outbox(),
                       system_log, key, clock);
  const SelfCheckLoop self_check_loop(config.self_check, self_check);

  ASSIGN_OR_RETURN(const http::AddressGuard guard,
                   http::AddressGuard::Create(config.sinks.allow_addresses));
  ASSIGN_OR_RETURN(const std::unique_ptr<http::Client> http,
                   http::Client::Create({.guard = guard,
                                         .allow_http = config.sinks.allow_http,
                                         .ca_file = config.sinks.ca_file}));
  Transports transports = TransportsFor(config.sinks, guard, *http, clock);
  BatchReader batches(service->database(), checkpointer, key);
  VaultSinkSecrets secrets(vault);
  SinkCourier courier({service->database(), service->outbox(), batches, secrets, transports, clock},
                      config.sinks.timeout);
  SinkWorker sinks(
      {.workers = config.sinks.workers, .lease = config.sinks.timeout + kSinkBookkeeping}, *ingest,
      courier);

  RetentionWorker retention_worker(
      {.limits = config.retention, .bundle_events = config.bundle_events}, service->database(),
      *upkeep_door, service->outbox(), *archive, checkpointer, key, clock);
  const service::Periodic retaining(config.retention_period, "ending what is past its retention",
                                    [&] { return retention_worker.RunOnce(); });
  IncidentRegistry incident_registry(*incidents_door, service->outbox(), clock);
  IncidentSearch incident_search({}, *incidents_door, service->outbox(), clock);
  const service::Periodic searching(absl::Seconds(2), "searching for incidents",
                                    [&] { return incident_search.RunOnce(); });

  rpc::Pipeline& pipeline = service->pipeline();
  ReceiverService receiver(pipeline, flusher);
  AuditService audit(pipeline, service->database(), service->outbox(), checkpointer, key, flusher,
                     growth, clock);
  SubjectService subjects(pipeline, service->database(), service->outbox(), clock);
  ProofService proofs(pipeline, service->database(), *ingest, checkpointer, system_log);
  SinkService sink_service(pipeline, {service->database(),
                                      service->outbox(),
                                      secrets,
                                      courier,
                                      [&] { sinks.Wake(); },
                                      {{.allow_http = config.sinks.allow_http}, guard},
                                      clock});
  SealedSinks sealed(service->database());
  ciphertexts::CiphertextService ciphertexts(pipeline, vault, {{kSinkKey, &sealed}});
  RetentionService retention(pipeline, service->database(), service->outbox(), *archive,
                             config.retention, clock);
  HoldService holds(pipeline, service->database(), service->outbox(), clock);
  RedactionService redaction(pipeline, service->database(), service->outbox(), clock);
  IncidentService incidents(pipeline, incident_registry, clock);
  usage::MeterService metering(pipeline, service->database(), service->outbox(), clock, kQuotas,
                               Meters());
  return service->Run({&receiver, &audit, &subjects, &proofs, &sink_service, &ciphertexts,
                       &retention, &holds, &redaction, &incidents, &metering});
}

}  // namespace kasbah::audit
