#include "services/tenant_data/rpc/rights_messages.h"

#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/rights/archive_download.h"

namespace kasbah::tenantdata {
namespace {

// Both enumerations name the same kinds and states in the same order.
static_assert(static_cast<int>(RightsKind::kSubjectExport) + 1 ==
              v1::RightsOperation::KIND_SUBJECT_EXPORT);
static_assert(static_cast<int>(RightsKind::kTenantErasure) + 1 ==
              v1::RightsOperation::KIND_TENANT_ERASURE);
static_assert(static_cast<int>(RightsState::kRunning) + 1 == v1::RightsOperation::STATE_RUNNING);
static_assert(static_cast<int>(RightsState::kCancelled) + 1 ==
              v1::RightsOperation::STATE_CANCELLED);

using Progress = v1::RightsOperation::ServiceProgress;

Progress* ProgressOf(const std::string& service, v1::RightsOperation* operation) {
  for (Progress& progress : *operation->mutable_services()) {
    if (progress.service() == service) return &progress;
  }
  Progress* const progress = operation->add_services();
  progress->set_service(service);
  return progress;
}

// A service is done once the operation is past the last step that asks it.
void AddSteps(const RightsOperation& operation, v1::RightsOperation* proto) {
  const std::vector<RightsStep>& steps = StepsOf(operation.kind);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].service.empty()) continue;
    Progress* const progress = ProgressOf(std::string(steps[i].service), proto);
    if (i < operation.step) progress->set_state(v1::RightsOperation::STATE_DONE);
    if (i == operation.step) progress->set_state(v1::RightsOperation::STATE_RUNNING);
  }
}

}  // namespace

v1::RightsOperation ToProto(const RightsOperation& operation) {
  v1::RightsOperation proto;
  proto.set_operation_id(operation.id.ToString());
  proto.set_kind(static_cast<v1::RightsOperation::Kind>(static_cast<int>(operation.kind) + 1));
  proto.set_state(static_cast<v1::RightsOperation::State>(static_cast<int>(operation.state) + 1));
  proto.set_done(operation.state != RightsState::kRunning);
  proto.set_waiting_for(operation.waiting_for);
  proto.set_error(operation.error);
  proto.set_actor(StrCat(operation.actor_kind, " ", operation.actor_id));
  *proto.mutable_create_time() = ToTimestamp(operation.created);
  *proto.mutable_update_time() = ToTimestamp(operation.updated);
  if (operation.finished) *proto.mutable_finish_time() = ToTimestamp(*operation.finished);
  return proto;
}

v1::RightsOperation ToProto(const RightsOperation& operation,
                            const std::vector<RightsCount>& counts,
                            const std::vector<ArchiveMember>& members) {
  v1::RightsOperation proto = ToProto(operation);
  AddSteps(operation, &proto);
  for (const RightsCount& count : counts) {
    (*ProgressOf(count.service, &proto)->mutable_rows())[count.name] =
        static_cast<uint64_t>(count.rows);
  }
  if (operation.expires && !members.empty()) {
    proto.mutable_archive()->set_size(static_cast<uint64_t>(ArchiveSize(members)));
    proto.mutable_archive()->set_members(members.size());
    *proto.mutable_archive()->mutable_expire_time() = ToTimestamp(*operation.expires);
  }
  return proto;
}

}  // namespace kasbah::tenantdata
