#include "services/tenant_data/rpc/rights_service.h"

#include <optional>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/rights/archive_download.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/rights_messages.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;

constexpr int kListed = 100;

absl::Status Explained(absl::Status status) {
  const std::string reason = ReasonOf(status);
  if (reason == "TOO_MANY_EXPORTS") {
    return Error(absl::StatusCode::kFailedPrecondition, reason,
                 "the tenant has as many exports as it may: wait, or cancel one");
  }
  if (reason == reason::kAlreadyExists) {
    return Error(absl::StatusCode::kAlreadyExists, reason, "the tenant is being erased");
  }
  return status;
}

absl::Status CheckSubject(const std::string& subject) {
  if (subject.find('\0') == std::string::npos) return absl::OkStatus();
  return InvalidField("subject", "must not hold a zero byte");
}

}  // namespace

RightsService::RightsService(rpc::Pipeline& pipeline, const RightsParts& parts)
    : pipeline_(pipeline), parts_(parts), eraser_(parts) {}

RightsOperation RightsService::New(const rpc::Call& call, RightsKind kind,
                                   const std::string& subject) const {
  RightsOperation operation;
  operation.created = parts_.clock.Now();
  operation.updated = operation.created;
  operation.id = OperationId::New(operation.created);
  operation.tenant = call.tenant;
  operation.kind = kind;
  operation.subject = subject;
  operation.actor_kind = call.actor.kind;
  operation.actor_id = call.actor.id;
  return operation;
}

// Whom it is about stands in no event.
absl::Status RightsService::Begin(Transaction& tx, const rpc::Call& call,
                                  const RightsOperation& operation) {
  RightsStore::Insert(tx, operation);
  return parts_.outbox.AppendAudit(
      tx, call,
      outbox::Succeeded(call, parts_.clock, StrCat(NameOf(operation.kind), ".start"),
                        {"operation", operation.id.ToString(), ""}));
}

absl::StatusOr<v1::RightsOperation> RightsService::ExportSubject(
    const rpc::Call& call, const v1::StartSubjectExportRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const RightsOperation operation = New(call, RightsKind::kSubjectExport, request.subject());
  const absl::Status zero = CheckSubject(request.subject());
  RETURN_IF_ERROR(Explained(parts_.database.WithTenant(
      call, [&](Transaction& tx) { return zero.ok() ? Begin(tx, call, operation) : zero; })));
  return ToProto(operation, {}, {});
}

absl::StatusOr<v1::RightsOperation> RightsService::ExportTenant(
    const rpc::Call& call, const v1::StartTenantExportRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const RightsOperation operation = New(call, RightsKind::kTenantExport, "");
  RETURN_IF_ERROR(Explained(parts_.database.WithTenant(
      call, [&](Transaction& tx) { return Begin(tx, call, operation); })));
  return ToProto(operation, {}, {});
}

absl::StatusOr<v1::RightsOperation> RightsService::EraseSubject(
    const rpc::Call& call, const v1::StartSubjectErasureRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  RETURN_IF_ERROR(CheckSubject(request.subject()));
  const RightsOperation operation = New(call, RightsKind::kSubjectErasure, request.subject());
  RETURN_IF_ERROR(parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(),
      [&](Transaction& tx) { return Begin(tx, call, operation); }));
  return ToProto(operation, {}, {});
}

absl::StatusOr<v1::RightsOperation> RightsService::EraseTenant(
    const rpc::Call& call, const v1::StartTenantErasureRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const RightsOperation operation = New(call, RightsKind::kTenantErasure, "");
  RETURN_IF_ERROR(parts_.registry.ConfirmErasure(call, request.confirm()));
  // Where the tenant's records are: that database's worker is the one to see it.
  RETURN_IF_ERROR(Explained(parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(),
      [&](Transaction& tx) { return Begin(tx, call, operation); })));
  return ToProto(operation, {}, {});
}

absl::StatusOr<v1::RightsOperation> RightsService::Show(const rpc::Call& call, OperationId id) {
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        auto operation = RightsStore::Get(tx, call.tenant, id);
        auto counts = RightsStore::ListCounts(tx, call.tenant, id);
        auto members = RightsStore::ListMembers(tx, call.tenant, id);
        return tx.AfterCommit([=]() -> absl::StatusOr<v1::RightsOperation> {
          ASSIGN_OR_RETURN(const RightsOperation found, operation.Take());
          ASSIGN_OR_RETURN(const std::vector<RightsCount> counted, counts.Take());
          ASSIGN_OR_RETURN(const std::vector<ArchiveMember> listed, members.Take());
          return ToProto(found, counted, listed);
        });
      });
}

absl::StatusOr<v1::RightsOperation> RightsService::Get(
    const rpc::Call& call, const v1::GetRightsOperationRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const OperationId id,
                   ParseId<OperationId>("operation_id", request.operation_id()));
  return Show(call, id);
}

absl::StatusOr<v1::ListRightsOperationsResponse> RightsService::List(
    const rpc::Call& call, const v1::ListRightsOperationsRequest&) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(
      const std::vector<RightsOperation> operations,
      parts_.database.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return RightsStore::List(tx, call.tenant, kListed);
      }));
  v1::ListRightsOperationsResponse reply;
  for (const RightsOperation& operation : operations) {
    *reply.add_operations() = ToProto(operation);
  }
  return reply;
}

absl::StatusOr<v1::RightsOperation> RightsService::Cancel(
    const rpc::Call& call, const v1::CancelRightsOperationRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const OperationId id,
                   ParseId<OperationId>("operation_id", request.operation_id()));
  RETURN_IF_ERROR(parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        ASSIGN_OR_RETURN(const RightsOperation operation,
                         RightsStore::GetForUpdate(tx, call.tenant, id).Await());
        if (operation.state != RightsState::kRunning && !operation.expires) {
          return Error(absl::StatusCode::kFailedPrecondition, "OPERATION_FINISHED",
                       "the operation is over, and there is no archive of it");
        }
        if (!IsCancellable(operation)) {
          return Error(absl::StatusCode::kFailedPrecondition, "ERASURE_BEGUN",
                       "the erasure has begun, and goes on until it is done");
        }
        const absl::Time now = parts_.clock.Now();
        RightsStore::End(tx, call.tenant, id, RightsState::kCancelled, "", now, std::nullopt);
        RightsStore::ForgetArchive(tx, call.tenant, id);
        RightsStore::DropPieces(tx, call.tenant, id, now);
        return parts_.outbox.AppendAudit(
            tx, call,
            outbox::Succeeded(call, parts_.clock, StrCat(NameOf(operation.kind), ".cancel"),
                              {"operation", id.ToString(), ""}));
      }));
  return Show(call, id);
}

absl::Status RightsService::Download(const rpc::Call& call,
                                     const v1::DownloadExportRequest& request,
                                     rpc::StreamWriter<v1::DownloadExportResponse>& writer) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const absl::StatusOr<OperationId> id =
      ParseId<OperationId>("operation_id", request.operation_id());
  std::vector<ArchiveMember> members;
  // The event commits before the first byte leaves.
  const auto admit = [&](Transaction& tx) -> absl::Status {
    RETURN_IF_ERROR(id.status());
    auto listed = RightsStore::ListMembers(tx, call.tenant, *id);
    ASSIGN_OR_RETURN(const RightsOperation operation,
                     RightsStore::Get(tx, call.tenant, *id).Await());
    if (!IsExport(operation.kind)) return NotFound("export");
    if (operation.state == RightsState::kRunning) {
      return Error(absl::StatusCode::kFailedPrecondition, "EXPORT_NOT_READY",
                   "the export is not done yet");
    }
    if (!operation.expires || *operation.expires <= parts_.clock.Now()) return NotFound("export");
    ASSIGN_OR_RETURN(members, listed.Take());
    return parts_.outbox.AppendAudit(tx, call,
                                     outbox::Succeeded(call, parts_.clock, "export.download",
                                                       {"operation", id->ToString(), ""}));
  };
  RETURN_IF_ERROR(parts_.database.WithTenant(call, admit));
  v1::DownloadExportResponse message;
  message.set_size(static_cast<uint64_t>(ArchiveSize(members)));
  RETURN_IF_ERROR(writer.Write(message));
  message.clear_size();
  ArchiveDownload download(parts_.files, call, std::move(members));
  while (true) {
    ASSIGN_OR_RETURN(*message.mutable_chunk(), download.Next());
    if (message.chunk().empty()) return absl::OkStatus();
    RETURN_IF_ERROR(writer.Write(message));
  }
}

}  // namespace kasbah::tenantdata
