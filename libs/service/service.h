#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/config/config.h"
#include "libs/outbox/denials.h"
#include "libs/outbox/outbox.h"
#include "libs/outbox/relay.h"
#include "libs/postgres/database.h"
#include "libs/reporting/reporting_config.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"

namespace kasbah::service {

// The settings that every service has, read from one file with its own beside them:
//
//   server: {listen, admin_listen, tls_directory, trust_domain, reflection, auth_address, …}
//   database: {dsn, password_file, connections}        the service's own role
//   relay: {dsn, password_file}                        the role of its outbox relay
//   peers: {audit, webhook, vault, tenant_data}        addresses
//   telemetry: {otlp: {…}, sentry: {…}, …}             collectors of the operator's own
struct ServiceConfig {
  rpc::ServerConfig server;
  postgres::PoolOptions database;
  postgres::PoolOptions relay;
  std::string audit_address;
  std::string webhook_address;
  std::string tenant_data_address;
  std::string vault_address;
  reporting::ReportingConfig telemetry;

  void Read(config::Section& root);
};

// Names the settings of a pool to the reader: dsn, password_file, connections.
void ReadPool(config::Section& section, postgres::PoolOptions* options);

// What every service process is made of, built in order and taken down in reverse: reporting,
// database, outbox and its relays, counted events, pipeline, server. What a service adds is its own
// stores and handlers.
class Service {
 public:
  struct Options {
    // "vault": also its SPIFFE name, with "-" where the schema has "_".
    std::string schema;
    ServiceConfig config;
    // Of the services it will serve; StatusService and Health come by themselves.
    std::vector<const google::protobuf::ServiceDescriptor*> descriptors;
    // Whether it emits change events, which need a relay to webhook.
    bool emits_changes = false;
    rpc::FetchJwks own_jwks;
  };
  // Waits for PostgreSQL, saying so, until it is there.
  static absl::StatusOr<std::unique_ptr<Service>> Create(Options options);
  ~Service();

  postgres::Database& database();
  outbox::Outbox& outbox();
  outbox::CountedEvents& counted();
  rpc::Pipeline& pipeline();
  rpc::Server& server();
  const Clock& clock() const;
  // A channel to another service of this installation: "vault".
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const std::string& service,
                                                           const std::string& address);
  // A pool of another role of this process, with the service's connection settings.
  absl::StatusOr<std::unique_ptr<postgres::Door>> OpenDoor(const postgres::PoolOptions& options,
                                                           postgres::DoorToken token);

  // Carries out one more outbox of this service, in another database, under that database's name.
  // Waits for it, saying so. Before Run.
  absl::Status AddOutbox(const std::string& shard, const postgres::PoolOptions& relay);

  // Serves `services` until SIGTERM or SIGINT, then drains. `readiness` adds to the database's own:
  // "" when ready.
  absl::Status Run(std::vector<grpc::Service*> services,
                   std::function<std::string()> readiness = nullptr);

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::service
