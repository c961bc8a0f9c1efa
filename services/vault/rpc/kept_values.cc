// SecretService's call for values that other services found where they do not belong.

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "services/vault/rpc/secret_service.h"

namespace kasbah::vault {
namespace {

// Each step has an id of its own, the same when the request comes again.
std::string StepId(const v1::KeepValuesRequest& request, int index, std::string_view step) {
  return crypto::Hex(crypto::Sha256(StrCat("keep|", request.request_id(), "|", index, "|", step)));
}

}  // namespace

absl::StatusOr<v1::KeepValuesResponse> SecretService::Keep(const rpc::Call& call,
                                                           const v1::KeepValuesRequest& request) {
  // Its caller's doing, and so it stands in the trail; the workload is there beside it.
  rpc::Call acting = call;
  acting.actor = {request.actor_kind(), request.actor_id(), ""};
  v1::KeepValuesResponse reply;
  for (int i = 0; i < request.values_size(); ++i) {
    v1::CreateSecretRequest create;
    create.set_path(request.values(i).path());
    create.set_request_id(StepId(request, i, "create"));
    ASSIGN_OR_RETURN(const v1::Secret secret, Create(acting, create));
    v1::AddSecretVersionRequest add;
    add.set_secret(secret.secret_id());
    add.set_request_id(StepId(request, i, "add"));
    add.set_payload(request.values(i).payload());
    const absl::Status added = AddVersion(acting, add).status();
    crypto::Wipe(*add.mutable_payload());
    RETURN_IF_ERROR(added);
    reply.add_secret_ids(secret.secret_id());
  }
  return reply;
}

}  // namespace kasbah::vault
