#include "libs/rpc/server_process.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/health_check_service_interface.h>
#include <semaphore.h>
#include <signal.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>

#include "libs/rpc/process.h"
#include "libs/telemetry/log.h"

namespace kasbah::rpc {
namespace {

// gRPC's own words go where ours go: one line of JSON each.
void LogForGrpc(gpr_log_func_args* line) {
  // Said of every connection: our certificates carry ids and no host names.
  if (std::string_view(line->message).starts_with("No match found for server name")) return;
  if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    telemetry::LogWarning("grpc", {{"text", line->message}, {"line", line->line}});
  } else {
    telemetry::LogDebug("grpc", {{"text", line->message}});
  }
}

// Protobuf's too, which names fields and never their values.
void LogForProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& text) {
  telemetry::LogInfo("protobuf", {{"text", text}});
}

// Only async-signal-safe things may happen in a handler: it posts, WaitForStopSignal waits.
sem_t* Signalled() {
  static sem_t* semaphore = [] {
    static sem_t made;
    sem_init(&made, 0, 0);
    return &made;
  }();
  return semaphore;
}

}  // namespace

void PrepareServerProcess() {
  static std::once_flag once;
  std::call_once(once, [] {
    PrepareProcess();
    gpr_set_log_function(LogForGrpc);
    google::protobuf::SetLogHandler(LogForProtobuf);
    grpc::EnableDefaultHealthCheckService(true);
  });
}

void WaitForStopSignal() {
  Signalled();
  struct sigaction action = {};
  action.sa_handler = [](int) { sem_post(Signalled()); };
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  while (sem_wait(Signalled()) != 0 && errno == EINTR) {
  }
}

}  // namespace kasbah::rpc
