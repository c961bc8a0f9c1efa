#include "services/tenant_data/rights/rights_eraser.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/outbox/audit_event.h"
#include "libs/rpc/channel.h"

namespace kasbah::tenantdata {
namespace {

using postgres::AnyStateToken;
using postgres::Transaction;
using Action = RightsStep::Action;
using Stub = subject::v1::SubjectService::Stub;

constexpr std::string_view kHere = "tenant-data";
// The trail last: what the others still have to tell stands in it then.
constexpr const char* kServices[] = {"vault", "webhook", "auth", "tenant-data", "audit"};

RightsNote NextStep(const RightsOperation& operation) {
  RightsNote note;
  note.step = operation.step + 1;
  return note;
}

void Count(const std::string& service, const google::protobuf::Map<std::string, uint64_t>& erased,
           RightsNote* note) {
  for (const auto& [name, rows] : erased) {
    note->counts.push_back({service, name, static_cast<int64_t>(rows)});
  }
}

absl::StatusOr<subject::v1::EraseTenantResponse> AskToErase(const RightsParts& parts,
                                                            const CallContext& call,
                                                            const std::string& service) {
  subject::v1::EraseTenantRequest request;
  request.set_confirm(call.tenant.ToString());
  return rpc::Invoke(call, *parts.peers.at(service), &Stub::EraseTenant, request);
}

}  // namespace

absl::StatusOr<RightsNote> RightsEraser::Do(const CallContext& call,
                                            const RightsOperation& operation) {
  const RightsStep& step = StepsOf(operation.kind)[operation.step];
  const std::string service(step.service);
  switch (step.action) {
    case Action::kDropArchives:
      return DropArchives(call, operation);
    case Action::kEraseSubject:
      return EraseSubject(call, operation, service);
    case Action::kEraseTenant:
      return EraseTenant(call, operation, service);
    case Action::kEraseFiles:
      return EraseFiles(call, operation);
    case Action::kSettle:
      return Settle(call, operation);
    case Action::kTombstone:
      RETURN_IF_ERROR(parts_.registry.Erase(call));
      return NextStep(operation);
    case Action::kTell:
      return Tell(call, operation);
    default:
      Crash("not a step of an erasure", __FILE__, __LINE__);
  }
}

absl::Status RightsEraser::DropArchive(const CallContext& call, OperationId operation,
                                       std::string_view reason) {
  return parts_.database.WithTenantInAnyState(
      call, AnyStateToken::ForErasure(), [&](Transaction& tx) -> absl::Status {
        const absl::Time now = parts_.clock.Now();
        RightsStore::End(tx, call.tenant, operation, RightsState::kCancelled, reason, now,
                         std::nullopt);
        RightsStore::ForgetArchive(tx, call.tenant, operation);
        RightsStore::DropPieces(tx, call.tenant, operation, now);
        return parts_.outbox.AppendAudit(tx, call,
                                         outbox::Succeeded(call, parts_.clock, "export.remove",
                                                           {"operation", operation.ToString(), ""},
                                                           {{"reason", std::string(reason)}}));
      });
}

RightsNote RightsEraser::SameStep(const RightsOperation& operation) const {
  RightsNote note;
  note.step = operation.step;
  note.cursor = OperationId::New(parts_.clock.Now()).ToString();
  return note;
}

absl::StatusOr<RightsNote> RightsEraser::DropArchives(const CallContext& call,
                                                      const RightsOperation& operation) {
  ASSIGN_OR_RETURN(
      const std::vector<OperationId> exports,
      parts_.database.WithTenantInAnyState(call, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return RightsStore::ListExports(tx, call.tenant);
      }));
  for (const OperationId id : exports) {
    RETURN_IF_ERROR(DropArchive(call, id, "ERASED_MEANWHILE"));
  }
  return NextStep(operation);
}

absl::StatusOr<RightsNote> RightsEraser::EraseSubject(const CallContext& call,
                                                      const RightsOperation& operation,
                                                      const std::string& service) {
  subject::v1::EraseSubjectRequest request;
  request.mutable_subject()->set_id(operation.subject);
  ASSIGN_OR_RETURN(const subject::v1::EraseSubjectResponse reply,
                   rpc::Invoke(call, *parts_.peers.at(service), &Stub::EraseSubject, request));
  RightsNote note = reply.more() ? SameStep(operation) : NextStep(operation);
  Count(service, reply.erased(), &note);
  return note;
}

absl::StatusOr<RightsNote> RightsEraser::EraseTenant(const CallContext& call,
                                                     const RightsOperation& operation,
                                                     const std::string& service) {
  ASSIGN_OR_RETURN(const subject::v1::EraseTenantResponse reply, AskToErase(parts_, call, service));
  RightsNote note = reply.done() ? NextStep(operation) : SameStep(operation);
  Count(service, reply.erased(), &note);
  return note;
}

absl::StatusOr<RightsNote> RightsEraser::EraseFiles(const CallContext& call,
                                                    const RightsOperation& operation) {
  ASSIGN_OR_RETURN(const int64_t files, parts_.removal.EraseTenant(call));
  RightsNote note = NextStep(operation);
  note.counts.push_back({std::string(kHere), "contents of files", files});
  return note;
}

absl::StatusOr<RightsNote> RightsEraser::Settle(const CallContext& call,
                                                const RightsOperation& operation) {
  bool is_done = true;
  RightsNote note = NextStep(operation);
  for (const char* service : kServices) {
    ASSIGN_OR_RETURN(const subject::v1::EraseTenantResponse reply,
                     AskToErase(parts_, call, service));
    is_done = is_done && reply.done() && reply.undelivered() == 0;
    Count(service, reply.erased(), &note);
  }
  if (is_done) return note;
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "EVENTS_ON_THEIR_WAY",
                              "the tenant's trail still grows"),
                        absl::Seconds(1));
}

absl::StatusOr<RightsNote> RightsEraser::Tell(const CallContext& call,
                                              const RightsOperation& operation) {
  CallContext system = call;
  system.tenant = kSystemTenant;
  const bool is_tenant = operation.kind == RightsKind::kTenantErasure;
  // A crash before this is noted tells it twice: better than not at all.
  RETURN_IF_ERROR(parts_.database.WithTenantInAnyState(
      system, AnyStateToken::ForErasure(), [&](Transaction& tx) {
        return parts_.outbox.AppendAudit(
            tx, system,
            outbox::Succeeded(system, parts_.clock, is_tenant ? "tenant.erase" : "subject.erase",
                              {"tenant", call.tenant.ToString(), ""},
                              {{"operation_id", operation.id.ToString()}}));
      }));
  return NextStep(operation);
}

}  // namespace kasbah::tenantdata
