// What becomes of each table in an export and an erasure of a tenant: listed by the service that
// has it, as its own role can do it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "cli/migrations.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/audit/domain/personal_columns.h"
#include "services/audit/store/tenant_tables.h"
#include "services/auth/domain/personal_columns.h"
#include "services/auth/store/tenant_tables.h"
#include "services/tenant_data/domain/personal_columns.h"
#include "services/tenant_data/store/tenant_tables.h"
#include "services/vault/domain/personal_columns.h"
#include "services/vault/store/tenant_tables.h"
#include "services/webhook/domain/personal_columns.h"
#include "services/webhook/store/tenant_tables.h"

namespace kasbah {
namespace {

using subject::TenantTable;
using subject::TenantTables;

// By the role of the service.
const std::map<std::string, TenantTables>& Services() {
  static const auto* const services = new std::map<std::string, TenantTables>{
      {"kasbah_auth", auth::kTenantTables},
      {"kasbah_vault", vault::kTenantTables},
      {"kasbah_tenant_data", tenantdata::kTenantTables},
      {"kasbah_webhook", webhook::kTenantTables},
      {"kasbah_audit", audit::kTenantTables},
  };
  return *services;
}

std::set<std::string> ListedTables() {
  std::set<std::string> listed;
  for (const auto& [role, service] : Services()) {
    for (const TenantTable& table : service.tables) listed.emplace(table.name);
  }
  return listed;
}

// Tables with rows of tenants, partitions apart.
std::set<std::string> TenantTablesOf(testing::TestDatabase& database) {
  return absl::StrSplit(
      database.QueryValue(
          "SELECT string_agg(n.nspname || '.' || c.relname, E'\\n') FROM pg_class c "
          "JOIN pg_namespace n ON n.oid = c.relnamespace "
          "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
          "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped "
          "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"),
      '\n', absl::SkipEmpty());
}

std::set<std::string> Words(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::exchange(word, ""));
    }
  }
  return words;
}

class TenantTablesTest : public ::testing::Test {
 protected:
  TenantTablesTest() : database_(testing::TestDatabase::Create(cli::AllMigrations())) {}
  std::unique_ptr<testing::TestDatabase> database_;
};

TEST_F(TenantTablesTest, EveryTableOfATenantIsListedByItsService) {
  EXPECT_THAT(TenantTablesOf(*database_), ::testing::UnorderedElementsAreArray(ListedTables()));
}

TEST_F(TenantTablesTest, ATableThatNobodyListsIsFound) {
  database_->Execute("CREATE TABLE vault.forgotten (tenant_id uuid, id uuid)");
  EXPECT_NE(TenantTablesOf(*database_), ListedTables());
}

TEST_F(TenantTablesTest, WhatIsNotShownOrStaysHasAReason) {
  for (const auto& [role, service] : Services()) {
    for (const TenantTable& table : service.tables) {
      EXPECT_TRUE(!table.why.empty() || (table.is_shown() && table.is_erased())) << table.name;
    }
  }
}

TEST_F(TenantTablesTest, PersonalColumnsAreShownAndNothingSecretIs) {
  std::set<std::string> personal;
  const auto add = [&](const auto& columns) {
    for (std::string_view column : columns) personal.emplace(column);
  };
  add(audit::kPersonalColumns);
  add(auth::kPersonalColumns);
  add(tenantdata::kPersonalColumns);
  add(vault::kPersonalColumns);
  add(webhook::kPersonalColumns);
  // Beside the memberships; and of operations that are over, nobody's.
  personal.erase("auth.users.email");
  personal.erase("tenant_data.rights_operations.subject");
  for (const auto& [role, service] : Services()) {
    for (const TenantTable& table : service.tables) {
      const std::set<std::string> shown = Words(table.shown);
      for (const char* secret : {"secret_hash", "sealed", "sealed_secret", "wrapped", "payload",
                                 "data_key", "nonce", "source_address_salt"}) {
        EXPECT_FALSE(shown.contains(secret)) << table.name << " shows " << secret;
      }
      for (const std::string& column : personal) {
        if (!column.starts_with(std::string(table.name) + ".") || table.shown == "*") continue;
        EXPECT_TRUE(shown.contains(column.substr(table.name.size() + 1))) << column;
      }
    }
  }
}

// Each statement, as the role that will run it, in a tenant's scope; nothing is granted besides.
TEST_F(TenantTablesTest, EachServicesRoleCanDoWhatItsListSays) {
  CallContext call;
  call.tenant = database_->CreateTenant("tables");
  call.deadline = absl::Now() + absl::Seconds(60);
  for (const auto& [role, service] : Services()) {
    ASSERT_OK_AND_ASSIGN(
        const auto database,
        postgres::Database::Open(database_->Pool(role), absl::Now() + absl::Seconds(30)));
    const auto run = [&](const postgres::Statement& statement, const auto&... arguments) {
      if (statement.sql.empty()) return;
      const auto done = database->WithTenantInAnyState(
          call, postgres::AnyStateToken::ForErasure(), [&](postgres::Transaction& tx) {
            tx.MarkAudited();
            return tx.Run(statement, call.tenant, arguments...);
          });
      EXPECT_OK(done) << role << " " << statement.name;
    };
    for (const TenantTable& table : service.tables) {
      run(table.first);
      run(table.next, postgres::Json{"{}"});
      run(table.any);
      run(table.erase);
    }
    run(service.undelivered);
  }
}

// Pages end where the next begins, by keys of every type.
TEST_F(TenantTablesTest, APageGoesOnAfterTheLastRowOfTheOneBefore) {
  CallContext call;
  call.tenant = database_->CreateTenant("pages");
  call.deadline = absl::Now() + absl::Seconds(60);
  const std::string tenant = "'" + call.tenant.uuid().ToString() + "'";
  database_->Execute(
      "INSERT INTO tenant_data.customers (tenant_id, customer_id, external_id, created_at) "
      "SELECT " +
      tenant + ", gen_random_uuid(), 'c' || i, now() FROM generate_series(1, 1203) i");
  ASSERT_OK_AND_ASSIGN(const auto database,
                       postgres::Database::Open(database_->Pool("kasbah_tenant_data"),
                                                absl::Now() + absl::Seconds(30)));
  const TenantTable* customers = nullptr;
  for (const TenantTable& table : tenantdata::kTenantTables.tables) {
    if (table.name == "tenant_data.customers") customers = &table;
  }
  ASSERT_NE(customers, nullptr);
  std::set<std::string> seen;
  std::string cursor;
  std::vector<int> sizes;
  while (true) {
    ASSERT_OK_AND_ASSIGN(
        const postgres::Result rows, database->WithTenant(call, [&](postgres::Transaction& tx) {
          return cursor.empty() ? tx.Run(customers->first, call.tenant)
                                : tx.Run(customers->next, call.tenant, postgres::Json{cursor});
        }));
    sizes.push_back(rows.size());
    if (rows.empty()) break;
    for (const postgres::Row& row : rows) {
      cursor = row.Get<std::string>(0);
      seen.insert(row.Get<std::string>(1));
    }
  }
  EXPECT_EQ(seen.size(), 1203u);
  EXPECT_THAT(sizes, ::testing::ElementsAre(500, 500, 203, 0));
}

// However large a row is, it comes; what would make a page too large waits for the next.
TEST_F(TenantTablesTest, APageIsBoundedByItsBytes) {
  CallContext call;
  call.tenant = database_->CreateTenant("bytes");
  call.deadline = absl::Now() + absl::Seconds(60);
  const std::string tenant = "'" + call.tenant.uuid().ToString() + "'";
  database_->Execute(
      "INSERT INTO webhook.messages (tenant_id, message_id, event_id, event_type, body, "
      "traceparent, request_id, created_at) SELECT " +
      tenant +
      ", gen_random_uuid(), gen_random_uuid(), 'a.b', convert_to(repeat('x', 2000000), 'UTF8'), "
      "'', '', now() FROM generate_series(1, 3) i");
  ASSERT_OK_AND_ASSIGN(
      const auto database,
      postgres::Database::Open(database_->Pool("kasbah_webhook"), absl::Now() + absl::Seconds(30)));
  for (const TenantTable& table : webhook::kTenantTables.tables) {
    if (table.name != "webhook.messages") continue;
    ASSERT_OK_AND_ASSIGN(const postgres::Result rows,
                         database->WithTenant(call, [&](postgres::Transaction& tx) {
                           return tx.Run(table.first, call.tenant);
                         }));
    EXPECT_EQ(rows.size(), 1);
  }
}

}  // namespace
}  // namespace kasbah
