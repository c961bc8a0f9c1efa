#include "libs/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>

#include "absl/time/clock.h"
#include "kasbah/status/v1/status.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/ratelimit/memory_limiter.h"
#include "libs/rpc/admin_port.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/malformed_request.h"
#include "libs/rpc/server_process.h"
#include "libs/rpc/status_service.h"
#include "libs/rpc/tls_expiry.h"
#include "libs/rpc/trust_client.h"
#include "libs/telemetry/log.h"

namespace kasbah::rpc {
namespace {

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

// Reflection for one server; gRPC's own switch is for every server the process will ever have.
class WithReflection : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }
};

}  // namespace

struct Server::State {
  explicit State(Options o) : options(std::move(o)) {}

  absl::Status Build();
  absl::Status Listen(const std::vector<grpc::Service*>& services);

  Options options;
  SpiffeId identity;
  // In the order they are made; taken down in reverse.
  std::unique_ptr<TrustClient> trust;
  std::unique_ptr<AssertionVerifier> assertions;
  std::unique_ptr<ratelimit::MemoryLimiter> limiter;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Executor> stream_executor;
  std::unique_ptr<StatusService> status;
  std::unique_ptr<grpc::Server> listener;
  std::unique_ptr<AdminPort> admin;
  int port = 0;
};

absl::Status Server::State::Build() {
  const ServerConfig& config = options.config;
  const TlsFiles files{config.tls_directory};
  ASSIGN_OR_RETURN(identity, OwnIdentity(files));
  MeasureExpiry(files);
  if (identity.domain != config.trust_domain) {
    return Error(absl::StatusCode::kFailedPrecondition, "TRUST_DOMAIN_MISMATCH",
                 StrCat("server.trust_domain is \"", config.trust_domain,
                        "\", but the certificate is of \"", identity.domain, "\""));
  }
  options.descriptors.push_back(status::v1::PingRequest::descriptor()->file()->service(0));
  ASSIGN_OR_RETURN(PolicyTable policies, PolicyTable::Create(options.descriptors));

  const std::string auth_id = SpiffeId{config.trust_domain, "service/auth"}.ToString();
  FetchJwks fetch = options.own_jwks;
  if (fetch == nullptr) {
    if (config.auth_address.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "CONFIG_INVALID",
                   "server.auth_address is needed: assertions are checked with auth's keys");
    }
    ASSIGN_OR_RETURN(const auto channel, CreateChannel(config.auth_address, auth_id, files));
    trust = std::make_unique<TrustClient>(channel);
    fetch = [client = trust.get()] { return client->FetchJwks(); };
  }
  assertions = std::make_unique<AssertionVerifier>(auth_id, config.trust_domain, std::move(fetch),
                                                   Clock::Real());
  limiter = std::make_unique<ratelimit::MemoryLimiter>();
  executor = std::make_unique<Executor>("calls", config.threads, config.queue);
  stream_executor = std::make_unique<Executor>("streams", config.streams, 0);
  pipeline = std::make_unique<Pipeline>(
      PipelineOptions{.trust_domain = config.trust_domain, .rates = config.rates},
      std::move(policies), assertions.get(), limiter.get(), options.decisions, executor.get(),
      stream_executor.get(), Clock::Real());
  status = std::make_unique<StatusService>(*pipeline, StrCat(options.name, " ", KASBAH_VERSION),
                                           options.check_tenant);
  return absl::OkStatus();
}

absl::Status Server::State::Listen(const std::vector<grpc::Service*>& services) {
  const ServerConfig& config = options.config;
  ASSIGN_OR_RETURN(const auto credentials, ServerTls(TlsFiles{config.tls_directory}));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config.listen, credentials, &port);
  builder.SetMaxReceiveMessageSize(config.max_message_bytes);
  builder.SetMaxSendMessageSize(config.max_message_bytes);
  // Two processes on one port would share its calls without a word.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Millis(config.max_connection_age));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Millis(config.max_connection_age_grace));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(ExplainMalformedRequests(options.descriptors));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  if (config.reflection) builder.SetOption(std::make_unique<WithReflection>());
  builder.RegisterService(status.get());
  for (grpc::Service* service : services) builder.RegisterService(service);
  listener = builder.BuildAndStart();
  if (listener == nullptr || port == 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "LISTEN_FAILED",
                 StrCat("server.listen: cannot listen on ", config.listen,
                        "; another process has the port, or the address is not this machine's"));
  }
  return absl::OkStatus();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Create(Options options) {
  PrepareServerProcess();
  auto state = std::make_unique<State>(std::move(options));
  RETURN_IF_ERROR(state->Build());
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Pipeline& Server::pipeline() { return *state_->pipeline; }
AssertionVerifier& Server::assertions() { return *state_->assertions; }
const SpiffeId& Server::identity() const { return state_->identity; }
int Server::port() const { return state_->port; }
int Server::admin_port() const { return state_->admin->port(); }

absl::Status Server::Start(std::vector<grpc::Service*> services,
                           std::function<std::string()> readiness) {
  RETURN_IF_ERROR(state_->Listen(services));
  grpc::HealthCheckServiceInterface* health = state_->listener->GetHealthCheckService();
  health->SetServingStatus(false);
  ASSIGN_OR_RETURN(state_->admin,
                   AdminPort::Start(state_->options.config.admin_listen, std::move(readiness),
                                    [health](bool ready) { health->SetServingStatus(ready); }));
  if (state_->trust != nullptr) state_->trust->Follow(state_->assertions.get());
  telemetry::LogInfo("serving", {{"server", state_->options.name},
                                 {"version", KASBAH_VERSION},
                                 {"identity", state_->identity.ToString()},
                                 {"port", state_->port},
                                 {"admin_port", state_->admin->port()}});
  return absl::OkStatus();
}

void Server::RunUntilSignal() {
  WaitForStopSignal();
  telemetry::LogInfo("draining");
  Shutdown();
  telemetry::LogInfo("stopped");
}

void Server::Shutdown() {
  State& state = *state_;
  if (state.admin != nullptr) state.admin->Drain();
  if (state.listener != nullptr) {
    state.listener->GetHealthCheckService()->SetServingStatus(false);
    state.pipeline->Drain();
    state.listener->Shutdown(absl::ToChronoTime(absl::Now() + state.options.config.drain));
    state.listener->Wait();
  }
  if (state.trust != nullptr) state.trust->Stop();
  state.admin.reset();
  state.listener.reset();
}

}  // namespace kasbah::rpc
