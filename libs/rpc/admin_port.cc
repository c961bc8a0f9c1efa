#include "libs/rpc/admin_port.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"

namespace kasbah::rpc {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

}  // namespace

AdminPort::AdminPort(std::function<std::string()> readiness, std::function<void(bool)> changed)
    : readiness_(std::move(readiness)), changed_(std::move(changed)) {}

absl::StatusOr<std::unique_ptr<AdminPort>> AdminPort::Start(const std::string& listen,
                                                            std::function<std::string()> readiness,
                                                            std::function<void(bool)> changed,
                                                            std::string_view setting) {
  auto admin = std::unique_ptr<AdminPort>(new AdminPort(std::move(readiness), std::move(changed)));
  auto server = http::Server::Start(
      listen, [port = admin.get()](const http::Request& request) { return port->Answer(request); });
  if (!server.ok()) {
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 StrCat(setting, ": ", FromAbsl(server.status().message())));
  }
  admin->server_ = *std::move(server);
  admin->Ask();
  admin->thread_ = std::thread([port = admin.get()] { port->Watch(); });
  return admin;
}

AdminPort::~AdminPort() {
  Drain();
  if (thread_.joinable()) thread_.join();
  server_.reset();
}

void AdminPort::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  not_ready_ = "draining";
}

void AdminPort::Ask() {
  const std::string reason = readiness_ ? readiness_() : "";
  absl::MutexLock lock(&mutex_);
  if (draining_) return;
  if (reason == not_ready_) return;
  if (reason.empty()) {
    telemetry::LogInfo("ready");
  } else {
    telemetry::LogWarning("not ready", {{"reason", reason}});
  }
  if (changed_ && reason.empty() != not_ready_.empty()) changed_(reason.empty());
  not_ready_ = reason;
}

void AdminPort::Watch() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&draining_), kInterval)) return;
    }
    Ask();
  }
}

http::Response AdminPort::Answer(const http::Request& request) const {
  http::Response response;
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (request.method != "GET" && request.method != "HEAD") {
    response.status = 405;
    response.body = "only GET is answered here\n";
  } else if (path == "/healthz") {
    response.body = "ok\n";
  } else if (path == "/readyz") {
    absl::MutexLock lock(&mutex_);
    response.status = not_ready_.empty() ? 200 : 503;
    response.body = not_ready_.empty() ? "ready\n" : StrCat("not ready: ", not_ready_, "\n");
  } else if (path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = telemetry::RenderMetrics();
  } else {
    response.status = 404;
    response.body = "/healthz, /readyz and /metrics are here\n";
  }
  return response;
}

}  // namespace kasbah::rpc
