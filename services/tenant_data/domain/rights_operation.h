#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

enum class RightsKind { kSubjectExport, kTenantExport, kSubjectErasure, kTenantErasure };
enum class RightsState { kRunning, kDone, kFailed, kCancelled };

// As stored: "subject_export", "running". Parsing crashes for what the table does not allow.
std::string_view NameOf(RightsKind kind);
std::string_view NameOf(RightsState state);
RightsKind ParseRightsKind(std::string_view name);
RightsState ParseRightsState(std::string_view name);

inline bool IsExport(RightsKind kind) {
  return kind == RightsKind::kSubjectExport || kind == RightsKind::kTenantExport;
}

// How long an archive is kept.
inline constexpr absl::Duration kArchiveKept = absl::Hours(24 * 7);
// Exports that a tenant can have at a time, running and kept.
inline constexpr int kMostExports = 5;

// An export or an erasure: what was asked, and how far it is.
struct RightsOperation {
  OperationId id;
  TenantId tenant;
  RightsKind kind = RightsKind::kSubjectExport;
  // Empty of a tenant's, and of one that runs no more.
  std::string subject;
  RightsState state = RightsState::kRunning;
  // Which of StepsOf(kind), and where in it.
  size_t step = 0;
  std::string cursor;
  std::string waiting_for;
  std::string error;
  std::string actor_kind;
  std::string actor_id;
  absl::Time created;
  absl::Time updated;
  std::optional<absl::Time> finished;
  std::optional<absl::Time> expires;
};

// A member of an archive, in a piece of its own.
struct ArchiveMember {
  std::string service;
  std::string name;
  int64_t rows = 0;
  int64_t size = 0;
  std::string sha256;
  FileId piece;
};

// How many rows of a table or column an operation exported or erased.
struct RightsCount {
  std::string service;
  std::string name;
  int64_t rows = 0;
};

// What an operation is made of, in its order. Each may be done twice.
struct RightsStep {
  enum class Action {
    // Archives that may hold who is to be erased.
    kDropArchives,
    kExportSubject,
    kExportTenant,
    kExportFiles,
    // Checksums: the last of an archive.
    kManifest,
    kEraseSubject,
    // Objects outside the database.
    kEraseFiles,
    kEraseTenant,
    // Nothing is left, and nothing is on its way.
    kSettle,
    // The tenant's names.
    kTombstone,
    // The installation's own trail.
    kTell,
  };
  Action action;
  // Who is asked; empty: this service by itself.
  std::string_view service;
};
const std::vector<RightsStep>& StepsOf(RightsKind kind);

// Once an erasure is past its first step it is not to be called off.
inline bool IsCancellable(const RightsOperation& operation) {
  return IsExport(operation.kind) || operation.step == 0;
}

}  // namespace kasbah::tenantdata
