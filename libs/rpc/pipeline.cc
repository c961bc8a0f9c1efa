#include "libs/rpc/pipeline.h"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/rpc/passage.h"
#include "libs/rpc/stream_watch.h"

namespace kasbah::rpc {
namespace {

struct Method {
  Method(const MethodPolicy& policy, size_t place, const ratelimit::Rates& rates)
      : rules(policy, place, rates), metrics(policy) {}

  const MethodRules rules;
  CallMetrics metrics;
};

}  // namespace

struct Pipeline::State {
  State(PipelineOptions o, PolicyTable p, AssertionVerifier* assertions,
        ratelimit::Limiter* limiter, DecisionSink* decisions, Executor* unary_executor,
        Executor* streams_executor, const Clock& clock)
      : options(std::move(o)),
        policies(std::move(p)),
        admission(options.trust_domain, policies, limiter, clock),
        parts{options, admission, rules, assertions, decisions, clock},
        executor(unary_executor),
        stream_executor(streams_executor) {}

  Method& MethodOf(const google::protobuf::Descriptor& request) {
    const auto found = methods.find(&request);
    // A service was registered whose descriptor the server was not given.
    KASBAH_CHECK(found != methods.end());
    return *found->second;
  }

  const PipelineOptions options;
  const PolicyTable policies;
  Admission admission;
  FieldRules rules;
  const PassageParts parts;
  Executor* const executor;
  Executor* const stream_executor;
  absl::flat_hash_map<const google::protobuf::Descriptor*, std::unique_ptr<Method>> methods;

  std::atomic<bool> draining{false};
  absl::Mutex streams_mutex;
  absl::flat_hash_set<internal::StreamBody*> streams ABSL_GUARDED_BY(streams_mutex);
  StreamWatch watch;
};

// One unary call; deletes itself with its answer.
class Pipeline::Unary {
 public:
  Unary(State& state, Method& method, grpc::CallbackServerContext* context,
        const google::protobuf::Message& request, bool is_inline, std::unique_ptr<Work> work)
      : state_(state),
        passage_(state.parts, method.rules, method.metrics, context, &request),
        reactor_(context->DefaultReactor()),
        is_inline_(is_inline),
        work_(std::move(work)) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  // On the transport's thread: as far as nothing blocks.
  void Begin() {
    absl::Status status = passage_.Enter(/*is_stream=*/false);
    if (status.ok() && state_.draining.load(std::memory_order_relaxed)) status = Draining();
    if (!status.ok()) return Finish(std::move(status));
    std::optional<absl::Status> admitted = passage_.AdmitAtOnce();
    if (!admitted.has_value()) return Submit(/*is_admitted=*/false);
    if (!admitted->ok()) return Finish(*std::move(admitted));
    if (is_inline_) return Finish(work_->Handle(passage_.call()));
    if (auto answered = work_->Attempt(passage_.call())) return Finish(*std::move(answered));
    if (!Share(/*may_block=*/false)) Submit(/*is_admitted=*/true);
  }

 private:
  // While the work is begun: of the thread that begins it, and looked at by that one alone.
  struct Beginning {
    const std::thread::id thread = std::this_thread::get_id();
    bool is_over = false;
    bool is_deferred = false;
  };

  // Whether the work waits elsewhere now. Where it does, this may be gone already. On a thread that
  // may block, work that is deferred at once is left to that thread, which has its place already:
  // to queue again could be refused.
  bool Share(bool may_block) {
    if (!may_block) {
      // Nothing but this, so that it needs no memory of its own.
      Continue next = [this](std::optional<absl::Status> answered, Handler rest) {
        if (!Answered(std::move(answered), std::move(rest))) Submit(/*is_admitted=*/true);
      };
      return work_->Begin(passage_.call(), next);
    }
    const auto beginning = std::make_shared<Beginning>();
    Continue next = [this, beginning](std::optional<absl::Status> answered, Handler rest) {
      if (Answered(std::move(answered), std::move(rest))) return;
      if (beginning->thread == std::this_thread::get_id() && !beginning->is_over) {
        beginning->is_deferred = true;
      } else {
        Submit(/*is_admitted=*/true);
      }
    };
    if (!work_->Begin(passage_.call(), next)) return false;
    beginning->is_over = true;
    return !beginning->is_deferred;
  }

  // Finishes with an answer, or keeps the rest of the work.
  bool Answered(std::optional<absl::Status> answered, Handler rest) {
    if (answered.has_value()) {
      Finish(*std::move(answered));
      return true;
    }
    rest_ = std::move(rest);
    return false;
  }

  void Submit(bool is_admitted) {
    const bool queued = state_.executor->TrySubmit([this, is_admitted] { Perform(is_admitted); });
    if (!queued) Finish(Overloaded());
  }

  void Perform(bool is_admitted) {
    absl::Status status = is_admitted ? passage_.CheckWanted() : passage_.Admit();
    if (status.ok() && !is_admitted && Share(/*may_block=*/true)) return;
    if (status.ok()) {
      status = rest_ != nullptr ? rest_(passage_.call()) : work_->Handle(passage_.call());
    }
    Finish(std::move(status));
  }

  void Finish(absl::Status status) {
    reactor_->Finish(passage_.Conclude(std::move(status)));
    delete this;
  }

  State& state_;
  Passage passage_;
  grpc::ServerUnaryReactor* const reactor_;
  const bool is_inline_;
  const std::unique_ptr<Work> work_;
  // Of work that was begun elsewhere: what is left of it.
  Handler rest_;
};

Pipeline::Pipeline(PipelineOptions options, PolicyTable policies, AssertionVerifier* assertions,
                   ratelimit::Limiter* limiter, DecisionSink* decisions, Executor* executor,
                   Executor* stream_executor, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(policies), assertions, limiter,
                                     decisions, executor, stream_executor, clock)) {
  size_t place = 0;
  for (const auto& policy : state_->policies.methods()) {
    const google::protobuf::Descriptor* type = policy->method->input_type();
    // PolicyTable::Create has seen to it.
    KASBAH_CHECK(state_->rules.Add(type).ok());
    state_->methods.emplace(type,
                            std::make_unique<Method>(*policy, place++, state_->options.rates));
  }
}

Pipeline::~Pipeline() = default;

grpc::ServerUnaryReactor* Pipeline::Start(grpc::CallbackServerContext* context,
                                          const google::protobuf::Message& request, bool is_inline,
                                          std::unique_ptr<Work> work) {
  Method& method = state_->MethodOf(*request.GetDescriptor());
  auto* unary = new Unary(*state_, method, context, request, is_inline, std::move(work));
  grpc::ServerUnaryReactor* reactor = unary->reactor();
  unary->Begin();
  return reactor;
}

void Pipeline::StartStream(grpc::CallbackServerContext* context,
                           const google::protobuf::Descriptor& type,
                           const google::protobuf::Message* request, internal::StreamBody* stream) {
  State& state = *state_;
  Method& method = state.MethodOf(type);
  auto passage =
      std::make_shared<Passage>(state.parts, method.rules, method.metrics, context, request);
  absl::Status status = passage->Enter(/*is_stream=*/true);
  if (status.ok()) {
    absl::MutexLock lock(&state.streams_mutex);
    // Under the lock, so that a drain either sees the stream or is seen by it.
    if (state.draining) {
      status = Draining();
    } else {
      state.streams.insert(stream);
    }
  }
  if (!status.ok()) return stream->End(passage->Conclude(std::move(status)));

  const auto end = [&state, passage, stream](absl::Status result) {
    {
      absl::MutexLock lock(&state.streams_mutex);
      state.streams.erase(stream);
    }
    const absl::Status revoked = state.watch.Remove(stream);
    if (absl::IsCancelled(result) && state.draining) result = Draining();
    if (!revoked.ok()) result = revoked;
    stream->End(passage->Conclude(std::move(result)));
  };
  const bool queued = state.stream_executor->TrySubmit([&state, passage, stream, end] {
    absl::Status result = passage->Admit();
    if (result.ok()) {
      state.watch.Add(stream, passage);
      stream->Admit(state.rules, passage->call().deadline);
      result = stream->Handle(passage->call());
    }
    end(std::move(result));
  });
  if (!queued) end(Overloaded());
}

void Pipeline::Drain() {
  absl::MutexLock lock(&state_->streams_mutex);
  state_->draining = true;
  for (internal::StreamBody* stream : state_->streams) stream->Stop();
}

}  // namespace kasbah::rpc
