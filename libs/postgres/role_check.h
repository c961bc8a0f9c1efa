#pragma once

#include <string>
#include <vector>

#include <pqxx/pqxx>

namespace kasbah::postgres::internal {

// What is wrong with a server of `server_version` (150014 is 15.14) and the role that is connected,
// a line each: rights with which row-level security would not bind it, and tables within its reach
// that are without. Throws what libpqxx throws.
std::vector<std::string> FaultsOf(pqxx::connection_base& connection, int server_version);

}  // namespace kasbah::postgres::internal
