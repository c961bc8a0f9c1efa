#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema tenant_data.
std::vector<postgres::Migration> tenant_data();

}  // namespace kasbah::migrations
