#include "libs/service/service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "kasbah/outbox/v1/outbox.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/postgres/installation.h"
#include "libs/reporting/reporting.h"

namespace kasbah::service {
namespace {

// Of the drain, kept for the last spans and errors: a quarter, two seconds at the most.
absl::Duration FlushOf(absl::Duration drain) { return std::min(drain / 4, absl::Seconds(2)); }

constexpr absl::Duration kClaimPatience = absl::Minutes(1);
constexpr absl::Duration kReadinessPatience = absl::Milliseconds(500);

// The pipeline's refusals, written into the trail.
class DenialEvents : public rpc::DecisionSink {
 public:
  explicit DenialEvents(outbox::CountedEvents& events) : events_(events) {}
  void Denied(const rpc::Call& call, std::string_view reason) override {
    events_.Denied(call, call.method, reason);
  }

 private:
  outbox::CountedEvents& events_;
};

std::string SpiffeName(std::string_view schema) {
  return absl::StrReplaceAll(ToAbsl(schema), {{"_", "-"}});
}

// With another service's certificate it would be that one in its own calls, and nobody would take
// it for itself.
absl::Status CheckIdentity(std::string_view name, std::string_view schema,
                           const rpc::SpiffeId& identity) {
  const rpc::SpiffeId own{identity.domain, StrCat("service/", SpiffeName(schema))};
  if (identity.path == own.path) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "IDENTITY_MISMATCH",
               StrCat("the certificate in server.tls_directory is ", identity.ToString(),
                      "'s, and ", name, " is ", own.ToString()));
}

}  // namespace

struct Service::State {
  explicit State(Options o) : options(std::move(o)), outbox(options.schema) {}

  // To whom events of both kinds go: of the outbox behind the door.
  absl::Status StartRelays(const std::string& shard, postgres::Door& door);
  absl::Status StartRelay(const std::string& shard, postgres::Door& door, outbox::v1::Topic topic,
                          const std::string& receiver, const std::string& address);

  Options options;
  std::unique_ptr<reporting::Reporting> reporting;
  outbox::Outbox outbox;
  std::unique_ptr<postgres::Database> database;
  std::vector<std::unique_ptr<postgres::Door>> relay_doors;
  std::unique_ptr<outbox::CountedEvents> counted;
  std::unique_ptr<DenialEvents> denials;
  std::unique_ptr<rpc::Server> server;
  std::vector<std::unique_ptr<outbox::v1::ReceiverService::Stub>> receivers;
  std::vector<std::unique_ptr<outbox::Relay>> relays;
};

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}

Service::~Service() {
  // Calls end first, then what they write to.
  if (state_->server) state_->server->Shutdown();
  state_->server.reset();
  state_->counted.reset();
  state_->relays.clear();
  if (state_->reporting != nullptr) {
    state_->reporting->Stop(absl::Now() + FlushOf(state_->options.config.server.drain));
  }
}

absl::StatusOr<std::unique_ptr<Service>> Service::Create(Options options) {
  auto state = std::make_unique<State>(std::move(options));
  ServiceConfig& config = state->options.config;
  const std::string name = StrCat("kasbah-", SpiffeName(state->options.schema));
  config.database.application_name = name;
  config.relay.application_name = StrCat(name, "-relay");

  // First, so that what fails from here on is reported.
  ASSIGN_OR_RETURN(state->reporting, reporting::Reporting::Start(config.telemetry, name));
  ASSIGN_OR_RETURN(state->database,
                   postgres::Database::Open(config.database, absl::InfiniteFuture()));
  ASSIGN_OR_RETURN(
      std::unique_ptr<postgres::Door> relay_door,
      postgres::Door::Open(config.relay, postgres::DoorToken::Relay(), absl::InfiniteFuture()));
  state->relay_doors.push_back(std::move(relay_door));
  state->counted =
      std::make_unique<outbox::CountedEvents>(*state->database, state->outbox, Clock::Real());
  state->denials = std::make_unique<DenialEvents>(*state->counted);

  rpc::Server::Options server;
  server.name = name;
  server.config = config.server;
  if (state->reporting != nullptr) server.config.drain -= FlushOf(config.server.drain);
  server.descriptors = state->options.descriptors;
  server.decisions = state->denials.get();
  server.own_jwks = state->options.own_jwks;
  server.check_tenant = [database = state->database.get()](const CallContext& call) {
    // Entering the tenant is the check; there is nothing to read.
    return database->WithTenant(call, [](postgres::Transaction&) { return absl::OkStatus(); });
  };
  ASSIGN_OR_RETURN(state->server, rpc::Server::Create(std::move(server)));
  RETURN_IF_ERROR(CheckIdentity(name, state->options.schema, state->server->identity()));
  // From here on rows are written.
  RETURN_IF_ERROR(postgres::ClaimDatabase(*state->database, config.server.trust_domain,
                                          absl::Now() + kClaimPatience));

  auto service = std::unique_ptr<Service>(new Service(std::move(state)));
  RETURN_IF_ERROR(service->state_->StartRelays(outbox::RelayOptions().shard,
                                               *service->state_->relay_doors.front()));
  return service;
}

absl::Status Service::State::StartRelays(const std::string& shard, postgres::Door& door) {
  RETURN_IF_ERROR(
      StartRelay(shard, door, outbox::v1::TOPIC_AUDIT, "audit", options.config.audit_address));
  if (!options.emits_changes) return absl::OkStatus();
  return StartRelay(shard, door, outbox::v1::TOPIC_CHANGE, "webhook",
                    options.config.webhook_address);
}

absl::Status Service::State::StartRelay(const std::string& shard, postgres::Door& door,
                                        outbox::v1::Topic topic, const std::string& receiver,
                                        const std::string& address) {
  if (address.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "CONFIG_INVALID",
                 StrCat("peers.", receiver, " is needed: events go there"));
  }
  const rpc::TlsFiles tls{options.config.server.tls_directory};
  const std::string id =
      rpc::SpiffeId{server->identity().domain, StrCat("service/", receiver)}.ToString();
  ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::CreateChannel(address, id, tls));
  receivers.push_back(outbox::v1::ReceiverService::NewStub(channel));
  outbox::v1::ReceiverService::Stub* stub = receivers.back().get();

  outbox::RelayOptions relay;
  relay.schema = options.schema;
  relay.topic = topic;
  relay.shard = shard;
  relays.push_back(std::make_unique<outbox::Relay>(
      relay, door, outbox,
      [stub, workload = server->identity().path](const outbox::v1::ReceiveBatchRequest& batch,
                                                 absl::Time deadline) {
        CallContext call = CallContext::ForBackground(workload, TenantId(), deadline);
        return rpc::Invoke(call, *stub, &outbox::v1::ReceiverService::Stub::ReceiveBatch, batch);
      },
      Clock::Real()));
  return absl::OkStatus();
}

postgres::Database& Service::database() { return *state_->database; }
outbox::Outbox& Service::outbox() { return state_->outbox; }
outbox::CountedEvents& Service::counted() { return *state_->counted; }
rpc::Pipeline& Service::pipeline() { return state_->server->pipeline(); }
rpc::Server& Service::server() { return *state_->server; }
const Clock& Service::clock() const { return Clock::Real(); }

absl::StatusOr<std::shared_ptr<grpc::Channel>> Service::ChannelTo(const std::string& service,
                                                                  const std::string& address) {
  const rpc::SpiffeId id{state_->server->identity().domain, StrCat("service/", service)};
  return rpc::CreateChannel(address, id.ToString(),
                            rpc::TlsFiles{state_->options.config.server.tls_directory});
}

absl::StatusOr<std::unique_ptr<postgres::Door>> Service::OpenDoor(
    const postgres::PoolOptions& options, postgres::DoorToken token) {
  postgres::PoolOptions named = options;
  named.application_name =
      StrCat(state_->options.config.database.application_name, "-", token.name());
  return postgres::Door::Open(named, token, absl::InfiniteFuture());
}

absl::Status Service::AddOutbox(const std::string& shard, const postgres::PoolOptions& relay) {
  ASSIGN_OR_RETURN(std::unique_ptr<postgres::Door> door,
                   OpenDoor(relay, postgres::DoorToken::Relay()));
  state_->relay_doors.push_back(std::move(door));
  return state_->StartRelays(shard, *state_->relay_doors.back());
}

absl::Status Service::Run(std::vector<grpc::Service*> services,
                          std::function<std::string()> readiness) {
  const auto ready = [this, readiness = std::move(readiness)]() -> std::string {
    if (!state_->database->Ping(absl::Now() + kReadinessPatience).ok()) {
      return "PostgreSQL cannot be reached";
    }
    return readiness ? readiness() : "";
  };
  RETURN_IF_ERROR(state_->server->Start(std::move(services), ready));
  state_->server->RunUntilSignal();
  return absl::OkStatus();
}

}  // namespace kasbah::service
