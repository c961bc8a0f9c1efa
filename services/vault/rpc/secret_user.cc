#include "services/vault/rpc/secret_user.h"

namespace kasbah::vault {

SecretUser UserOf(const rpc::Call& call) {
  SecretUser user{{call.actor.id}, call.Has(policy::v1::PERMISSION_KEY_MANAGE)};
  if (!call.registered_workload.is_nil()) {
    user.actors.push_back(call.registered_workload.ToString());
  }
  return user;
}

}  // namespace kasbah::vault
