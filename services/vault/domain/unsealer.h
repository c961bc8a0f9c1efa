#pragma once

#include <thread>

#include "absl/synchronization/mutex.h"
#include "services/vault/domain/root_keys.h"

namespace kasbah::vault {

// Opens the root keys in the background, trying once a second until it worked: a seal that is not
// there yet, or has the wrong mode, can be put right while the vault runs.
class Unsealer {
 public:
  explicit Unsealer(RootKeys& root);
  ~Unsealer();

 private:
  void Run();

  RootKeys& root_;
  absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kasbah::vault
