#pragma once

#include <string>

namespace kasbah::bench {

// Transactions a second of a pgbench script: prepared, `clients` connections, for `seconds`. The
// password is read from a file.
double RunPgbench(const std::string& dsn, const std::string& password_file,
                  const std::string& script, int clients, int seconds);

}  // namespace kasbah::bench
