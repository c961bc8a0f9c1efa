#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema @schema@.
std::vector<postgres::Migration> @schema@();

}  // namespace kasbah::migrations
