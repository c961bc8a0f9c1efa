#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/postgres/database.h"
#include "libs/postgres/migration.h"

namespace kasbah::testing {

// A database of one test's own, made from a template that holds schema core and the given
// migrations; dropped with it. The server behind it is one per test binary, private and throwaway.
class TestDatabase {
 public:
  // Crashes with the reason when PostgreSQL cannot be had: a test without its database proves
  // nothing.
  static std::unique_ptr<TestDatabase> Create(const std::vector<postgres::Migration>& migrations);
  ~TestDatabase();

  // Pool options of a role: "kasbah_vault".
  postgres::PoolOptions Pool(const std::string& role) const;
  std::string AdminDsn() const;
  // As superuser, outside every policy: what is really there.
  void Execute(const std::string& sql);
  // First column of the first row; empty when none.
  std::string QueryValue(const std::string& sql);
  // Until at least so many backends wait for locks here; false when they do not within 10 s.
  bool AwaitBlocked(int backends);
  // Makes a tenant.
  TenantId CreateTenant(const std::string& slug);
  void SetTenantState(TenantId tenant, const std::string& state);
  // The server under it, for tests that stop and kill it.
  static void StopServer();
  static void KillServer();
  static void StartServer();

 private:
  TestDatabase() = default;
  std::string name_;
};

}  // namespace kasbah::testing
