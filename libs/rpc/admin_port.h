#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "libs/http/server.h"

namespace kasbah::rpc {

// The plaintext listener for probes and scrapers: /healthz (the process runs), /readyz (it should
// be sent calls), /metrics. Asks `readiness` each second on a thread of its own, since it may
// block, and tells `changed`, if there is one, whenever the answer turns.
class AdminPort {
 public:
  // FAILED_PRECONDITION, reason LISTEN_FAILED, naming address and setting.
  static absl::StatusOr<std::unique_ptr<AdminPort>> Start(
      const std::string& listen, std::function<std::string()> readiness,
      std::function<void(bool)> changed, std::string_view setting = "server.admin_listen");
  ~AdminPort();

  int port() const { return server_->port(); }
  // From now on not ready, whatever readiness says.
  void Drain();

 private:
  AdminPort(std::function<std::string()> readiness, std::function<void(bool)> changed);
  http::Response Answer(const http::Request& request) const;
  void Ask();
  void Watch();

  const std::function<std::string()> readiness_;
  const std::function<void(bool)> changed_;
  mutable absl::Mutex mutex_;
  std::string not_ready_ ABSL_GUARDED_BY(mutex_) = "starting";
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace kasbah::rpc
