#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema core: what every other schema's migrations stand on.
std::vector<postgres::Migration> core();

}  // namespace kasbah::migrations
