#pragma once

#include <vector>

#include "libs/postgres/migration.h"

namespace kasbah::migrations {

// Schema webhook.
std::vector<postgres::Migration> webhook();

}  // namespace kasbah::migrations
