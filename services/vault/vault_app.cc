#include "services/vault/vault_app.h"

#include <cstdio>
#include <memory>
#include <string>

#include "kasbah/subject/v1/subject.pb.h"
#include "kasbah/vault/v1/crypto.pb.h"
#include "kasbah/vault/v1/keys.pb.h"
#include "kasbah/vault/v1/leases.pb.h"
#include "kasbah/vault/v1/rewraps.pb.h"
#include "kasbah/vault/v1/secrets.pb.h"
#include "kasbah/vault/v1/tenant_keys.pb.h"
#include "libs/base/status_macros.h"
#include "libs/crypto/secret_arena.h"
#include "libs/service/periodic.h"
#include "libs/service/service.h"
#include "libs/telemetry/log.h"
#include "libs/usage/meter_service.h"
#include "services/vault/domain/file_seal.h"
#include "services/vault/domain/file_share_store.h"
#include "services/vault/domain/kek_ring.h"
#include "services/vault/domain/key_ring.h"
#include "services/vault/domain/pkcs11_seal.h"
#include "services/vault/domain/subject_ring.h"
#include "services/vault/domain/unsealer.h"
#include "services/vault/kms/aws_kms_seal.h"
#include "services/vault/kms/kms_share_store.h"
#include "services/vault/kms/s3_share_store.h"
#include "services/vault/kms/tenant_seals.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/database_service.h"
#include "services/vault/rpc/key_service.h"
#include "services/vault/rpc/lease_service.h"
#include "services/vault/rpc/meters.h"
#include "services/vault/rpc/rewrap_service.h"
#include "services/vault/rpc/seal_service.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/shred_service.h"
#include "services/vault/rpc/subject_service.h"
#include "services/vault/rpc/system_key_service.h"
#include "services/vault/rpc/tenant_seal_service.h"
#include "services/vault/store/kek_store.h"
#include "services/vault/store/key_store.h"
#include "services/vault/store/root_key_store.h"
#include "services/vault/upkeep/kek_changes.h"
#include "services/vault/upkeep/remote_holder.h"
#include "services/vault/upkeep/rewrapper.h"
#include "services/vault/upkeep/secret_holder.h"
#include "services/vault/upkeep/upkeep.h"

namespace kasbah::vault {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Descriptors() {
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Secret::descriptor()->file(), v1::EncryptRequest::descriptor()->file(),
        v1::Key::descriptor()->file(), v1::Rewrap::descriptor()->file(),
        v1::TenantSeal::descriptor()->file(), v1::Lease::descriptor()->file(),
        subject::v1::Subject::descriptor()->file(),
        usage::v1::CountUsageRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) descriptors.push_back(file->service(i));
  }
  return descriptors;
}

// The one that the settings name.
absl::StatusOr<std::unique_ptr<ShareStore>> OpenShares(const ShareOptions& options,
                                                       const Clock& clock) {
  if (!options.directory.empty()) return FileShareStore::Create(options.directory);
  if (!options.s3.bucket.empty()) {
    ASSIGN_OR_RETURN(std::unique_ptr<aws::S3Bucket> bucket,
                     aws::S3Bucket::Create(options.s3, clock));
    return std::make_unique<S3ShareStore>(std::move(bucket));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<aws::Kms> kms, aws::Kms::Create(options.aws_kms, clock));
  return std::make_unique<KmsShareStore>(std::move(kms));
}

}  // namespace

absl::Status RunVault(const VaultConfig& config) {
  RETURN_IF_ERROR(crypto::HardenProcess());

  service::Service::Options options;
  options.schema = "vault";
  options.config = config.service;
  options.descriptors = Descriptors();
  options.emits_changes = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<service::Service> service,
                   service::Service::Create(std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> root_door,
                   service->OpenDoor(config.root, postgres::DoorToken::VaultRoot()));
  ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Door> upkeep_door,
                   service->OpenDoor(config.upkeep, postgres::DoorToken::VaultUpkeep()));

  FileSeal file_seal(config.seal_file);
  Pkcs11Seal pkcs11_seal(config.pkcs11);
  std::vector<Seal*> seals;
  if (!config.seal_file.empty()) seals.push_back(&file_seal);
  if (!config.pkcs11.module.empty()) seals.push_back(&pkcs11_seal);
  std::unique_ptr<AwsKmsSeal> aws_kms_seal;
  if (!config.aws_kms.key_id.empty()) {
    ASSIGN_OR_RETURN(aws_kms_seal, AwsKmsSeal::Create(config.aws_kms, service->clock()));
    seals.push_back(aws_kms_seal.get());
  }
  RootKeyStore root_store(*root_door, service->outbox(), service->clock());
  RootKeys root(seals, root_store, service->clock());
  KeyStore keys(service->database(), service->outbox(), service->clock());
  ASSIGN_OR_RETURN(const std::unique_ptr<ShareStore> shares,
                   OpenShares(config.shares, service->clock()));
  TenantSeals tenant_seals(config.tenant_seals, service->clock());
  KekRing keks(*shares, tenant_seals, service->clock());
  KekStore kek_store(service->database(), service->outbox(), service->clock());
  KeyRing ring(root, keks, keys, service->clock());
  SubjectRing subject_shares(*shares, kek_store, service->clock());
  KekChanges kek_changes(root, keks, ring, kek_store);
  const Unsealer unsealer(root);
  const service::Periodic wrapping(absl::Seconds(10), "wrapping the root key by every seal", [&] {
    return root.Ready().ok() ? root.WrapMissing(absl::Now() + absl::Seconds(30)) : absl::OkStatus();
  });
  SecretHolder secret_holder(service->database(), ring);
  CiphertextHolders holders = {{std::string(kVaultOwner), &secret_holder}};
  std::vector<std::unique_ptr<RemoteHolder>> remote;
  for (const auto& [name, address] : {std::pair("tenant-data", config.service.tenant_data_address),
                                      std::pair("webhook", config.service.webhook_address),
                                      std::pair("audit", config.service.audit_address)}) {
    if (address.empty()) continue;
    ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, service->ChannelTo(name, address));
    remote.push_back(std::make_unique<RemoteHolder>(std::move(channel)));
    holders.emplace(std::string("service/") + name, remote.back().get());
  }
  KeyRetirement retirement(keys, holders, service->clock());
  SecretUpkeep secret_upkeep(service->database(), service->outbox(), service->clock());
  KeyUpkeep key_upkeep(keys, ring, retirement, kek_changes);
  Upkeep upkeep(*upkeep_door, secret_upkeep, key_upkeep, service->clock());
  const service::Periodic keeping(absl::Seconds(1), "upkeep",
                                  [&] { return upkeep.RunOnce().status(); });

  Rewrapper rewrapper(*upkeep_door, service->database(), service->outbox(), holders,
                      service->clock());
  const service::Periodic rewrapping(absl::Seconds(1), "rewrapping",
                                     [&] { return rewrapper.RunOnce(); });

  ASSIGN_OR_RETURN(http::AddressGuard guard, http::AddressGuard::Create(config.allow_addresses));
  TargetAccess targets(service->database(), service->outbox(), ring, keys, std::move(guard),
                       service->clock());
  LeaseIssuer lease_issuer(service->database(), service->outbox(), targets, service->clock());
  LeaseKeeper lease_keeper(*upkeep_door, service->database(), service->outbox(), root, targets,
                           service->clock());
  const service::Periodic ending(absl::Seconds(1), "ending leases",
                                 [&] { return lease_keeper.RunOnce(); });

  rpc::Pipeline& pipeline = service->pipeline();
  SecretService secrets(pipeline, service->database(), service->outbox(), ring, root,
                        service->clock());
  CryptoService crypto_service(pipeline, ring, subject_shares, service->counted());
  KeyService key_service(pipeline, root, ring, keys, retirement);
  SystemKeyService system_key_service(pipeline, root, ring, keys);
  RewrapService rewraps(pipeline, service->database(), service->outbox(), root, keys, retirement,
                        service->clock());
  DatabaseService databases(pipeline, service->database(), service->outbox(), root, targets,
                            service->clock());
  LeaseService leases(pipeline, service->database(), service->outbox(), root, lease_issuer,
                      lease_keeper, service->clock());
  SealService seal_service(pipeline, root, root_store);
  TenantSealService tenant_seal_service(pipeline, kek_changes, keys, keks);
  ShredService shred_service(pipeline, kek_changes, keys, retirement, service->clock());
  SubjectService subjects(pipeline, service->database(), service->outbox(), service->clock(),
                          kek_changes);
  usage::MeterService metering(pipeline, service->database(), service->outbox(), service->clock(),
                               kQuotas, Meters());

  if (const absl::Status locking = crypto::SecretArena::Process().Locking(); !locking.ok()) {
    telemetry::LogWarning("secrets may be swapped", {{"error", locking.ToString()}});
  }
  return service->Run(
      {&secrets, &crypto_service, &key_service, &system_key_service, &rewraps, &databases, &leases,
       &seal_service, &tenant_seal_service, &shred_service, &subjects, &metering},
      [&root] { return root.Ready().ok() ? "" : "sealed"; });
}

namespace {

int Said(const absl::Status& made) {
  if (made.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(made.message()).c_str());
  return 1;
}

}  // namespace

int InitSeal(const char* path) { return Said(FileSeal::Init(path)); }

int InitPkcs11(const char* const* arguments) {
  return Said(Pkcs11Seal::MakeKey({.module = arguments[0],
                                   .token = arguments[1],
                                   .pin_file = arguments[2],
                                   .key = arguments[3]}));
}

}  // namespace kasbah::vault
