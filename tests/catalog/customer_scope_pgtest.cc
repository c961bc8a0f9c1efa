// What every service's role may do for one customer, in the database with all schemas.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/migrations.h"
#include "libs/testing/test_postgres.h"
#include <pqxx/pqxx>

namespace kasbah {
namespace {

using ::testing::HasSubstr;

constexpr char kSuspended[] = "0190a2c4-0000-7000-8000-000000000001";
constexpr char kActive[] = "0190a2c4-0000-7000-8000-000000000002";
constexpr char kAbsent[] = "0190a2c4-0000-7000-8000-000000000003";

const std::vector<std::string>& Services() {
  static const auto* const services = new std::vector<std::string>{
      "kasbah_auth", "kasbah_vault", "kasbah_tenant_data", "kasbah_webhook", "kasbah_audit"};
  return *services;
}

class CustomerScopeInEveryService : public ::testing::Test {
 protected:
  CustomerScopeInEveryService()
      : database_(testing::TestDatabase::Create(cli::AllMigrations())),
        tenant_(database_->CreateTenant("a").uuid().ToString()) {
    for (const auto& [customer, state] :
         {std::pair(kSuspended, "suspended"), {kActive, "active"}}) {
      database_->Execute(absl::StrCat(
          "INSERT INTO tenant_data.customers (tenant_id, customer_id, external_id, display_name, "
          "state, version, created_at) VALUES ('",
          tenant_, "', '", customer, "', '", customer, "', '', '", state, "', 1, now())"));
    }
  }

  // In one transaction of the role's; what the last failed with, or nothing.
  std::string Enter(const std::string& role, const std::vector<std::string>& statements) {
    pqxx::connection connection(database_->AdminDsn());
    pqxx::nontransaction(connection).exec(absl::StrCat("SET SESSION AUTHORIZATION ", role));
    pqxx::work work(connection);
    try {
      for (const std::string& statement : statements) work.exec(statement);
    } catch (const pqxx::sql_error& error) {
      return error.what();
    }
    return "";
  }
  std::string Into(const std::string& customer, const std::string& way = "core.enter") const {
    return absl::StrCat("SELECT ", way, "('", tenant_, "', '", customer, "')");
  }

  std::unique_ptr<testing::TestDatabase> database_;
  std::string tenant_;
};

TEST_F(CustomerScopeInEveryService, ASuspendedCustomerIsRefused) {
  for (const std::string& role : Services()) {
    SCOPED_TRACE(role);
    EXPECT_THAT(Enter(role, {Into(kSuspended)}), HasSubstr("CUSTOMER_SUSPENDED"));
    EXPECT_EQ(Enter(role, {Into(kActive)}), "");
    EXPECT_EQ(Enter(role, {Into("all")}), "");
    // What was refused and what erases has its trail.
    EXPECT_EQ(Enter(role, {Into(kSuspended, "core.enter_any_state")}), "");
  }
}

TEST_F(CustomerScopeInEveryService, OnlyWhoKeepsCustomersKnowsThatOneIsAbsent) {
  for (const std::string& role : Services()) {
    SCOPED_TRACE(role);
    const std::string error = Enter(role, {Into(kAbsent)});
    if (role == "kasbah_tenant_data") {
      EXPECT_THAT(error, HasSubstr("NOT_FOUND"));
    } else {
      EXPECT_EQ(error, "");
    }
  }
}

TEST_F(CustomerScopeInEveryService, ATransactionHasOneCustomer) {
  for (const std::string& role : Services()) {
    SCOPED_TRACE(role);
    for (const std::string& second :
         {Into("all"), Into("all", "core.enter_any_state"), Into(kSuspended),
          Into(kSuspended, "core.enter_any_state"), Into("", "core.enter_any_state")}) {
      SCOPED_TRACE(second);
      EXPECT_THAT(Enter(role, {Into(kActive), second}), HasSubstr("one customer"));
      EXPECT_THAT(Enter(role, {Into(kActive, "core.enter_any_state"), second}),
                  HasSubstr("one customer"));
    }
    EXPECT_EQ(Enter(role, {Into(kActive), Into(kActive)}), "");
  }
}

}  // namespace
}  // namespace kasbah
