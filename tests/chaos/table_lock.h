#pragma once

#include <gtest/gtest.h>

#include <string>

#include "libs/base/strings.h"
#include "tests/system/system.h"
#include <pqxx/pqxx>

namespace kasbah::chaos_test {

// Nobody writes the table while this is there; everybody reads it.
class TableLock {
 public:
  explicit TableLock(const std::string& table, const std::string& database = "kasbah")
      : connection_(system_test::System::Get().supervisor().PostgresAdminDsn(database)),
        work_(connection_),
        table_(table) {
    work_.exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
  }
  void Release() { work_.abort(); }

  // Until a transaction of this role waits for this very lock, and not for another that waits too;
  // one that has worked on `subject` (of the database kasbah), where something is given.
  bool HoldsUp(const std::string& role, const std::string& subject = "") const {
    using system_test::System;
    std::string waiting =
        StrCat("SELECT count(*) FROM pg_stat_activity a WHERE a.usename = '", role, "' AND ",
               connection_.backendpid(), " = ANY (pg_blocking_pids(a.pid))");
    if (!subject.empty()) {
      StrAppend(&waiting,
                " AND EXISTS (SELECT FROM pg_locks k WHERE k.pid = a.pid AND k.granted"
                " AND k.mode LIKE 'Row%' AND k.relation = '",
                subject, "'::regclass)");
    }
    const bool waits = system_test::WaitUntil(
        absl::Seconds(60), [&] { return System::Get().QueryValue(waiting) != "0"; });
    EXPECT_TRUE(waits) << "nobody waits for " << table_;
    return waits;
  }

 private:
  pqxx::connection connection_;
  pqxx::work work_;
  const std::string table_;
};

// Until the transaction that works on `subject` waits for `table`: others of its service may too.
inline bool IsHeldUp(const std::string& table, const std::string& subject) {
  using system_test::System;
  return system_test::WaitUntil(absl::Seconds(60), [&] {
    return System::Get().QueryValue(
               StrCat("SELECT count(*) FROM pg_locks w JOIN pg_locks k USING (pid)"
                      " WHERE NOT w.granted AND w.relation = '",
                      table, "'::regclass AND k.relation = '", subject, "'::regclass")) != "0";
  });
}

// Until nothing that a killed process had sent is still being worked on: it is done, or rolled
// back.
inline bool IsQuiet(const std::string& service) {
  using system_test::System;
  return system_test::WaitUntil(absl::Seconds(20), [&] {
    return System::Get().QueryValue(
               StrCat("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kasbah-",
                      service, "' AND state = 'active'")) == "0";
  });
}

}  // namespace kasbah::chaos_test
