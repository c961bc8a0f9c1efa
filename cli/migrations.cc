#include "cli/migrations.h"

namespace kasbah::migrations {

// Made by kasbah_embed_sql from each service's migrations/ and compiled into its store.
std::vector<postgres::Migration> core();
std::vector<postgres::Migration> auth();
std::vector<postgres::Migration> vault();
std::vector<postgres::Migration> tenant_data();
std::vector<postgres::Migration> webhook();
std::vector<postgres::Migration> audit();

}  // namespace kasbah::migrations

namespace kasbah::cli {

std::vector<postgres::Migration> AllMigrations() {
  std::vector<postgres::Migration> all;
  for (auto* schema : {&migrations::core, &migrations::auth, &migrations::vault,
                       &migrations::tenant_data, &migrations::webhook, &migrations::audit}) {
    for (postgres::Migration& migration : schema()) all.push_back(std::move(migration));
  }
  return all;
}

}  // namespace kasbah::cli
