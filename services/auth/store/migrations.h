#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema auth.
std::vector<postgres::Migration> auth();

}  // namespace kasbah::migrations
