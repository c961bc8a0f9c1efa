#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/transaction.h"
#include "services/vault/domain/secret.h"

namespace kasbah::vault {

// Whom grants are looked up for: an actor, and the registered workload that it comes as; what
// either was granted counts. A manager needs none.
struct SecretUser {
  std::vector<std::string> actors;
  bool is_manager = false;
};

// A secret and what its user may do with it.
struct GrantedSecret {
  Secret secret;
  GrantLevel access = GrantLevel::kNone;
};

// A version with its sealed payload; empty once destroyed.
struct SealedVersion {
  Secret secret;
  SecretVersion version;
  std::string payload;
  GrantLevel access = GrantLevel::kNone;
};

// vault.secrets, vault.secret_versions and vault.secret_grants, within a transaction of their
// tenant. Knows no keys: what goes in and out is sealed. Stateless.
class SecretStore {
 public:
  template <typename T>
  using Pending = postgres::Pending<T>;
  using Transaction = postgres::Transaction;

  // ALREADY_EXISTS when the path is taken.
  static Pending<Secret> Insert(Transaction& tx, TenantId tenant, const Secret& secret);
  // NOT_FOUND. For update: nobody else changes it until this transaction ends.
  static Pending<Secret> Get(Transaction& tx, TenantId tenant, const SecretRef& ref);
  static Pending<GrantedSecret> GetForUpdate(Transaction& tx, TenantId tenant, const SecretRef& ref,
                                             const SecretUser& user);
  // Newest first.
  static Pending<std::vector<SecretVersion>> Versions(Transaction& tx, TenantId tenant,
                                                      const SecretRef& ref);
  struct ListOptions {
    std::string prefix;
    // Exclusive.
    std::string after;
    std::map<std::string, std::string> labels;
    bool deleted = false;
    int limit = 100;
  };
  // By path.
  static Pending<std::vector<Secret>> List(Transaction& tx, TenantId tenant,
                                           const ListOptions& options);
  // Everything of `secret` that can change, but its versions; counts as a change. NOT_FOUND.
  static Pending<Secret> Save(Transaction& tx, TenantId tenant, const Secret& secret);
  // With its versions and grants.
  static void Purge(Transaction& tx, TenantId tenant, SecretId secret);

  static Pending<std::vector<SecretGrant>> Grants(Transaction& tx, TenantId tenant,
                                                  const SecretRef& ref);
  static void ReplaceGrants(Transaction& tx, TenantId tenant, SecretId secret,
                            const std::vector<SecretGrant>& grants);

  // Makes `version` the latest of a secret whose latest is the one before.
  static Pending<SecretVersion> AddVersion(Transaction& tx, TenantId tenant,
                                           const SecretVersion& version, std::string_view payload);
  // `version` 0 is the latest. NOT_FOUND for the secret or the version.
  static Pending<SealedVersion> GetVersion(Transaction& tx, TenantId tenant, const SecretRef& ref,
                                           uint32_t version, const SecretUser& user);
  // The version that a hint expects, for a reader that has appended its event beforehand: rolls
  // back with kHintStale where it is not there, may not be read as CheckLive, CheckReadable and
  // CheckGranted say, or, of the latest, is not the latest any more.
  static Pending<SealedVersion> GetExpected(Transaction& tx, TenantId tenant, SecretId secret,
                                            uint32_t version, bool is_latest,
                                            const SecretUser& user);
  static constexpr std::string_view kHintStale = "HINT_STALE";
  // disabled_at and destroy_at as `version` says; its payload goes where `destroy`. Counts as a
  // change of the secret. VERSION_DESTROYED when it was before.
  static Pending<SecretVersion> SaveVersion(Transaction& tx, TenantId tenant,
                                            const SecretVersion& version, bool destroy);

  // For data subjects: versions that somebody added, secrets that name them.
  static Pending<std::vector<SecretVersion>> AddedBy(Transaction& tx, TenantId tenant,
                                                     std::string_view creator);
  static Pending<std::vector<SecretId>> GrantedTo(Transaction& tx, TenantId tenant,
                                                  std::string_view actor);
  // How many.
  static Pending<int64_t> EraseCreator(Transaction& tx, TenantId tenant, std::string_view creator);
  static Pending<int64_t> EraseGrants(Transaction& tx, TenantId tenant, std::string_view actor);
};

}  // namespace kasbah::vault
