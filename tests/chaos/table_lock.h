#pragma once

#include <string>

#include "libs/base/strings.h"
#include "tests/system/system.h"
#include <pqxx/pqxx>

namespace kasbah::chaos_test {

// Nobody writes the table while this is there; everybody reads it.
class TableLock {
 public:
  explicit TableLock(const std::string& table)
      : connection_(system_test::System::Get().supervisor().PostgresAdminDsn("kasbah")),
        work_(connection_) {
    work_.exec("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
  }
  void Release() { work_.abort(); }

 private:
  pqxx::connection connection_;
  pqxx::work work_;
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
