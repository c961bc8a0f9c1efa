#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/dev/supervisor.h"
#include "libs/rpc/channel.h"
#include "tests/bench/echo_server.h"
#include "tests/bench/https_receiver.h"
#include "tests/bench/load.h"

namespace kasbah::bench {

// What the benchmarks run against: Kasbah as `kasbah dev up` starts it, with durable commits, a
// bare echo server beside it, and one tenant with a collection, a record and a secret.
class Installation {
 public:
  static std::unique_ptr<Installation> Start(const std::string& directory,
                                             int shared_buffers_mib = 128);

  dev::Supervisor& supervisor() { return *supervisor_; }
  EchoServer& echo() { return *echo_; }

  // As the identity in a certificate directory of the installation: "operator-admin", "gateway", ….
  std::shared_ptr<grpc::Channel> Channel(const std::string& service, const std::string& identity);
  std::shared_ptr<grpc::Channel> TenantChannel(const std::string& service);
  std::shared_ptr<grpc::Channel> EchoChannel();

  // A collection of a tenant's whose fields are texts, the first of them indexed.
  void MakeCollection(TenantId tenant, const std::string& key,
                      const std::vector<std::string>& fields, size_t indexed);
  // Tenants that nobody signs in to.
  std::vector<TenantId> MakeTenants(int count);

  // Where webhooks may be sent, and the file that says to trust it.
  const HttpsReceiver& receiver() const { return *receiver_; }
  const std::string& receiver_certificate() const { return receiver_certificate_; }

  // A call that must succeed; repeats what a service that has only just started puts off.
  template <typename Stub, typename Request, typename Reply>
  static Reply Invoke(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                      const Request& request, TenantId tenant,
                      const std::string& authorization = "") {
    const absl::Time patience = absl::Now() + absl::Seconds(30);
    while (true) {
      grpc::ClientContext context;
      if (!tenant.is_nil()) context.AddMetadata("kasbah-tenant", tenant.ToString());
      if (!authorization.empty()) context.AddMetadata("authorization", authorization);
      Reply reply;
      const grpc::Status status = (stub.*method)(&context, request, &reply);
      if (status.ok()) return reply;
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE || absl::Now() > patience) {
        Crash(status.error_message(), __FILE__, __LINE__);
      }
      absl::SleepFor(absl::Milliseconds(200));
    }
  }

  // "Bearer …" for the tenant's key, made anew every 30 s. Thread safe.
  std::string Authorization();

  TenantId tenant() const { return tenant_; }
  const std::string& api_key() const { return api_key_; }
  RecordId record() const { return record_; }
  SecretId secret() const { return secret_; }

  // pgbench as a service's role, with its statements in one pipeline.
  double Pgbench(const std::string& role, const std::string& script, int seconds);
  // Until every outbox is empty, so that what one measurement wrote is not carried out during the
  // next; pgbench's rows, which are no events, are removed.
  void Settle();
  // As superuser; the first value of the first row.
  std::string Query(const std::string& sql);
  // The same on one connection that stays, as a service's do, and with it what it has cached.
  class Session;
  std::unique_ptr<Session> OpenSession();
  // The same, to connect by.
  std::string PostgresAdminDsn() const;

 private:
  Installation() = default;
  void CreateData();
  std::string Resolve();

  std::unique_ptr<dev::Supervisor> supervisor_;
  std::unique_ptr<EchoServer> echo_;
  std::string receiver_certificate_;
  std::unique_ptr<HttpsReceiver> receiver_;
  TenantId tenant_;
  std::string tenant_certificate_;
  std::string api_key_;
  RecordId record_;
  SecretId secret_;
  absl::Mutex mutex_;
  std::string authorization_;
  absl::Time authorization_until_ = absl::InfinitePast();
};

class Installation::Session {
 public:
  virtual ~Session() = default;
  virtual std::string Query(const std::string& sql) = 0;
};

}  // namespace kasbah::bench
