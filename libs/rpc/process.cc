#include "libs/rpc/process.h"

#include "absl/synchronization/mutex.h"
#include "libs/rpc/tls.h"

namespace kasbah::rpc {

void PrepareProcess() {
  RequireTls13();
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace kasbah::rpc
