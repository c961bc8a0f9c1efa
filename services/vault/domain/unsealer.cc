#include "services/vault/domain/unsealer.h"

#include <string>

#include "libs/telemetry/log.h"

namespace kasbah::vault {
namespace {

constexpr absl::Duration kBetweenTries = absl::Seconds(1);
constexpr absl::Duration kOneTry = absl::Seconds(5);

}  // namespace

Unsealer::Unsealer(RootKeys& root) : root_(root), thread_([this] { Run(); }) {}

Unsealer::~Unsealer() {
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void Unsealer::Run() {
  std::string said;
  while (true) {
    const absl::Status unsealed = root_.Unseal(absl::Now() + kOneTry);
    if (unsealed.ok()) {
      telemetry::LogInfo("unsealed", {{"seal", root_.seal_names()},
                                      {"root_key_version", static_cast<int64_t>(root_.version())}});
      return;
    }
    if (unsealed.ToString() != said) {
      said = unsealed.ToString();
      telemetry::LogError("sealed", {{"seal", root_.seal_names()}, {"error", said}});
    }
    const absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), kBetweenTries)) return;
  }
}

}  // namespace kasbah::vault
