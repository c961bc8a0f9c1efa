#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/client/context.h"
#include "cli/client/failure.h"
#include "libs/base/ids.h"
#include "libs/rpc/status_mapping.h"

namespace kasbah::cli {

// Calls the services of one context over mutual TLS, as whom the context says. With an API key, or
// with the certificate of a tenant's registered program alone, it gets itself an assertion, which
// it keeps in memory until shortly before it expires. Thread safe.
class Client {
 public:
  struct Options {
    Context context;
    // ten_…: for whom an operator acts. Refused beside an API key, which decides that itself.
    std::string tenant;
    // The key itself; empty: the context's api_key_file, if any.
    std::string api_key;
    // cus_…: narrows the call to one customer. May be empty.
    std::string customer;
    absl::Duration timeout = absl::Seconds(30);
  };
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options);

  // One call for the client's tenant. The service follows from the request's package.
  //   client.Call(&vault::v1::SecretService::Stub::GetSecret, request)
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                             const Request& request) {
    return CallAt(ServiceOf(Request::descriptor()->file()->package()), Scope::kTenant, method,
                  request);
  }

  // One call for the installation itself.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> CallSystem(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Reply*),
                                   const Request& request) {
    return CallAt(ServiceOf(Request::descriptor()->file()->package()), Scope::kSystem, method,
                  request);
  }

  enum class Scope { kSystem, kTenant };

  // Of a service by name, for what every service answers.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> CallAt(const std::string& service, Scope scope,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Reply*),
                               const Request& request) {
    const absl::Time patience = absl::Now() + kPatience;
    while (true) {
      grpc::ClientContext context;
      absl::StatusOr<Prepared> prepared = Prepare(service, scope, &context);
      if (!prepared.ok()) return prepared.status();
      Stub stub(prepared->channel);
      Reply reply;
      absl::Status status = rpc::FromGrpcStatus((stub.*method)(&context, request, &reply));
      if (status.ok()) return reply;
      if (MayRepeat(status, patience)) continue;
      return Failed(std::move(status), service, prepared->request_id);
    }
  }

  // A stream of replies, each given to `take`, which ends it by an error of its own. For as long as
  // it takes.
  template <typename Stub, typename Request, typename Reply>
  absl::Status Stream(std::unique_ptr<grpc::ClientReader<Reply>> (Stub::*method)(
                          grpc::ClientContext*, const Request&),
                      const Request& request,
                      const std::function<absl::Status(const Reply&)>& take) {
    grpc::ClientContext context;
    const std::string service = ServiceOf(Request::descriptor()->file()->package());
    absl::StatusOr<Prepared> prepared = Prepare(service, Scope::kTenant, &context);
    if (!prepared.ok()) return prepared.status();
    context.set_deadline(absl::ToChronoTime(absl::Now() + kLongestStream));
    Stub stub(prepared->channel);
    std::unique_ptr<grpc::ClientReader<Reply>> reader = (stub.*method)(&context, request);
    Reply reply;
    absl::Status taken;
    while (taken.ok() && reader->Read(&reply)) taken = take(reply);
    if (!taken.ok()) context.TryCancel();
    absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!taken.ok()) return taken;
    if (!status.ok()) return Failed(std::move(status), service, prepared->request_id);
    return absl::OkStatus();
  }

  // A stream of requests with one reply: `next` fills the one that it is given, and says whether
  // there was another, or ends the stream by an error of its own.
  template <typename Stub, typename Request, typename Reply>
  absl::StatusOr<Reply> Send(
      std::unique_ptr<grpc::ClientWriter<Request>> (Stub::*method)(grpc::ClientContext*, Reply*),
      const std::function<absl::StatusOr<bool>(Request*)>& next) {
    grpc::ClientContext context;
    const std::string service = ServiceOf(Request::descriptor()->file()->package());
    absl::StatusOr<Prepared> prepared = Prepare(service, Scope::kTenant, &context);
    if (!prepared.ok()) return prepared.status();
    Stub stub(prepared->channel);
    Reply reply;
    std::unique_ptr<grpc::ClientWriter<Request>> writer = (stub.*method)(&context, &reply);
    absl::StatusOr<bool> more = true;
    while (true) {
      Request request;
      more = next(&request);
      if (!more.ok() || !*more || !writer->Write(request)) break;
    }
    if (more.ok()) {
      writer->WritesDone();
    } else {
      context.TryCancel();
    }
    absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!more.ok()) return more.status();
    if (!status.ok()) return Failed(std::move(status), service, prepared->request_id);
    return reply;
  }

  // A stream in both directions: `next` makes what is sent, on a thread of its own, until it
  // returns false; `take` is given what comes, and ends it by an error of its own. For as long as
  // it takes.
  template <typename Stub, typename Request, typename Reply>
  absl::Status Exchange(std::unique_ptr<grpc::ClientReaderWriter<Request, Reply>> (Stub::*method)(
                            grpc::ClientContext*),
                        const std::function<bool(Request*)>& next,
                        const std::function<absl::Status(const Reply&)>& take) {
    grpc::ClientContext context;
    const std::string service = ServiceOf(Request::descriptor()->file()->package());
    absl::StatusOr<Prepared> prepared = Prepare(service, Scope::kTenant, &context);
    if (!prepared.ok()) return prepared.status();
    context.set_deadline(absl::ToChronoTime(absl::Now() + kLongestStream));
    Stub stub(prepared->channel);
    std::unique_ptr<grpc::ClientReaderWriter<Request, Reply>> stream = (stub.*method)(&context);
    std::thread writer([&] {
      Request request;
      while (next(&request) && stream->Write(request)) request.Clear();
      stream->WritesDone();
    });
    Reply reply;
    absl::Status taken;
    while (taken.ok() && stream->Read(&reply)) taken = take(reply);
    if (!taken.ok()) context.TryCancel();
    writer.join();
    absl::Status status = rpc::FromGrpcStatus(stream->Finish());
    if (!taken.ok()) return taken;
    if (!status.ok()) return Failed(std::move(status), service, prepared->request_id);
    return absl::OkStatus();
  }

  const Context& context() const { return options_.context; }
  bool has_api_key() const { return !options_.api_key.empty(); }

  // "kasbah.tenantdata.v1" → "tenant-data".
  static std::string ServiceOf(const std::string& package);

 private:
  struct Prepared {
    std::shared_ptr<grpc::Channel> channel;
    std::string request_id;
  };
  struct Assertion {
    std::string token;
    absl::Time renew_at;
  };

  // How long a service that says when to come back is asked again: it may have only just started.
  static constexpr absl::Duration kPatience = absl::Seconds(10);
  static constexpr absl::Duration kLongestStream = absl::Hours(1);

  explicit Client(Options options) : options_(std::move(options)) {}
  // Waits as long as the service asked for, if it did nothing and said so: UNAVAILABLE with a delay
  // of its own. A connection that broke says no such thing.
  static bool MayRepeat(const absl::Status& status, absl::Time patience);
  absl::StatusOr<Prepared> Prepare(const std::string& service, Scope scope,
                                   grpc::ClientContext* context);
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const std::string& service);
  absl::StatusOr<std::string> CurrentAssertion();
  // For the API key, or for the registered program that the certificate is of.
  absl::StatusOr<Assertion> NewAssertion();
  absl::Status Failed(absl::Status status, const std::string& service,
                      const std::string& request_id);

  Options options_;
  std::optional<TenantId> tenant_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  std::optional<Assertion> assertion_;
};

}  // namespace kasbah::cli
