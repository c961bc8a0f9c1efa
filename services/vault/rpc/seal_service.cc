#include "services/vault/rpc/seal_service.h"

#include <algorithm>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::vault {
namespace {

// Whether the vault starts again without anything but `health`.
bool OpensEverything(const SealHealth& health, uint32_t root_keys) {
  return health.is_configured && health.opened == root_keys;
}

}  // namespace

SealService::SealService(rpc::Pipeline& pipeline, RootKeys& root, RootKeyStore& store)
    : pipeline_(pipeline), root_(root), store_(store) {}

absl::StatusOr<v1::GetSealStatusResponse> SealService::GetStatus(const rpc::Call&,
                                                                 const v1::GetSealStatusRequest&) {
  v1::GetSealStatusResponse reply;
  reply.set_sealed(!root_.Ready().ok());
  reply.set_seal(root_.seal_names());
  reply.set_root_key_version(root_.version());
  return reply;
}

absl::StatusOr<v1::CheckSealsResponse> SealService::Check(const rpc::Call& call,
                                                          const v1::CheckSealsRequest&) {
  ASSIGN_OR_RETURN(const std::vector<SealHealth> all, root_.Check(call.deadline));
  v1::CheckSealsResponse reply;
  for (const SealHealth& health : all) {
    v1::Seal* seal = reply.add_seals();
    seal->set_name(health.name);
    seal->set_configured(health.is_configured);
    seal->set_wrapped(health.wrapped);
    seal->set_opened(health.opened);
    seal->set_problem(health.problem);
  }
  return reply;
}

absl::StatusOr<v1::CheckSealsResponse> SealService::Forget(const rpc::Call& call,
                                                           const v1::ForgetSealRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<SealHealth> all, root_.Check(call.deadline));
  const auto named = std::find_if(all.begin(), all.end(), [&](const SealHealth& health) {
    return health.name == request.seal();
  });
  if (named == all.end()) return NotFound("seal");
  if (named->is_configured) {
    return Error(absl::StatusCode::kFailedPrecondition, "SEAL_CONFIGURED",
                 "the vault is set up with this seal; take it out of its settings first");
  }
  const bool others_do = std::any_of(all.begin(), all.end(), [&](const SealHealth& health) {
    return OpensEverything(health, root_.version());
  });
  if (!others_do) {
    return Error(absl::StatusCode::kFailedPrecondition, "SEAL_NEEDED",
                 "no seal that the vault is set up with opens every root key");
  }
  RETURN_IF_ERROR(store_.Forget(call, request.seal()).status());
  return Check(call, v1::CheckSealsRequest());
}

}  // namespace kasbah::vault
