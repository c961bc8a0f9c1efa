#include "tests/security/coverage_steps.h"

namespace kasbah::security_test {

const std::map<std::string, std::string>& CoveredElsewhere() {
  static const std::string batch =
      "counted as single calls are: services/vault/rpc/crypto_service_pgtest.cc";
  static const std::string leases =
      "a PostgreSQL to lease from: services/vault/rpc/lease_pgtest.cc";
  static const std::string seals = "a second seal: tests/chaos/seals_test.cc";
  static const std::string tenant_seals =
      "a key in AWS KMS: services/vault/rpc/tenant_keys_pgtest.cc";
  static const std::string rewraps = "one that runs: services/vault/rpc/rewrap_pgtest.cc";
  static const std::string moves =
      "a second database: services/tenant_data/rpc/placement_service_pgtest.cc";
  static const auto* elsewhere = new std::map<std::string, std::string>{
      {"CryptoService.BatchEncrypt", batch},
      {"CryptoService.BatchDecrypt", batch},
      {"CryptoService.BatchRewrap", batch},
      {"CryptoService.BatchMacSign", batch},
      {"CryptoService.BatchMacVerify", batch},
      {"CryptoService.BatchSealedMac", batch},
      {"CryptoService.BatchAsymmetricSign", batch},
      {"CryptoService.BatchAsymmetricVerify", batch},
      {"CryptoService.BatchBlindIndex", batch},
      {"CryptoService.BatchGenerateDataKey", batch},
      {"DatabaseService.SetDatabase", leases},
      {"DatabaseService.DeleteDatabase", leases},
      {"DatabaseService.CheckDatabase", leases},
      {"DatabaseService.SetDatabaseRole", leases},
      {"DatabaseService.DeleteDatabaseRole", leases},
      {"LeaseService.IssueLease", leases},
      {"LeaseService.RenewLease", leases},
      {"LeaseService.RevokeLease", leases},
      {"LeaseService.RevokeLeases", leases},
      {"SealService.ForgetSeal", seals},
      {"TenantSealService.SetTenantSeal", tenant_seals},
      {"TenantSealService.RemoveTenantSeal", tenant_seals},
      {"RewrapService.PauseRewrap", rewraps},
      {"RewrapService.ResumeRewrap", rewraps},
      {"RewrapService.CancelRewrap", rewraps},
      {"PlacementService.StartMove", moves},
      {"PlacementService.CancelMove", moves},
      {"DomainService.VerifyDomain",
       "names in a DNS: services/tenant_data/rpc/domain_service_pgtest.cc"},
      {"WorkloadIdentityService.ExchangeKubernetesToken",
       "a cluster: services/auth/rpc/workload_service_pgtest.cc"},
      {"CiphertextService.RewrapCiphertexts",
       "the vault's own call; its rewrap has events: services/vault/rpc/rewrap_pgtest.cc"},
      {"SubjectService.EraseTenant",
       "an event for each page of a table's rows: tests/chaos/rights_test.cc"},
      {"RetentionService.DownloadArchive",
       "a month that is over: services/audit/rpc/retention_pgtest.cc"},
      {"ReceiverService.ReceiveBatch",
       "it is what brings the events: services/audit/rpc/receiver_service_pgtest.cc"},
  };
  return *elsewhere;
}

}  // namespace kasbah::security_test
