#include "services/tenant_data/placement/shards.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/core_migrations.h"
#include "libs/postgres/installation.h"
#include "services/tenant_data/placement/move.h"
#include "services/tenant_data/store/migrations.h"

namespace kasbah::tenantdata {
namespace {

absl::Status Named(std::string_view shard, const absl::Status& status) {
  if (status.ok()) return status;
  absl::Status named(status.code(), ToAbsl(StrCat("shard ", shard, ": ", status.message())));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { named.SetPayload(type, payload); });
  return named;
}

std::vector<postgres::Migration> WhatAShardHas() {
  std::vector<postgres::Migration> all = migrations::core();
  for (postgres::Migration& own : migrations::tenant_data()) all.push_back(std::move(own));
  return all;
}

absl::Status OpenAll(const ShardOptions& options, absl::Time deadline, Shard* shard) {
  ASSIGN_OR_RETURN(shard->database, postgres::Database::Open(options.database, deadline));
  RETURN_IF_ERROR(postgres::CheckDatabase(options.database, WhatAShardHas()));
  RETURN_IF_ERROR(postgres::ClaimDatabase(*shard->database, options.trust_domain, deadline));
  ASSIGN_OR_RETURN(
      shard->upkeep,
      postgres::Door::Open(options.upkeep, postgres::DoorToken::TenantDataUpkeep(), deadline));
  ASSIGN_OR_RETURN(shard->mover, postgres::Door::Open(
                                     options.mover, postgres::DoorToken::RecordsMover(), deadline));
  return absl::OkStatus();
}

}  // namespace

Shards::Shards(std::unique_ptr<postgres::Door> mover, std::unique_ptr<postgres::Door> upkeep) {
  auto home = std::make_unique<Shard>();
  home->name = std::string(kHomeShard);
  home->mover = std::move(mover);
  home->upkeep = std::move(upkeep);
  shards_.push_back(std::move(home));
}

absl::Status Shards::Open(const ShardOptions& options, absl::Time deadline) {
  if (Find(options.name) != nullptr) {
    return Named(options.name, absl::InvalidArgumentError("is there twice"));
  }
  auto shard = std::make_unique<Shard>();
  shard->name = options.name;
  RETURN_IF_ERROR(Named(options.name, OpenAll(options, deadline, shard.get())));
  shards_.push_back(std::move(shard));
  return absl::OkStatus();
}

Shard* Shards::Find(std::string_view name) const {
  for (const auto& shard : shards_) {
    if (shard->name == name) return shard.get();
  }
  return nullptr;
}

}  // namespace kasbah::tenantdata
