#pragma once

#include "libs/rpc/call.h"
#include "services/vault/store/secret_store.h"

namespace kasbah::vault {

// Whose grants count for a call: the actor's and, where another credential comes with a registered
// workload's certificate, the workload's.
SecretUser UserOf(const rpc::Call& call);

}  // namespace kasbah::vault
