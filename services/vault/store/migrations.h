#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema vault, from services/vault/migrations.
std::vector<postgres::Migration> vault();

}  // namespace kasbah::migrations
