#include "services/vault/store/secret_store.h"
#include "services/vault/store/vault_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using postgres::Transaction;

const SecretUser kSomebody{{"usr_x"}, false};

class SecretStoreTest : public VaultTest {
 protected:
  absl::StatusOr<Secret> Create(TenantId tenant, const std::string& path) {
    Secret secret;
    secret.id = SecretId::New(absl::Now());
    secret.path = path;
    secret.labels = {{"team", "core"}};
    return vault_->database->WithTenant(Call(tenant), [&](Transaction& tx) {
      tx.MarkAudited();
      return SecretStore::Insert(tx, tenant, secret);
    });
  }

  absl::StatusOr<SecretVersion> Add(TenantId tenant, SecretId id, uint32_t number) {
    SecretVersion version;
    version.secret = id;
    version.version = number;
    version.key_version = 1;
    version.created_by = "usr_x";
    return vault_->database->WithTenant(Call(tenant), [&](Transaction& tx) {
      tx.MarkAudited();
      return SecretStore::AddVersion(tx, tenant, version, "sealed " + std::to_string(number));
    });
  }

  static SecretRef Ref(const std::string& text) { return *SecretRef::Parse(text); }

  template <typename F>
  auto Read(TenantId tenant, F statement) {
    return vault_->database->WithTenant(Call(tenant),
                                        [&](Transaction& tx) { return statement(tx); });
  }
  auto GetVersion(TenantId tenant, const std::string& ref, uint32_t version) {
    return Read(tenant, [&](Transaction& tx) {
      return SecretStore::GetVersion(tx, tenant, Ref(ref), version, kSomebody);
    });
  }
};

TEST_F(SecretStoreTest, ASecretIsFoundByIdAndByPath) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  EXPECT_EQ(made.revision, 1);
  for (const std::string& ref : {made.id.ToString(), made.path}) {
    ASSERT_OK_AND_ASSIGN(const Secret found, Read(a_, [&](Transaction& tx) {
                           return SecretStore::Get(tx, a_, Ref(ref));
                         }));
    EXPECT_EQ(found.id, made.id);
    EXPECT_EQ(found.labels, made.labels);
  }
  EXPECT_THAT(Create(a_, "prod/db"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_THAT(Create(b_, "prod/db"), IsOk());
}

TEST_F(SecretStoreTest, AForeignSecretIsNotFound) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  for (const std::string& ref : {made.id.ToString(), made.path}) {
    EXPECT_THAT(Read(b_, [&](Transaction& tx) { return SecretStore::Get(tx, b_, Ref(ref)); }),
                ReasonIs("NOT_FOUND"));
    EXPECT_THAT(GetVersion(b_, ref, 1), ReasonIs("NOT_FOUND"));
  }
  // The caller's mistake of naming another tenant in the statement finds nothing either.
  EXPECT_THAT(
      Read(b_, [&](Transaction& tx) { return SecretStore::Get(tx, a_, Ref(made.id.ToString())); }),
      ReasonIs("NOT_FOUND"));
}

TEST_F(SecretStoreTest, WithoutItsOwnConditionAStatementStillSeesNothingForeign) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  constexpr postgres::Statement kBare{"test.bare_payload",
                                      "SELECT payload FROM vault.secret_versions "
                                      "WHERE secret_id = $1"};
  const auto rows = [&](TenantId tenant) {
    return Read(tenant, [&](Transaction& tx) { return tx.Run(kBare, made.id); })->size();
  };
  EXPECT_EQ(rows(a_), 1);
  EXPECT_EQ(rows(b_), 0);
}

TEST_F(SecretStoreTest, VersionsCountUpWithoutGaps) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  EXPECT_THAT(Add(a_, made.id, 1), ReasonIs("ETAG_MISMATCH"));
  EXPECT_THAT(Add(a_, made.id, 3), ReasonIs("ETAG_MISMATCH"));
  ASSERT_OK(Add(a_, made.id, 2));
  ASSERT_OK_AND_ASSIGN(const SealedVersion latest, GetVersion(a_, "prod/db", 0));
  EXPECT_EQ(latest.version.version, 2u);
  EXPECT_EQ(latest.payload, "sealed 2");
  EXPECT_EQ(latest.secret.revision, 3);
  ASSERT_OK_AND_ASSIGN(const SealedVersion first, GetVersion(a_, "prod/db", 1));
  EXPECT_EQ(first.payload, "sealed 1");
  EXPECT_THAT(GetVersion(a_, "prod/db", 3), ReasonIs("NOT_FOUND"));
}

TEST_F(SecretStoreTest, ADestroyedVersionKeepsItsMetadataOnly) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  const auto destroy = [&](TenantId tenant) {
    return vault_->database->WithTenant(Call(tenant), [&](Transaction& tx) {
      tx.MarkAudited();
      SecretVersion first;
      first.secret = made.id;
      first.version = 1;
      return SecretStore::SaveVersion(tx, tenant, first, /*destroy=*/true);
    });
  };
  EXPECT_THAT(destroy(b_), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(const SecretVersion destroyed, destroy(a_));
  EXPECT_TRUE(destroyed.destroyed_at.has_value());
  EXPECT_THAT(destroy(a_), ReasonIs("VERSION_DESTROYED"));
  ASSERT_OK_AND_ASSIGN(const SealedVersion left, GetVersion(a_, "prod/db", 1));
  EXPECT_EQ(left.payload, "");
  EXPECT_EQ(left.version.created_by, "usr_x");
  EXPECT_EQ(test_->QueryValue("SELECT payload IS NULL FROM vault.secret_versions"), "t");
}

TEST_F(SecretStoreTest, AnExpectationThatDoesNotHoldRollsBack) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  const auto expected = [&](TenantId tenant, uint32_t version, bool latest) {
    return Read(tenant, [&](Transaction& tx) {
      return SecretStore::GetExpected(tx, tenant, made.id, version, latest, kSomebody);
    });
  };
  EXPECT_THAT(expected(a_, 1, true), IsOk());
  EXPECT_THAT(expected(a_, 2, false), ReasonIs(SecretStore::kHintStale));
  EXPECT_THAT(expected(b_, 1, false), ReasonIs(SecretStore::kHintStale));
  ASSERT_OK(Add(a_, made.id, 2));
  EXPECT_THAT(expected(a_, 1, true), ReasonIs(SecretStore::kHintStale));
  ASSERT_OK_AND_ASSIGN(const SealedVersion first, expected(a_, 1, false));
  EXPECT_EQ(first.payload, "sealed 1");
  test_->Execute("UPDATE vault.secret_versions SET payload = NULL, destroyed_at = now()");
  EXPECT_THAT(expected(a_, 1, false), ReasonIs(SecretStore::kHintStale));
}

TEST_F(SecretStoreTest, ListsBelowAPathInPages) {
  for (const char* path : {"prod", "prod/a", "prod/b", "prod/b/c", "production/x", "a", "z"}) {
    ASSERT_OK(Create(a_, path));
  }
  ASSERT_OK(Create(b_, "prod/foreign"));
  const auto list = [&](std::string_view prefix, std::string_view after, int limit) {
    const auto secrets = Read(a_, [&](Transaction& tx) {
      return SecretStore::List(tx, a_,
                               {.prefix = std::string(prefix),
                                .after = std::string(after),
                                .labels = {},
                                .limit = limit});
    });
    std::vector<std::string> paths;
    for (const Secret& secret : *secrets) paths.push_back(secret.path);
    return paths;
  };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(list("prod/", "", 10), (Paths{"prod/a", "prod/b", "prod/b/c"}));
  EXPECT_EQ(list("prod/", "", 2), (Paths{"prod/a", "prod/b"}));
  EXPECT_EQ(list("prod/", "prod/b", 2), (Paths{"prod/b/c"}));
  EXPECT_EQ(list("", "", 2), (Paths{"a", "prod"}));
  EXPECT_EQ(list("%", "", 10), Paths{});
}

TEST_F(SecretStoreTest, WhoAddedAVersionIsExportedAndErased) {
  ASSERT_OK_AND_ASSIGN(const Secret made, Create(a_, "prod/db"));
  ASSERT_OK(Add(a_, made.id, 1));
  ASSERT_OK_AND_ASSIGN(const auto added, Read(a_, [&](Transaction& tx) {
                         return SecretStore::AddedBy(tx, a_, "usr_x");
                       }));
  EXPECT_EQ(added.size(), 1u);
  const auto erase = [&](TenantId tenant) {
    return vault_->database->WithTenant(Call(tenant), [&](Transaction& tx) {
      tx.MarkAudited();
      return SecretStore::EraseCreator(tx, tenant, "usr_x");
    });
  };
  EXPECT_EQ(erase(b_).value_or(-1), 0);
  EXPECT_EQ(erase(a_).value_or(-1), 1);
  EXPECT_EQ(erase(a_).value_or(-1), 0);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.secret_versions "
                              "WHERE created_by = 'usr_x'"),
            "0");
}

}  // namespace
}  // namespace kasbah::vault
