#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// A version with its sealed payload; empty once destroyed.
struct SealedVersion {
  Secret secret;
  SecretVersion version;
  std::string payload;
};

// vault.secrets and vault.secret_versions, within a transaction of their tenant. Knows no keys:
// what goes in and out is sealed. Stateless.
class SecretStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // ALREADY_EXISTS when the path is taken.
  static Pending<Secret> Insert(Transaction& tx, TenantId tenant, const Secret& secret);
  // NOT_FOUND. For update: nobody else changes it until this transaction ends.
  static Pending<Secret> Get(Transaction& tx, TenantId tenant, const SecretRef& ref);
  static Pending<Secret> GetForUpdate(Transaction& tx, TenantId tenant, const SecretRef& ref);
  // Newest first.
  static Pending<std::vector<SecretVersion>> Versions(Transaction& tx, TenantId tenant,
                                                      const SecretRef& ref);
  // By path, after `after`, of those whose path begins with `prefix`.
  static Pending<std::vector<Secret>> List(Transaction& tx, TenantId tenant,
                                           std::string_view prefix, std::string_view after,
                                           int limit);

  // Makes `version` the latest of a secret whose latest is the one before.
  static Pending<SecretVersion> AddVersion(Transaction& tx, TenantId tenant,
                                           const SecretVersion& version, std::string_view payload);
  // `version` 0 is the latest. NOT_FOUND for the secret or the version.
  static Pending<SealedVersion> GetVersion(Transaction& tx, TenantId tenant, const SecretRef& ref,
                                           uint32_t version);
  // The version that a hint expects, for a reader that has appended its event beforehand: rolls
  // back with VERSION_DESTROYED, or with kHintStale where it is not there or, of the latest, not
  // the latest any more.
  static Pending<SealedVersion> GetExpected(Transaction& tx, TenantId tenant, SecretId secret,
                                            uint32_t version, bool is_latest);
  static constexpr std::string_view kHintStale = "HINT_STALE";
  // VERSION_DESTROYED when it was before.
  static Pending<SecretVersion> DestroyVersion(Transaction& tx, TenantId tenant, SecretId secret,
                                               uint32_t version);

  // For data subjects: versions that somebody added.
  static Pending<std::vector<SecretVersion>> AddedBy(Transaction& tx, TenantId tenant,
                                                     std::string_view creator);
  // How many.
  static Pending<int64_t> EraseCreator(Transaction& tx, TenantId tenant, std::string_view creator);
};

}  // namespace kasbah::vault
