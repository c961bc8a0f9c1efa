#include "services/tenant_data/files/file_removal.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "services/tenant_data/store/file_events.h"
#include "services/tenant_data/store/file_reference_store.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;

constexpr int kAtOnce = 100;
// How long one is left alone after a try.
constexpr absl::Duration kPatience = absl::Minutes(1);

constexpr int64_t kNamedUsers = 10;

absl::Status InUse(const std::vector<RecordId>& records) {
  std::vector<Violation> violations;
  for (const RecordId record : records) {
    violations.push_back({StrCat("records.", record.ToString()), "names the file", "FILE_IN_USE"});
  }
  return WithViolations(Error(absl::StatusCode::kFailedPrecondition, "FILE_IN_USE",
                              "records name the file; take it out of them first"),
                        violations);
}

}  // namespace

absl::Status FileRemoval::Delete(const CallContext& call, FileId id) {
  const FileStore files;
  const FileReferenceStore references;
  return parts_.database.WithTenant(call, [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<RecordId> users,
                     references.HoldAndFindUsers(tx, call, id, kNamedUsers).Await());
    if (!users.empty()) return InUse(users);
    ASSIGN_OR_RETURN(const StoredFile file, files.Delete(tx, call, id, parts_.clock.Now()).Await());
    RETURN_IF_ERROR(
        parts_.outbox.AppendChange(tx, call, FileChange(call, parts_.clock, "file.deleted", file)));
    return parts_.outbox.AppendAudit(
        tx, call, outbox::Succeeded(call, parts_.clock, "file.delete", FileTarget(id)));
  });
}

absl::StatusOr<int64_t> FileRemoval::EraseTenant(const CallContext& call) {
  const FileStore files;
  ASSIGN_OR_RETURN(
      const int64_t erased,
      parts_.database.WithTenantInAnyState(
          call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::StatusOr<int64_t> {
            ASSIGN_OR_RETURN(const int64_t count,
                             files.DeleteAll(tx, call, parts_.clock.Now()).Await());
            RETURN_IF_ERROR(
                parts_.outbox.AppendAudit(tx, call,
                                          outbox::Succeeded(call, parts_.clock, "file.erase_all",
                                                            {"tenant", call.tenant.ToString(), ""},
                                                            {{"files", StrCat(count)}})));
            return count;
          }));
  // Objects that no row knows of as well: a restored database may have forgotten some.
  RETURN_IF_ERROR(objects::DeleteAll(parts_.objects, call.tenant).status());
  return erased;
}

absl::StatusOr<int> FileRemoval::RunOnce(postgres::Door& upkeep) {
  const absl::Time now = parts_.clock.Now();
  ASSIGN_OR_RETURN(const std::vector<DueFile> due,
                   upkeep.Run(absl::Now() + absl::Seconds(10), [&](Transaction& tx) {
                     return ClaimDueFiles(tx, now, now + kPatience, kAtOnce);
                   }));
  absl::Status first;
  for (const DueFile& file : due) first.Update(Remove(file));
  if (!first.ok()) return first;
  return static_cast<int>(due.size());
}

absl::Status FileRemoval::GiveUp(const CallContext& call, FileId id) {
  const FileStore files;
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        files.GiveUp(tx, call, id, parts_.clock.Now());
        return parts_.outbox.AppendAudit(
            tx, call, outbox::Succeeded(call, parts_.clock, "file.upload_expired", FileTarget(id)));
      });
}

absl::Status FileRemoval::Expire(const CallContext& call, FileId id) {
  const FileStore files;
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        files.Expire(tx, call, id, parts_.clock.Now());
        return parts_.outbox.AppendAudit(
            tx, call, outbox::Succeeded(call, parts_.clock, "export.expire", FileTarget(id)));
      });
}

absl::Status FileRemoval::Remove(const DueFile& due) {
  const FileStore files;
  const CallContext call = CallContext::ForBackground("service/tenant-data", due.tenant,
                                                      absl::Now() + absl::Seconds(30));
  ASSIGN_OR_RETURN(
      const std::optional<FileStore::Rest> rest,
      parts_.database.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return files.FindRest(tx, call, due.id);
      }));
  if (!rest.has_value()) return absl::OkStatus();
  if (rest->is_pending) {
    RETURN_IF_ERROR(GiveUp(call, due.id));
  } else if (rest->is_export) {
    RETURN_IF_ERROR(Expire(call, due.id));
  } else if (!rest->is_deleted) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(parts_.objects.Delete({due.tenant, due.id}));
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        files.Purge(tx, call, due.id);
        return parts_.outbox.AppendAudit(
            tx, call, outbox::Succeeded(call, parts_.clock, "file.purge", FileTarget(due.id)));
      });
}

}  // namespace kasbah::tenantdata
