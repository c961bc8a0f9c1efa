#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "libs/aws/kms.h"
#include "services/vault/domain/pkcs11_seal.h"
#include "services/vault/domain/tenant_sealer.h"

namespace kasbah::vault {

struct TenantSealOptions {
  struct {
    // Whether tenants may bring keys of AWS KMS, asked with the vault's own credentials: a tenant
    // lets the vault's principal use its key, where kasbah:tenant in the encryption context is it.
    bool enabled = false;
    // Instead of the region's own; as in aws::KmsOptions.
    std::string endpoint;
    std::string credentials_file;
  } aws_kms;
  struct {
    // Shared object of the tokens' maker; empty: tenants bring no tokens.
    std::string module;
    // <tenant>.pin for each tenant that has one, mode 0600.
    std::string pin_directory;
  } pkcs11;
};

// Seals that tenants bring: keys of AWS KMS in any region, by ARN; AES-256 keys in PKCS#11 tokens
// of the operator's module, where a tenant's PIN opens its own token alone.
class TenantSeals final : public TenantSealer {
 public:
  TenantSeals(TenantSealOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  absl::Status Check(const TenantSeal& seal) const override;
  absl::StatusOr<std::string> Wrap(TenantId tenant, const TenantSeal& seal,
                                   const crypto::SecretBytes& half) override;
  absl::StatusOr<crypto::SecretBytes> Unwrap(TenantId tenant, const TenantSeal& seal,
                                             std::string_view wrapped) override;

 private:
  absl::StatusOr<aws::Kms*> KmsOf(const std::string& arn);
  Pkcs11Options TokenOf(TenantId tenant, const TenantSeal& seal) const;

  const TenantSealOptions options_;
  const Clock& clock_;
  absl::Mutex mutex_;
  // By region.
  std::map<std::string, std::unique_ptr<aws::Kms>> kms_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace kasbah::vault
