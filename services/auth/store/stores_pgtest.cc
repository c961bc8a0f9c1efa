#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "libs/crypto/hash.h"
#include "services/auth/domain/personal_columns.h"
#include "services/auth/store/api_key_store.h"
#include "services/auth/store/auth_database_fixture.h"
#include "services/auth/store/membership_store.h"
#include "services/auth/store/revocation_store.h"
#include "services/auth/store/user_directory.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoresTest : public AuthDatabase {
 protected:
  ApiKey MakeKey(TenantId tenant, std::optional<CustomerId> customer = std::nullopt) {
    ApiKey key;
    key.id = ApiKeyId::New(absl::Now());
    key.display_name = "import";
    key.role = Role::kMember;
    key.customer = customer;
    key.prefix = "ksb_key_";
    key.created_by = "operator/ada";
    key.create_time = absl::FromUnixSeconds(1'790'000'000);
    EXPECT_OK(Write(tenant, [&](postgres::Transaction& tx) {
      return keys_.Insert(tx, tenant, key, crypto::Sha256(key.id.ToString()));
    }));
    return key;
  }

  UserId MakeMember(TenantId tenant, const std::string& email, Role role) {
    const auto user = users().FindOrCreate(email, Deadline());
    EXPECT_OK(user);
    EXPECT_OK(Write(tenant, [&](postgres::Transaction& tx) {
      return members_.Insert(tx, tenant, {user->user, role, "Somebody", absl::Now()});
    }));
    return user->user;
  }

  UserDirectory users() { return UserDirectory(*door_); }

  const ApiKeyStore keys_{};
  const MembershipStore members_{};
};

TEST_F(StoresTest, AKeyComesBackAsItWasStored) {
  const ApiKey key = MakeKey(tenant_, CustomerId::New(absl::Now()));
  ASSERT_OK_AND_ASSIGN(const auto found,
                       database_->WithTenant(CallFor(tenant_), [&](postgres::Transaction& tx) {
                         return keys_.FindCredential(tx, tenant_, key.id);
                       }));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->key.id, key.id);
  EXPECT_EQ(found->key.role, Role::kMember);
  EXPECT_EQ(found->key.customer, key.customer);
  EXPECT_EQ(found->key.create_time, key.create_time);
  EXPECT_EQ(found->key.expire_time, std::nullopt);
  EXPECT_EQ(found->secret_hash, crypto::Sha256(key.id.ToString()));
}

TEST_F(StoresTest, AnotherTenantsKeyIsNotThere) {
  const ApiKey key = MakeKey(tenant_);
  // Its own tenant condition, and the owner's: the policy hides the row either way.
  for (const TenantId condition : {other_tenant_, tenant_}) {
    ASSERT_OK_AND_ASSIGN(
        const auto found,
        database_->WithTenant(CallFor(other_tenant_), [&](postgres::Transaction& tx) {
          return keys_.FindCredential(tx, condition, key.id);
        }));
    EXPECT_FALSE(found.has_value());
  }
  EXPECT_THAT(Write(other_tenant_,
                    [&](postgres::Transaction& tx) { return keys_.Lock(tx, tenant_, key.id); }),
              ReasonIs("NOT_FOUND"));
}

TEST_F(StoresTest, ACustomersScopeSeesItsOwnKeys) {
  const CustomerId customer = CustomerId::New(absl::Now());
  const ApiKey own = MakeKey(tenant_, customer);
  MakeKey(tenant_, CustomerId::New(absl::Now()));
  MakeKey(tenant_);
  CallContext call = CallFor(tenant_);
  call.customer = customer;
  ASSERT_OK_AND_ASSIGN(const auto seen, database_->WithTenant(call, [&](postgres::Transaction& tx) {
    return keys_.List(tx, tenant_, ApiKeyId(), 10);
  }));
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].id, own.id);
}

TEST_F(StoresTest, OneAddressIsOneUserHoweverOftenItIsAdded) {
  ASSERT_OK_AND_ASSIGN(const auto first, users().FindOrCreate("ada@example.com", Deadline()));
  ASSERT_OK_AND_ASSIGN(const auto second, users().FindOrCreate("ada@example.com", Deadline()));
  EXPECT_EQ(first.user, second.user);
  EXPECT_TRUE(first.created);
  EXPECT_FALSE(second.created);
  // A version 7 id would tell when the person came.
  EXPECT_EQ(first.user.uuid().bytes()[6] >> 4, 4);
}

TEST_F(StoresTest, AddressesAddedAtOnceMakeOneUser) {
  std::vector<UserId> made(8);
  std::vector<std::thread> threads;
  for (UserId& user : made) {
    threads.emplace_back([this, &user] {
      const auto id = users().FindOrCreate("grace@example.com", Deadline());
      EXPECT_OK(id);
      if (id.ok()) user = id->user;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const UserId& user : made) EXPECT_EQ(user, made[0]);
}

TEST_F(StoresTest, ResolverTableHoldsIdAndAddressAlone) {
  EXPECT_EQ(test_database_->QueryValue("SELECT string_agg(column_name, ',' ORDER BY column_name) "
                                       "FROM information_schema.columns "
                                       "WHERE table_schema = 'auth' AND table_name = 'users'"),
            "email,user_id");
}

TEST_F(StoresTest, TheDoorOpensOnItsOwnTablesAlone) {
  EXPECT_EQ(test_database_->QueryValue(
                "SELECT string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text) "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname IN ('core', 'auth', 'vault', 'tenant_data', 'webhook', 'audit') "
                "AND c.relkind = 'r' AND c.relname <> 'migrations' "
                "AND has_table_privilege('kasbah_auth_resolver', c.oid, 'SELECT')"),
            "auth.revocations auth.signing_keys auth.users core.tenants");
}

TEST_F(StoresTest, ATenantCannotReadUsersOrRevocationsOrSigningKeys) {
  for (const char* table :
       {"auth.users", "auth.revocations", "auth.signing_keys", "core.tenants"}) {
    EXPECT_EQ(
        test_database_->QueryValue(std::string("SELECT has_table_privilege('kasbah_auth', '") +
                                   table + "', 'SELECT')"),
        "f")
        << table;
  }
}

TEST_F(StoresTest, AUserStaysWhileATenantHasThem) {
  const UserId user = MakeMember(tenant_, "ada@example.com", Role::kMember);
  MakeMember(other_tenant_, "ada@example.com", Role::kMember);
  const auto leave = [&](TenantId tenant) {
    EXPECT_OK(Write(tenant,
                    [&](postgres::Transaction& tx) { return members_.Delete(tx, tenant, user); }));
  };
  leave(tenant_);
  ASSERT_OK_AND_ASSIGN(const bool while_member, users().DeleteUnlessMember(user, Deadline()));
  EXPECT_FALSE(while_member);
  leave(other_tenant_);
  ASSERT_OK_AND_ASSIGN(const bool afterwards, users().DeleteUnlessMember(user, Deadline()));
  EXPECT_TRUE(afterwards);
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.users"), "0");
}

TEST_F(StoresTest, AMemberIsAddedOnce) {
  const UserId user = MakeMember(tenant_, "ada@example.com", Role::kMember);
  EXPECT_THAT(Write(tenant_,
                    [&](postgres::Transaction& tx) {
                      return members_.Insert(tx, tenant_, {user, Role::kOwner, "", absl::Now()});
                    }),
              ReasonIs("ALREADY_EXISTS"));
}

// Two owners who demote each other at the same moment: one of them stays.
TEST_F(StoresTest, ConcurrentDemotionsLeaveAnOwner) {
  for (int round = 0; round < 20; ++round) {
    const std::string suffix = std::to_string(round);
    const TenantId tenant = test_database_->CreateTenant("tenant-" + suffix);
    const UserId ada = MakeMember(tenant, "ada" + suffix + "@example.com", Role::kOwner);
    const UserId bob = MakeMember(tenant, "bob" + suffix + "@example.com", Role::kOwner);
    const auto demote = [&](UserId user) {
      return Write(tenant, [&](postgres::Transaction& tx) -> absl::Status {
        const auto locked = members_.LockOwnersAnd(tx, tenant, user).Await();
        if (!locked.ok()) return locked.status();
        if (absl::Status kept = CheckAnotherOwner(*locked, user); !kept.ok()) return kept;
        members_.SetRole(tx, tenant, user, Role::kMember);
        return absl::OkStatus();
      });
    };
    absl::Status first;
    absl::Status second;
    std::thread thread([&] { first = demote(ada); });
    second = demote(bob);
    thread.join();
    EXPECT_NE(first.ok(), second.ok()) << first << " " << second;
    EXPECT_THAT(first.ok() ? second : first, ReasonIs("LAST_OWNER"));
    EXPECT_EQ(
        test_database_->QueryValue("SELECT count(*) FROM auth.memberships WHERE role = 'owner' "
                                   "AND tenant_id = '" +
                                   tenant.uuid().ToString() + "'"),
        "1");
  }
}

TEST_F(StoresTest, ARevocationIsSeenThroughTheDoorWhenItIsCommitted) {
  RevocationStore revocations(*door_);
  const absl::Time now = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  const auto revoke = [&](absl::Status outcome) {
    return Write(tenant_, [&](postgres::Transaction& tx) -> absl::Status {
      AppendRevocation(tx, tenant_, {Revocation::Kind::kCredential, "key_x", now});
      return outcome;
    });
  };
  EXPECT_FALSE(revoke(absl::CancelledError()).ok());
  ASSERT_OK_AND_ASSIGN(const auto before, revocations.Read(absl::Minutes(1), Deadline()));
  EXPECT_THAT(before.revocations, IsEmpty());

  ASSERT_OK(revoke(absl::OkStatus()));
  ASSERT_OK_AND_ASSIGN(const auto after, revocations.Read(absl::Minutes(1), Deadline()));
  ASSERT_THAT(after.revocations, SizeIs(1));
  EXPECT_EQ(after.revocations[0].revocation.subject, "key_x");
  EXPECT_EQ(after.revocations[0].revocation.kind, Revocation::Kind::kCredential);
  EXPECT_EQ(after.revocations[0].revocation.not_before, now);
}

TEST_F(StoresTest, OldRevocationsAreForgotten) {
  RevocationStore revocations(*door_);
  for (const char* age : {"2 hours", "1 second"}) {
    test_database_->Execute(
        "INSERT INTO auth.revocations (tenant_id, kind, subject, not_before, created_at) VALUES "
        "('" +
        tenant_.uuid().ToString() + "', 'actor', 'usr_x', now(), now() - interval '" + age + "')");
  }
  ASSERT_OK_AND_ASSIGN(const auto recent, revocations.Read(absl::Minutes(1), Deadline()));
  EXPECT_THAT(recent.revocations, SizeIs(1));
  ASSERT_OK(revocations.Prune(absl::Hours(1), Deadline()));
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.revocations"), "1");
}

TEST_F(StoresTest, SuspendedTenantsAreReadWithTheirState) {
  RevocationStore revocations(*door_);
  test_database_->SetTenantState(tenant_, "suspended");
  ASSERT_OK_AND_ASSIGN(const auto state, revocations.Read(absl::Minutes(1), Deadline()));
  ASSERT_THAT(state.suspended, SizeIs(1));
  EXPECT_EQ(state.suspended[0].tenant, tenant_);
}

TEST_F(StoresTest, ClosedTenantsAreAmongThemUntilNoAssertionIsLeft) {
  RevocationStore revocations(*door_);
  test_database_->SetTenantState(tenant_, "closed");
  const auto closed = [&](const std::string& age) {
    test_database_->Execute("UPDATE core.tenants SET closed_at = now() - interval '" + age +
                            "' WHERE state = 'closed'");
    return revocations.Read(absl::Minutes(1), Deadline())->suspended.size();
  };
  EXPECT_EQ(closed("1 minute"), 1u);
  EXPECT_EQ(closed("2 hours"), 0u);
}

TEST_F(StoresTest, PersonalColumnsAreTheOnesThatAreListed) {
  std::string listed;
  for (const std::string_view column : {kKeyNameColumn, kMemberNameColumn, kEmailColumn}) {
    listed += (listed.empty() ? "" : " ") + std::string(column);
  }
  EXPECT_EQ(kPersonalColumns.size(), 3u);
  EXPECT_EQ(
      test_database_->QueryValue("SELECT string_agg(c.oid::regclass::text || '.' || a.attname, ' ' "
                                 "ORDER BY c.relname, a.attname) FROM pg_attribute a JOIN pg_class "
                                 "c ON c.oid = a.attrelid "
                                 "WHERE c.relnamespace = 'auth'::regnamespace "
                                 "AND col_description(c.oid, a.attnum) LIKE 'personal:%'"),
      listed);
}

TEST_F(StoresTest, TheCatalogHoldsToTheRules) {
  ASSERT_OK_AND_ASSIGN(const auto faults, postgres::CheckCatalog(test_database_->AdminDsn()));
  EXPECT_THAT(faults, IsEmpty());
}

}  // namespace
}  // namespace kasbah::auth
