#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::cli {

// Of every schema, in the order they are applied.
std::vector<postgres::Migration> AllMigrations();

}  // namespace kasbah::cli
