#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/postgres/database.h"

namespace kasbah::tenantdata {

// The roles of one more database with tenants' records.
struct ShardOptions {
  std::string name;
  // Of this installation, whose the database must be.
  std::string trust_domain;
  postgres::PoolOptions database;
  postgres::PoolOptions relay;
  postgres::PoolOptions upkeep;
  postgres::PoolOptions mover;
};

struct Shard {
  std::string name;
  // Null for home, whose database leads to all others.
  std::unique_ptr<postgres::Database> database;
  std::unique_ptr<postgres::Door> upkeep;
  std::unique_ptr<postgres::Door> mover;
};

// Every database that has records, home first. Thread safe.
class Shards {
 public:
  // `mover` and `upkeep` are home's doors.
  Shards(std::unique_ptr<postgres::Door> mover, std::unique_ptr<postgres::Door> upkeep);

  // Waits for a database that cannot be reached until `deadline`. FAILED_PRECONDITION, with its
  // name, for one whose schema is behind this program's or breaks the rules of the catalog, and for
  // another installation's.
  absl::Status Open(const ShardOptions& options, absl::Time deadline);

  Shard& home() { return *shards_.front(); }
  const std::vector<std::unique_ptr<Shard>>& all() const { return shards_; }
  // Null: there is none of that name.
  Shard* Find(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace kasbah::tenantdata
