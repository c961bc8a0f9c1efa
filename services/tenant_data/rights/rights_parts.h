#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/files/file_removal.h"
#include "services/tenant_data/rights/archive_piece.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {

// The SubjectService of every service, by the service's name; this one's too, asked like the
// others.
using RightsPeers = std::map<std::string, std::unique_ptr<subject::v1::SubjectService::Stub>>;

// What exports and erasures are made of. All of it outlives them.
struct RightsParts {
  postgres::Database& database;
  postgres::Door& upkeep;
  outbox::Outbox& outbox;
  const FileParts& files;
  FileRemoval& removal;
  TenantRegistry& registry;
  const RightsPeers& peers;
  const Clock& clock;
};

// What one piece of work did, to be noted in one transaction: where the operation goes on, and what
// was exported or erased.
struct RightsNote {
  size_t step = 0;
  std::string cursor;
  std::vector<RightsCount> counts;
  // Of an export, when there was something.
  std::unique_ptr<ArchivePiece> piece;
  ArchiveMember member;
};

// Called from time to time by work that takes long: the lease is to be held on.
using HoldOn = std::function<void()>;

}  // namespace kasbah::tenantdata
