#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "libs/base/call_context.h"
#include "libs/postgres/database.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/auth/store/migrations.h"

namespace kasbah::auth {

// A database with schema auth, its two roles, and two tenants.
class AuthDatabase : public ::testing::Test {
 protected:
  AuthDatabase() : test_database_(testing::TestDatabase::Create(migrations::auth())) {
    auto database = postgres::Database::Open(test_database_->Pool("kasbah_auth"), Deadline());
    auto door = postgres::Door::Open(test_database_->Pool("kasbah_auth_resolver"),
                                     postgres::DoorToken::AuthResolver(), Deadline());
    EXPECT_OK(database);
    EXPECT_OK(door);
    database_ = *std::move(database);
    door_ = *std::move(door);
    tenant_ = test_database_->CreateTenant("acme");
    other_tenant_ = test_database_->CreateTenant("umbrella");
  }

  static absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }
  CallContext CallFor(TenantId tenant) const {
    return CallContext::ForBackground("service/auth", tenant, Deadline());
  }

  // Runs `body` as one audited transaction of the tenant's.
  template <typename F>
  auto Write(TenantId tenant, F&& body) {
    return database_->WithTenant(CallFor(tenant), [&](postgres::Transaction& tx) {
      tx.MarkAudited();
      return body(tx);
    });
  }

  std::unique_ptr<testing::TestDatabase> test_database_;
  std::unique_ptr<postgres::Database> database_;
  std::unique_ptr<postgres::Door> door_;
  TenantId tenant_;
  TenantId other_tenant_;
};

}  // namespace kasbah::auth
