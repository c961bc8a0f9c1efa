#include "services/csi_provider/csi_provider_app.h"

#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/admin_port.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server_process.h"
#include "libs/rpc/tls_expiry.h"
#include "libs/telemetry/log.h"
#include "services/csi_provider/rpc/provider_service.h"
#include "services/csi_provider/rpc/secret_source.h"

namespace kasbah::csi_provider {
namespace {

// The kubelet mounts a few pods at once; more would only queue at the vault.
constexpr int kThreads = 32;
// Longer than a mount may take.
constexpr absl::Duration kDrain = absl::Seconds(20);

bool IsSocket(const std::string& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

// What an earlier provider left behind: a socket that nobody listens on.
void RemoveSocket(const std::string& path) {
  if (IsSocket(path)) unlink(path.c_str());
}

// Plaintext: the driver speaks nothing else, and the socket's mode says who may connect.
std::unique_ptr<grpc::Server> Listen(const std::string& socket, grpc::Service* service) {
  RemoveSocket(socket);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(StrCat("unix:", socket), grpc::InsecureServerCredentials());
  builder.RegisterService(service);
  builder.SetResourceQuota(grpc::ResourceQuota("mounts").SetMaxThreads(kThreads));
  const mode_t before = umask(0177);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  umask(before);
  return server;
}

}  // namespace

absl::Status Run(const CsiProviderConfig& config) {
  rpc::PrepareServerProcess();
  const rpc::TlsFiles files{config.tls_directory};
  const auto id_of = [&](const char* service) {
    return rpc::SpiffeId{config.trust_domain, StrCat("service/", service)}.ToString();
  };
  ASSIGN_OR_RETURN(const auto auth, rpc::CreateChannel(config.auth_address, id_of("auth"), files));
  ASSIGN_OR_RETURN(const auto vault,
                   rpc::CreateChannel(config.vault_address, id_of("vault"), files));
  SecretSource source(auth, vault);
  ProviderService provider(source, config.audience);
  rpc::MeasureExpiry(files);
  const std::unique_ptr<grpc::Server> server = Listen(config.socket, &provider);
  if (server == nullptr) {
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 StrCat("socket: cannot listen on ", config.socket));
  }
  // A socket that somebody removed, as who empties the directory does, comes back with the process.
  ASSIGN_OR_RETURN(const auto admin,
                   rpc::AdminPort::Start(
                       config.admin_listen,
                       [&config] { return IsSocket(config.socket) ? "" : "the socket is gone"; },
                       nullptr, "admin_listen"));
  telemetry::LogInfo(
      "serving",
      {{"socket", config.socket}, {"audience", config.audience}, {"admin_port", admin->port()}});
  rpc::WaitForStopSignal();
  telemetry::LogInfo("draining");
  admin->Drain();
  server->Shutdown(absl::ToChronoTime(absl::Now() + kDrain));
  server->Wait();
  RemoveSocket(config.socket);
  return absl::OkStatus();
}

}  // namespace kasbah::csi_provider
