#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema audit, from services/audit/migrations.
std::vector<postgres::Migration> audit();

}  // namespace kasbah::migrations
