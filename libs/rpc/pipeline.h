#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/ratelimit/tiers.h"
#include "libs/rpc/assertion_verifier.h"
#include "libs/rpc/call.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/policy_table.h"
#include "libs/rpc/stream_body.h"

namespace kasbah::ratelimit {
class Limiter;
}

namespace kasbah::rpc {

// Where refusals and counted uses go; libs/outbox's CountedEvents behind an interface, so that the
// pipeline can be tested without a database. Must not block.
class DecisionSink {
 public:
  virtual ~DecisionSink() = default;
  virtual void Denied(const Call& call, std::string_view reason) = 0;
};

// What a handler of a server stream writes to. Blocks while the client is slow.
template <typename Reply>
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  // CANCELLED when the client is gone or the server drains.
  virtual absl::Status Write(const Reply& reply) = 0;
  // True when the client is gone or the server drains: for handlers that wait.
  virtual bool Done() const = 0;
  // Waits for that, `patience` long at the most: a pause between two looks at a table.
  virtual bool DoneWithin(absl::Duration patience) const = 0;
};

// How a call that was begun on the transport's thread is answered: once, from any thread. What the
// starter was given lives until then, and no longer.
template <typename Reply>
class Answer {
 public:
  using Work = absl::AnyInvocable<absl::StatusOr<Reply>(const Call&)>;

  // `finish` takes a result, or work for the executor; none of both means the handler.
  using Finish = absl::AnyInvocable<void(std::optional<absl::StatusOr<Reply>>, Work)>;
  explicit Answer(Finish finish) : finish_(std::move(finish)) {}

  void Give(absl::StatusOr<Reply> result) { Take()(std::move(result), nullptr); }
  // The rest of it may block: it runs on the executor.
  void Later(Work work) { Take()(std::nullopt, std::move(work)); }
  // As if it had not been begun: the handler runs on the executor.
  void Defer() { Take()(std::nullopt, nullptr); }

 private:
  // It may destroy what holds this.
  Finish Take() { return std::move(finish_); }

  Finish finish_;
};

// What a handler of a client's stream reads from. gRPC holds the client back while nobody reads.
template <typename Request>
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // The next message, valid until the next Read; null at the client's end. INVALID_ARGUMENT for one
  // whose fields are not as its proto says: the next may be read all the same. What else there is
  // stays: RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED past the stream's limits, CANCELLED when the
  // client is gone or the server drains. A client that breaks off can look like one that ended, for
  // a moment: whoever commits what came needs to have been told how much it is.
  virtual absl::StatusOr<const Request*> Read() = 0;
};

struct PipelineOptions {
  // This installation's trust domain: peers of another are refused.
  std::string trust_domain;
  // Deadline of calls that bring none, and the longest honoured.
  absl::Duration default_deadline = absl::Seconds(10);
  absl::Duration longest_deadline = absl::Seconds(60);
  ratelimit::Rates rates;
};

// The one way into a handler: authenticates the peer and the actor, applies the proto's policy,
// checks the request's fields, limits, sheds load, traces, logs, counts, audits denials, runs the
// handler and maps its status. Thread safe; outlives every call.
//
// Order: peer identity, policy's peers, deadline, assertion (signature, azp or forwarder, expiry,
// revocation, tenant agreement), registered workload, actor kind, permission, scope, assurance,
// rate tier, field rules, handler. Whatever fails first answers, and of a mutation's refusal an
// event is kept.
class Pipeline {
 public:
  Pipeline(PipelineOptions options, PolicyTable policies, AssertionVerifier* assertions,
           ratelimit::Limiter* limiter, DecisionSink* decisions, Executor* executor,
           Executor* stream_executor, const Clock& clock);
  ~Pipeline();

  // For a unary method: the handler runs on the executor, where it may block on the database.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerUnaryReactor* Run(
      grpc::CallbackServerContext* context, const Request& request, Reply* reply,
      absl::StatusOr<Reply> (Service::*handler)(const Call&, const Request&), Service* service) {
    return Start(context, request, /*is_inline=*/false,
                 Owned(new WorkOf<Service, Request, Reply>(service, handler, request, reply)));
  }

  // The same for a handler that never blocks: it runs on the transport's thread, unless the actor's
  // assertion has yet to be verified.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerUnaryReactor* RunInline(
      grpc::CallbackServerContext* context, const Request& request, Reply* reply,
      absl::StatusOr<Reply> (Service::*handler)(const Call&, const Request&), Service* service) {
    return Start(context, request, /*is_inline=*/true,
                 Owned(new WorkOf<Service, Request, Reply>(service, handler, request, reply)));
  }

  // For a handler that seldom has to block: `attempt` runs on the transport's thread and answers,
  // or returns std::nullopt, and then `handler` runs on the executor.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerUnaryReactor* RunInlineFirst(
      grpc::CallbackServerContext* context, const Request& request, Reply* reply,
      std::optional<absl::StatusOr<Reply>> (Service::*attempt)(const Call&, const Request&),
      absl::StatusOr<Reply> (Service::*handler)(const Call&, const Request&), Service* service) {
    return Start(context, request, /*is_inline=*/false,
                 Owned(new AttemptedWork<Service, Request, Reply>(service, attempt, handler,
                                                                  request, reply)));
  }

  // For a handler whose work waits elsewhere, and which therefore needs no thread meanwhile:
  // `start` runs on the transport's thread, or after an assertion's first verification on the
  // executor's, must not block, and answers when it can. `handler` runs on the executor where that
  // was deferred.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerUnaryReactor* RunShared(
      grpc::CallbackServerContext* context, const Request& request, Reply* reply,
      void (Service::*start)(const Call&, const Request&, Answer<Reply>),
      absl::StatusOr<Reply> (Service::*handler)(const Call&, const Request&), Service* service) {
    return Start(
        context, request, /*is_inline=*/false,
        Owned(new SharedWork<Service, Request, Reply>(service, start, handler, request, reply)));
  }

  // For a server stream: the handler runs on the stream executor until it returns.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerWriteReactor<Reply>* RunStream(
      grpc::CallbackServerContext* context, const Request& request,
      absl::Status (Service::*handler)(const Call&, const Request&, StreamWriter<Reply>&),
      Service* service);

  // For a client's stream, which gets one reply, and one in both directions: the same, and each
  // message is checked as it is read, by the rules of its proto.
  template <typename Service, typename Request, typename Reply>
  grpc::ServerReadReactor<Request>* RunClientStream(
      grpc::CallbackServerContext* context, Reply* reply,
      absl::StatusOr<Reply> (Service::*handler)(const Call&, StreamReader<Request>&),
      Service* service, StreamLimits limits);
  template <typename Service, typename Request, typename Reply>
  grpc::ServerBidiReactor<Request, Reply>* RunBidiStream(
      grpc::CallbackServerContext* context,
      absl::Status (Service::*handler)(const Call&, StreamReader<Request>&, StreamWriter<Reply>&),
      Service* service, StreamLimits limits);

  // Streams end and new calls are refused with UNAVAILABLE, reason DRAINING.
  void Drain();

 private:
  using Handler = absl::AnyInvocable<absl::Status(const Call&)>;
  // Answers, or goes on with a handler on the executor; none means the call's own.
  using Continue = absl::AnyInvocable<void(std::optional<absl::Status>, Handler)>;

  // A unary method's handler and what it was called with. One small class for each method, not
  // function objects: every file that includes a service compiles all of its methods' templates.
  class Work {
   public:
    virtual ~Work() = default;
    virtual absl::Status Handle(const Call& call) = 0;
    // On the transport's thread; std::nullopt where Handle has to.
    virtual std::optional<absl::Status> Attempt(const Call& /*call*/) { return std::nullopt; }
    // Takes `next` and is true where the answer comes from elsewhere.
    virtual bool Begin(const Call& /*call*/, Continue& /*next*/) { return false; }
  };
  template <typename Service, typename Request, typename Reply>
  class WorkOf;
  template <typename Service, typename Request, typename Reply>
  class AttemptedWork;
  template <typename Service, typename Request, typename Reply>
  class SharedWork;
  static std::unique_ptr<Work> Owned(Work* work) { return std::unique_ptr<Work>(work); }

  template <typename Reply>
  static absl::Status Fill(Reply* reply, absl::StatusOr<Reply> result) {
    if (!result.ok()) return std::move(result).status();
    *reply = *std::move(result);
    return absl::OkStatus();
  }

  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context,
                                  const google::protobuf::Message& request, bool is_inline,
                                  std::unique_ptr<Work> work);
  // `request` is null where the client streams: its messages come later.
  void StartStream(grpc::CallbackServerContext* context, const google::protobuf::Descriptor& type,
                   const google::protobuf::Message* request, internal::StreamBody* stream);

  struct State;
  class Unary;
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::rpc

#include "libs/rpc/pipeline_stream.h"
#include "libs/rpc/pipeline_unary.h"
