#include "services/auth/rpc/workload_service.h"

#include "absl/strings/str_join.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/outbox/audit_event.h"
#include "services/auth/rpc/authority.h"
#include "services/auth/rpc/paging.h"
#include "services/auth/rpc/workload_messages.h"
#include "services/auth/store/revocation_store.h"

namespace kasbah::auth {
namespace {

// What was issued to it so far no longer holds; what is issued from now on does.
void EndAssertions(postgres::Transaction& tx, TenantId tenant, WorkloadId workload,
                   absl::Time now) {
  AppendRevocation(tx, tenant, {Revocation::Kind::kActor, workload.ToString(), now});
}

}  // namespace

WorkloadService::WorkloadService(rpc::Pipeline& pipeline, postgres::Database& database,
                                 outbox::Outbox& outbox, std::string trust_domain,
                                 const Clock& clock)
    : pipeline_(pipeline),
      database_(database),
      outbox_(outbox),
      trust_domain_(std::move(trust_domain)),
      clock_(clock) {}

v1::Workload WorkloadService::Show(const rpc::Call& call, const Workload& workload) const {
  return ToMessage(workload, trust_domain_, call.tenant);
}

absl::Status WorkloadService::AppendEvent(postgres::Transaction& tx, const rpc::Call& call,
                                          std::string_view action, const Workload& workload) const {
  const std::string accounts = absl::StrJoin(
      workload.service_accounts, ", ",
      [](std::string* out, const ServiceAccount& account) { *out += TextOf(account); });
  return outbox_.AppendAudit(
      tx, call,
      outbox::Succeeded(call, clock_, action, {"workload", workload.id.ToString(), workload.name},
                        {{"kubernetes", accounts}}));
}

absl::StatusOr<v1::Workload> WorkloadService::Create(const rpc::Call& call,
                                                     const v1::CreateWorkloadRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  const absl::Time now = StoredTime(clock_.Now());
  Workload workload;
  workload.id = WorkloadId::New(now);
  workload.name = request.name();
  workload.create_time = workload.update_time = now;
  ASSIGN_OR_RETURN(workload.service_accounts, FromMessage(request.kubernetes()));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    workloads_.Insert(tx, call.tenant, workload);
    return AppendEvent(tx, call, "workload.create", workload);
  }));
  return Show(call, workload);
}

absl::StatusOr<v1::Workload> WorkloadService::Get(const rpc::Call& call,
                                                  const v1::GetWorkloadRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const WorkloadRef ref, WorkloadRef::Parse(request.workload()));
  ASSIGN_OR_RETURN(const Workload workload,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return workloads_.Get(tx, call.tenant, ref);
                   }));
  return Show(call, workload);
}

absl::StatusOr<v1::ListWorkloadsResponse> WorkloadService::List(
    const rpc::Call& call, const v1::ListWorkloadsRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const Page<WorkloadId> page,
                   Page<WorkloadId>::Parse(request.page_size(), request.page_token()));
  ASSIGN_OR_RETURN(std::vector<Workload> workloads,
                   database_.WithTenant(call, [&](postgres::Transaction& tx) {
                     return workloads_.List(tx, call.tenant, page.after, page.limit());
                   }));
  v1::ListWorkloadsResponse response;
  response.set_next_page_token(page.Cut(&workloads, [](const Workload& w) { return w.id; }));
  for (const Workload& workload : workloads) *response.add_workloads() = Show(call, workload);
  return response;
}

absl::StatusOr<v1::Workload> WorkloadService::Update(const rpc::Call& call,
                                                     const v1::UpdateWorkloadRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const WorkloadRef ref, WorkloadRef::Parse(request.workload()));
  ASSIGN_OR_RETURN(std::vector<ServiceAccount> accounts, FromMessage(request.kubernetes()));
  const absl::Time now = StoredTime(clock_.Now());
  ASSIGN_OR_RETURN(
      const Workload saved,
      database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::StatusOr<Workload> {
        ASSIGN_OR_RETURN(Workload held, workloads_.Lock(tx, call.tenant, ref).Await());
        RETURN_IF_ERROR(CheckEtag(held, request.etag()));
        held.service_accounts = accounts;
        held.revision += 1;
        held.update_time = now;
        workloads_.Save(tx, call.tenant, held);
        EndAssertions(tx, call.tenant, held.id, now);
        RETURN_IF_ERROR(AppendEvent(tx, call, "workload.update", held));
        return held;
      }));
  return Show(call, saved);
}

absl::StatusOr<v1::DeleteWorkloadResponse> WorkloadService::Delete(
    const rpc::Call& call, const v1::DeleteWorkloadRequest& request) {
  RETURN_IF_ERROR(rpc::RequireTenantWide(call));
  ASSIGN_OR_RETURN(const WorkloadRef ref, WorkloadRef::Parse(request.workload()));
  RETURN_IF_ERROR(database_.WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Workload held, workloads_.Lock(tx, call.tenant, ref).Await());
    workloads_.Delete(tx, call.tenant, held.id);
    EndAssertions(tx, call.tenant, held.id, StoredTime(clock_.Now()));
    return AppendEvent(tx, call, "workload.delete", held);
  }));
  return v1::DeleteWorkloadResponse();
}

}  // namespace kasbah::auth
