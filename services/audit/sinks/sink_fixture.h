#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libs/http/client.h"
#include "libs/http/server.h"
#include "services/audit/log/audit_fixture.h"
#include "services/audit/sinks/http_transport.h"
#include "services/audit/sinks/s3_transport.h"
#include "services/audit/sinks/sink_worker.h"
#include "services/audit/sinks/syslog_transport.h"
#include "services/audit/store/sink_store.h"
#include <nlohmann/json.hpp>

namespace kasbah::audit {

// Keeps nothing secret, and can be away.
class OpenSinkSecrets final : public SinkSecrets {
 public:
  absl::StatusOr<std::string> Seal(const CallContext&, SinkId, const std::string& secret) override {
    return secret.empty() ? "" : "sealed:" + secret;
  }
  absl::StatusOr<crypto::SecretBytes> Open(const CallContext&, SinkId,
                                           const std::string& sealed) override {
    if (away) return absl::UnavailableError("the vault is away");
    return crypto::SecretBytes::Copy(sealed.empty() ? "" : sealed.substr(7));
  }
  std::atomic<bool> away{false};
};

// Everything of one audit process that sends.
struct SinkProcess {
  SinkProcess(postgres::Database& database, postgres::Door& door, outbox::Outbox& outbox,
              Checkpointer& checkpointer, const SigningKey& key, SinkSecrets& secrets,
              SinkWorkerOptions options, absl::Duration timeout, const std::string& ca_file = "")
      : guard(http::AddressGuard::Create({"127.0.0.0/8"}).value()),
        client(
            http::Client::Create({.guard = guard, .allow_http = true, .ca_file = ca_file}).value()),
        reader(database, checkpointer, key) {
    transports[v1::Sink::kSyslog] =
        std::make_unique<SyslogTransport>(SyslogOrigin{.hostname = "audit-0"}, guard);
    transports[v1::Sink::kHttp] = std::make_unique<HttpTransport>(*client, Clock::Real());
    transports[v1::Sink::kS3] = std::make_unique<S3Transport>(*client, Clock::Real());
    courier = std::make_unique<SinkCourier>(
        SinkCourier::Parts{database, outbox, reader, secrets, transports, Clock::Real()}, timeout);
    worker = std::make_unique<SinkWorker>(options, door, *courier);
  }

  const http::AddressGuard guard;
  const std::unique_ptr<http::Client> client;
  BatchReader reader;
  Transports transports;
  std::unique_ptr<SinkCourier> courier;
  std::unique_ptr<SinkWorker> worker;
};

// A receiver over HTTP that keeps what it acknowledged, as somebody's SIEM does.
class HttpReceiver {
 public:
  struct Arrival {
    std::string id;
    std::string body;
    std::string authorization;
    int status = 0;
  };
  // `answer` decides on each batch, by its number from 1.
  using Answer = std::function<http::Response(int number, const http::Request&)>;
  explicit HttpReceiver(
      Answer answer = [](int, const http::Request&) { return http::Response{}; }, int port = 0)
      : answer_(std::move(answer)),
        server_(http::Server::Start(StrCat("127.0.0.1:", port), [this](const http::Request& r) {
                  return On(r);
                }).value()) {}

  std::string url() const { return StrCat("http://127.0.0.1:", server_->port(), "/in"); }
  int port() const { return server_->port(); }
  std::vector<Arrival> arrivals() const {
    const absl::MutexLock lock(&mutex_);
    return arrivals_;
  }
  // Sequences of the batches that were acknowledged, each batch once, in the order they came.
  std::vector<uint64_t> Taken() const {
    std::vector<uint64_t> taken;
    std::set<std::string> seen;
    for (const Arrival& one : arrivals()) {
      if (one.status != 200 || !seen.insert(one.id).second) continue;
      for (const uint64_t sequence : SequencesIn(one.body)) taken.push_back(sequence);
    }
    return taken;
  }
  static std::vector<uint64_t> SequencesIn(const std::string& array) {
    std::vector<uint64_t> sequences;
    for (const auto& event : nlohmann::json::parse(array)) {
      sequences.push_back(event.at("seq").get<uint64_t>());
    }
    return sequences;
  }

 private:
  http::Response On(const http::Request& request) {
    int number;
    {
      const absl::MutexLock lock(&mutex_);
      number = static_cast<int>(arrivals_.size()) + 1;
      const auto authorization = request.headers.find("authorization");
      arrivals_.push_back({request.headers.at("idempotency-key"), request.body,
                           authorization == request.headers.end() ? "" : authorization->second, 0});
    }
    http::Response response = answer_(number, request);
    const absl::MutexLock lock(&mutex_);
    arrivals_[static_cast<size_t>(number - 1)].status = response.status;
    return response;
  }

  const Answer answer_;
  mutable absl::Mutex mutex_;
  std::vector<Arrival> arrivals_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http::Server> server_;
};

class SinkTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    AwaitKey();
  }
  void TearDown() override { process_.reset(); }

  void Start(SinkWorkerOptions options = {.workers = 4,
                                          .lease = absl::Seconds(60),
                                          .poll = absl::Milliseconds(10)},
             absl::Duration timeout = absl::Seconds(20), const std::string& ca_file = "") {
    process_ = std::make_unique<SinkProcess>(*database_, *door_, outbox_, *checkpointer_, *key_,
                                             secrets_, options, timeout, ca_file);
  }

  SinkId Add(TenantId tenant, v1::Sink target, const v1::EventFilter& filter = {},
             const std::string& secret = "") {
    Sink sink;
    sink.create_time = absl::Now();
    sink.id = SinkId::New(sink.create_time);
    sink.settings = {sink.id.ToString(), filter, std::move(target)};
    sink.sealed_secret = secret.empty() ? "" : "sealed:" + secret;
    EXPECT_OK(database_->WithTenantUnaudited(
        Call(tenant), postgres::UnauditedToken::ForBookkeeping(),
        [&](postgres::Transaction& tx) { return sink_store::Insert(tx, tenant, sink, true); }));
    return sink.id;
  }
  static v1::Sink Http(const std::string& url,
                       v1::HttpTarget::Shape shape = v1::HttpTarget::SHAPE_JSON_ARRAY) {
    v1::Sink target;
    target.mutable_http()->set_url(url);
    target.mutable_http()->set_shape(shape);
    target.mutable_http()->set_index("trail");
    return target;
  }

  Sink Get(TenantId tenant, SinkId id) {
    const absl::StatusOr<Sink> sink = database_->WithTenant(
        Call(tenant), [&](postgres::Transaction& tx) { return sink_store::Get(tx, tenant, id); });
    EXPECT_OK(sink);
    return sink.value_or(Sink());
  }
  void SetPaused(TenantId tenant, SinkId id, bool paused) {
    EXPECT_OK(database_->WithTenantUnaudited(
        Call(tenant), postgres::UnauditedToken::ForBookkeeping(),
        [&](postgres::Transaction& tx) { return sink_store::SetPaused(tx, tenant, id, paused); }));
  }
  std::vector<sink_store::RefusedEvent> Refused(TenantId tenant, SinkId id) {
    return database_
        ->WithTenant(Call(tenant),
                     [&](postgres::Transaction& tx) {
                       return sink_store::ListRefused(tx, tenant, id, INT64_MAX, 1000);
                     })
        .value();
  }
  static void WaitFor(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!condition()) {
      ASSERT_LT(absl::Now(), deadline) << "it never came true";
      absl::SleepFor(absl::Milliseconds(5));
    }
  }
  void WaitUntilAt(TenantId tenant, SinkId id, uint64_t next) {
    WaitFor([&] { return Get(tenant, id).next == next; });
  }
  static std::vector<uint64_t> UpTo(uint64_t past) {
    std::vector<uint64_t> all(past);
    for (uint64_t i = 0; i < past; ++i) all[i] = i;
    return all;
  }
  // Ends a back-off: tests do not wait.
  void Hurry(SinkId id) {
    test_->Execute(
        StrCat("UPDATE audit.sink_cursor SET due_at = now() WHERE lease_id IS NULL AND "
               "sink_id = '",
               id.uuid().ToString(), "'"));
  }

  outbox::Outbox outbox_{"audit"};
  OpenSinkSecrets secrets_;
  std::unique_ptr<SinkProcess> process_;
};

}  // namespace kasbah::audit
