#include "services/audit/audit_app.h"

#include <memory>
#include <utility>
#include <vector>

#include "kasbah/audit/v1/audit.pb.h"
#include "kasbah/outbox/v1/outbox.pb.h"
#include "kasbah/subject/v1/subject.pb.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/secret_arena.h"
#include "libs/service/service.h"
#include "services/audit/log/checkpointer.h"
#include "services/audit/log/flusher.h"
#include "services/audit/log/growth_signal.h"
#include "services/audit/log/key_sealer.h"
#include "services/audit/log/log_upkeep.h"
#include "services/audit/log/signing_key.h"
#include "services/audit/rpc/audit_service.h"
#include "services/audit/rpc/receiver_service.h"
#include "services/audit/rpc/subject_service.h"
#include "services/audit/store/signing_key_store.h"

namespace kasbah::audit {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Event::descriptor()->file(), outbox::v1::Entry::descriptor()->file(),
        subject::v1::Subject::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
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

  rpc::Pipeline& pipeline = service->pipeline();
  ReceiverService receiver(pipeline, flusher);
  AuditService audit(pipeline, service->database(), service->outbox(), checkpointer, key, flusher,
                     growth, clock);
  SubjectService subjects(pipeline, service->database(), service->outbox(), clock);
  return service->Run({&receiver, &audit, &subjects});
}

}  // namespace kasbah::audit
