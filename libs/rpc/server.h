#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/config/config.h"
#include "libs/rpc/pipeline.h"
#include "libs/rpc/status_service.h"
#include "libs/rpc/tls.h"

namespace kasbah::rpc {

// The settings every process has under `server:`.
struct ServerConfig {
  // Address of the mutual-TLS listener: "0.0.0.0:9000".
  std::string listen = "0.0.0.0:9000";
  // Address of the plaintext listener for probes and metrics: /healthz, /readyz, /metrics.
  std::string admin_listen = "0.0.0.0:9090";
  // tls.crt, tls.key, ca.crt.
  std::string tls_directory;
  std::string trust_domain;
  bool reflection = false;
  int threads = 16;
  int queue = 512;
  int streams = 32;
  int max_message_bytes = 8 * 1024 * 1024;
  absl::Duration drain = absl::Seconds(20);
  // A connection that is so old takes no new calls: its peer makes another, and with it finds new
  // replicas and shows its new certificate. What is under way then has the grace to end. Shorter
  // than any certificate lives.
  absl::Duration max_connection_age = absl::Minutes(30);
  absl::Duration max_connection_age_grace = absl::Minutes(1);
  // Where auth answers, for keys and revocations; empty in auth itself.
  std::string auth_address;
  // What each actor may ask a second; see libs/ratelimit/tiers.h.
  ratelimit::Rates rates;

  // Names every field of the section to the reader.
  void Read(config::Section& section);
};

// What a service gives to be served.
struct Served {
  std::vector<grpc::Service*> services;
  // Descriptors of the same, for policies.
  std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
  // "" when ready, else why not: PostgreSQL away, sealed. Never asks a peer.
  std::function<std::string()> readiness;
};

// One process: builds executor, pipeline, assertion verifier (with its revocation watch), limiter,
// listener, health (grpc.health.v1), StatusService, reflection and admin port, in order, and takes
// them down in reverse. The pipeline exists before the services that are given it.
//
//   ASSIGN_OR_RETURN(auto server, Server::Create("kasbah-vault", config, descriptors, sinks));
//   SecretService secrets(server->pipeline(), …);
//   RETURN_IF_ERROR(server->Start({{&secrets}, …}));
//   server->RunUntilSignal();
class Server {
 public:
  struct Options {
    // "kasbah-vault".
    std::string name;
    ServerConfig config;
    // Policies are read from these; FAILED_PRECONDITION when one is missing.
    std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
    // Null: refusals are only logged (a test's server).
    DecisionSink* decisions = nullptr;
    // For auth, which checks assertions with its own keys; null: GetJwks at auth_address.
    FetchJwks own_jwks;
    // Refuses a suspended tenant where no handler asks the database: WhoAmI. Null: a test's server.
    CheckTenant check_tenant;
  };
  static absl::StatusOr<std::unique_ptr<Server>> Create(Options options);
  ~Server();

  Pipeline& pipeline();
  AssertionVerifier& assertions();
  const SpiffeId& identity() const;
  // Seconds since start, version, ports.
  absl::Status Start(std::vector<grpc::Service*> services, std::function<std::string()> readiness);
  // The port that the listener got, when it asked for port 0.
  int port() const;
  int admin_port() const;

  // Until SIGTERM or SIGINT; then drains: unready, streams ended, calls under way finished within
  // `drain`, the rest cancelled.
  void RunUntilSignal();
  void Shutdown();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::rpc
