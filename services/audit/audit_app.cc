#include "services/audit/audit_app.h"

#include <memory>
#include <utility>
#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/audit/v1/proofs.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/secret_arena.h"
#include "libs/http/client.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
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
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/proof_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/subject_service.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Event::descriptor()->file(), v1::Damage::descriptor()->file(),
        outbox::v1::Entry::descriptor()->file(), subject::v1::Subject::descriptor()->file()}) {
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

}  // namespace

absl::Status RunAudit(const AuditConfig& config) {
  RETURN_IF_ERROR(crypto::HardenProcess());

  service::Service::Options options;
  options.schema = "audit";
  options.config = config.service;
  options.descriptors = Descriptors();
  ASSIGN_OR_RETURN(const std::unique_ptr<service::Service> service,
                   service::Service::Create(std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> ingest,
                   service->OpenDoor(config.ingest, postgres::DoorToken::AuditIngest()));
  ASSIGN_OR_RETURN(auto vault, service->ChannelTo("vault", config.service.vault_address));

  const Clock& clock = service->clock();
  VaultKeySealer sealer(std::move(vault), clock);
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
  LogUpkeep upkeep(*ingest, clock);

  std::vector<merkle::VerifierKey> witness_keys;
  for (const WitnessAddress& witness : config.witnesses) witness_keys.push_back(witness.key);
  SystemLog system_log(service->server().identity().domain, std::move(witness_keys),
                       config.quorum(), *ingest, key, clock);
  ASSIGN_OR_RETURN(const std::unique_ptr<http::Client> http, WitnessClient(config));
  Witnesses witnesses(config.witnesses, *http, system_log, *ingest, clock);
  const service::Periodic system_log_loop(config.system_log_interval, "the system log",
                                          [&] { return GrowSystemLog(system_log, witnesses); });
  SelfCheck self_check(config.self_check, service->database(), *ingest, service->outbox(),
                       system_log, key, clock);
  const SelfCheckLoop self_check_loop(config.self_check, self_check);

  rpc::Pipeline& pipeline = service->pipeline();
  ReceiverService receiver(pipeline, flusher);
  AuditService audit(pipeline, service->database(), service->outbox(), checkpointer, key, flusher,
                     growth, clock);
  SubjectService subjects(pipeline, service->database(), service->outbox(), clock);
  ProofService proofs(pipeline, service->database(), *ingest, checkpointer, system_log);
  return service->Run({&receiver, &audit, &subjects, &proofs});
}

}  // namespace kasbah::audit
