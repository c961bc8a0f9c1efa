#include "services/webhook/delivery/delivery_worker.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"
#include "libs/telemetry/metrics.h"
#include "libs/telemetry/trace.h"
#include "services/webhook/delivery/outcome_recorder.h"
#include "services/webhook/domain/endpoint_pacing.h"
#include "services/webhook/domain/outcome.h"
#include "services/webhook/domain/signature.h"

namespace kasbah::webhook {
namespace {

constexpr absl::Duration kDatabaseTimeout = absl::Seconds(5);
// Beyond the timeout of the delivery: claiming, signing and recording.
constexpr absl::Duration kLeaseMargin = absl::Seconds(10);
constexpr absl::Duration kFirstPause = absl::Milliseconds(200);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kGaugePeriod = absl::Seconds(5);
// Only the status matters; a little of the body is read so that the connection may be kept.
constexpr size_t kMaxResponseBytes = 16 * 1024;
constexpr http::CircuitOptions kCircuit{
    .failures_to_open = 5, .open_for = absl::Seconds(5), .open_for_at_most = absl::Minutes(1)};

using Kind = AttemptResult::Kind;
using Next = Completion::Next;

Completion CompletionOf(const ClaimedDelivery& claim) {
  Completion completion;
  completion.tenant = claim.tenant;
  completion.message = claim.message;
  completion.endpoint = claim.endpoint;
  completion.claim = claim.claim;
  completion.number = claim.attempt;
  completion.attempted = false;
  return completion;
}

}  // namespace

struct DeliveryWorker::State {
  State(DeliveryOptions o, postgres::Door& q, Signer& s, OnGone g, const Clock& c)
      : options(std::move(o)),
        queue(q),
        signer(s),
        on_gone(std::move(g)),
        clock(c),
        pacing(options.in_flight_per_endpoint, kCircuit, clock),
        recorder(queue, [this](const std::vector<Completion>& done) { OnRecorded(done); }) {}

  const DeliveryOptions options;
  postgres::Door& queue;
  Signer& signer;
  const OnGone on_gone;
  const Clock& clock;
  const QueueStore store{};
  EndpointPacing pacing;
  // Per lane, so that neither takes the other's room.
  std::atomic<int> in_flight[2] = {0, 0};
  // Of the client's thread.
  std::mt19937_64 random{std::random_device{}()};

  absl::Mutex mutex;
  bool woken ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::thread dispatcher;

  // The dispatcher's own.
  absl::Duration pause;
  absl::Time next_gauge = absl::InfinitePast();

  telemetry::Gauge& oldest_due = telemetry::GetGauge(
      "kasbah_webhook_oldest_due_seconds", "How long the oldest delivery that is due has waited");
  telemetry::Gauge& in_flight_gauge =
      telemetry::GetGauge("kasbah_webhook_in_flight", "Deliveries under way");
  telemetry::Histogram& seconds =
      telemetry::GetHistogram("kasbah_webhook_attempt_seconds", "Time of one attempt");

  // Last, since their threads use what stands above; the client's callbacks use the recorder.
  OutcomeRecorder recorder;
  std::unique_ptr<http::Client> client;

  void Loop();
  bool Sleep(absl::Duration time);
  // Claims and sends what a lane has room for. True when there may be more.
  absl::StatusOr<bool> Dispatch(Lane lane);
  void Send(Lane lane, std::vector<ClaimedDelivery> claims);
  void SendOne(Lane lane, ClaimedDelivery claim, const Signed& signatures, absl::Time now);
  void OnAnswer(Lane lane, const ClaimedDelivery& claim, absl::Time started,
                const absl::StatusOr<http::ClientResponse>& response);
  void GiveBack(const std::vector<ClaimedDelivery>& claims, absl::Duration delay);
  void OnRecorded(const std::vector<Completion>& done);
  void SetGauges();
  void Fail(std::string_view what, const absl::Status& status);

  // A quarter of the room is the retries'.
  int RoomOf(Lane lane) const {
    const int retries = std::max(options.in_flight / 4, 1);
    const int room = lane == Lane::kRetry ? retries : std::max(options.in_flight - retries, 1);
    return room - in_flight[static_cast<int>(lane)].load();
  }
};

void DeliveryWorker::State::Loop() {
  for (;;) {
    bool more = false;
    bool failed = false;
    for (const Lane lane : {Lane::kFirst, Lane::kRetry}) {
      const absl::StatusOr<bool> dispatched = Dispatch(lane);
      if (dispatched.ok()) {
        more = more || *dispatched;
      } else {
        Fail("deliveries wait", dispatched.status());
        failed = true;
        break;
      }
    }
    if (!failed) {
      if (pause > absl::ZeroDuration()) telemetry::LogInfo("deliveries go on");
      pause = absl::ZeroDuration();
      SetGauges();
    }
    if (!Sleep(failed ? pause : more ? absl::ZeroDuration() : options.poll)) return;
  }
}

// False when it is time to end.
bool DeliveryWorker::State::Sleep(absl::Duration time) {
  // A pause for something that is away is not cut short by new work.
  const bool paused = pause > absl::ZeroDuration();
  const auto ready = [this, paused]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping || (woken && !paused); };
  absl::MutexLock lock(&mutex);
  mutex.AwaitWithTimeout(absl::Condition(&ready), time);
  woken = false;
  return !stopping;
}

void DeliveryWorker::State::Fail(std::string_view what, const absl::Status& status) {
  if (pause == absl::ZeroDuration()) {
    telemetry::LogWarning(what, {{"reason", ReasonOf(status)}});
  }
  pause = std::clamp(pause * 2, kFirstPause, kLongestPause);
}

absl::StatusOr<bool> DeliveryWorker::State::Dispatch(Lane lane) {
  const int limit = std::min(options.batch, RoomOf(lane));
  if (limit <= 0) return false;
  const std::vector<EndpointPacing::Room> limited = pacing.Limited();
  const Uuid claim = Uuid::V7(clock.Now());
  ASSIGN_OR_RETURN(std::vector<ClaimedDelivery> claims,
                   queue.Run(absl::Now() + kDatabaseTimeout, [&](postgres::Transaction& tx) {
                     return store.Claim(tx, lane, claim, options.timeout + kLeaseMargin, limit,
                                        pacing.cap(), limited);
                   }));
  if (claims.empty()) return false;
  const bool more = static_cast<int>(claims.size()) == limit;

  std::vector<ClaimedDelivery> wanted;
  for (ClaimedDelivery& one : claims) {
    const bool spent = one.attempt > options.retries.max_attempts();
    if (one.sealed_secret && !spent) {
      wanted.push_back(std::move(one));
      continue;
    }
    Completion completion = CompletionOf(one);
    completion.next = spent ? Next::kFailed : Next::kDropped;
    recorder.Add(std::move(completion));
  }
  if (!wanted.empty()) Send(lane, std::move(wanted));
  return more && pause == absl::ZeroDuration();
}

void DeliveryWorker::State::Send(Lane lane, std::vector<ClaimedDelivery> claims) {
  const absl::Time now = clock.Now();
  std::vector<ToSign> to_sign;
  to_sign.reserve(claims.size());
  for (const ClaimedDelivery& claim : claims) {
    to_sign.push_back(
        {claim.tenant, claim.endpoint, *claim.sealed_secret,
         StandardContent(claim.message.ToString(), absl::ToUnixSeconds(now), claim.body),
         PlainContent(absl::ToUnixSeconds(now), claim.body)});
  }
  const absl::StatusOr<std::vector<Signed>> signatures = signer.Sign(to_sign);
  if (!signatures.ok()) {
    Fail("deliveries wait for the vault", signatures.status());
    GiveBack(claims, pause);
    return;
  }
  std::vector<ClaimedDelivery> unsigned_claims;
  for (size_t i = 0; i < claims.size(); ++i) {
    if ((*signatures)[i].status.ok()) {
      SendOne(lane, std::move(claims[i]), (*signatures)[i], now);
    } else if (IsTenantRefused((*signatures)[i].status)) {
      unsigned_claims.push_back(std::move(claims[i]));
    } else {
      AttemptResult result;
      Completion completion = CompletionOf(claims[i]);
      completion.attempted = true;
      completion.attempt_id = AttemptId::New(now);
      completion.start_time = now;
      completion.error = "SIGNING_FAILED";
      const auto delay = options.retries.DelayAfter(claims[i].attempt, 0.5, std::nullopt);
      completion.next = delay ? Next::kRetry : Next::kFailed;
      completion.delay = delay.value_or(absl::ZeroDuration());
      recorder.Add(std::move(completion));
    }
  }
  if (!unsigned_claims.empty()) GiveBack(unsigned_claims, kLongestPause);
}

void DeliveryWorker::State::SendOne(Lane lane, ClaimedDelivery claim, const Signed& signatures,
                                    absl::Time now) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = claim.url;
  request.headers = SignatureHeaders(claim.message.ToString(), absl::ToUnixSeconds(now),
                                     signatures.standard, signatures.plain);
  request.headers.emplace_back("content-type", "application/json");
  request.headers.emplace_back("user-agent", "Kasbah-Webhooks/1");
  request.headers.emplace_back("traceparent", telemetry::ChildTraceparent(claim.traceparent));
  if (!claim.request_id.empty()) request.headers.emplace_back("x-request-id", claim.request_id);
  request.body = std::move(claim.body);
  request.timeout = options.timeout;
  request.max_response_bytes = kMaxResponseBytes;
  request.cut_response = true;

  pacing.Started(claim.endpoint);
  ++in_flight[static_cast<int>(lane)];
  client->Send(std::move(request), [this, lane, claim = std::move(claim),
                                    now](absl::StatusOr<http::ClientResponse> response) {
    OnAnswer(lane, claim, now, response);
  });
}

void DeliveryWorker::State::OnAnswer(Lane lane, const ClaimedDelivery& claim, absl::Time started,
                                     const absl::StatusOr<http::ClientResponse>& response) {
  const absl::Time now = clock.Now();
  const AttemptResult result = ResultOf(response, now);
  Completion completion = CompletionOf(claim);
  completion.attempted = result.kind != Kind::kInterrupted;
  completion.attempt_id = AttemptId::New(now);
  completion.start_time = started;
  completion.http_status = result.http_status;
  completion.error = result.error;
  completion.duration_ms = std::max<int64_t>(absl::ToInt64Milliseconds(now - started), 0);
  switch (result.kind) {
    case Kind::kDelivered:
      completion.next = Next::kDelivered;
      break;
    case Kind::kGone:
      completion.next = Next::kDropped;
      break;
    case Kind::kInterrupted:
      completion.next = Next::kRetry;
      break;
    case Kind::kFailed: {
      const auto delay = options.retries.DelayAfter(
          claim.attempt, std::uniform_real_distribution<double>()(random), result.retry_after);
      completion.next = delay ? Next::kRetry : Next::kFailed;
      completion.delay = delay.value_or(absl::ZeroDuration());
      break;
    }
  }
  if (completion.attempted) {
    telemetry::GetCounter("kasbah_webhook_attempts_total", "Attempts by what they came to",
                          {{"result", result.error.empty() ? "DELIVERED" : result.error}})
        .Add();
    seconds.Observe(absl::ToDoubleSeconds(now - started));
    pacing.Finished(claim.endpoint, result.kind == Kind::kDelivered || result.kind == Kind::kGone);
  } else {
    pacing.Abandoned(claim.endpoint);
  }
  --in_flight[static_cast<int>(lane)];
  recorder.Add(std::move(completion));
}

void DeliveryWorker::State::GiveBack(const std::vector<ClaimedDelivery>& claims,
                                     absl::Duration delay) {
  const absl::StatusOr<postgres::Result> released =
      queue.Run(absl::Now() + kDatabaseTimeout,
                [&](postgres::Transaction& tx) { return store.Release(tx, claims, delay); });
  // The claims lapse then, and each has cost an attempt.
  if (!released.ok()) {
    telemetry::LogWarning(
        "claims of deliveries were not given back",
        {{"count", static_cast<int64_t>(claims.size())}, {"reason", ReasonOf(released.status())}});
  }
}

void DeliveryWorker::State::OnRecorded(const std::vector<Completion>& done) {
  for (const Completion& completion : done) {
    if (completion.http_status == 410) on_gone(completion.tenant, completion.endpoint);
  }
  absl::MutexLock lock(&mutex);
  woken = true;
}

void DeliveryWorker::State::SetGauges() {
  in_flight_gauge.Set(pacing.in_flight());
  const absl::Time now = absl::Now();
  if (now < next_gauge) return;
  next_gauge = now + kGaugePeriod;
  const absl::StatusOr<absl::Duration> oldest = queue.Run(
      now + kDatabaseTimeout, [&](postgres::Transaction& tx) { return store.OldestDue(tx); });
  if (oldest.ok()) oldest_due.Set(absl::ToDoubleSeconds(*oldest));
}

DeliveryWorker::DeliveryWorker(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<DeliveryWorker>> DeliveryWorker::Start(DeliveryOptions options,
                                                                      postgres::Door& queue,
                                                                      Signer& signer,
                                                                      OnGone on_gone,
                                                                      const Clock& clock) {
  http::ClientOptions http = options.http;
  auto state =
      std::make_unique<State>(std::move(options), queue, signer, std::move(on_gone), clock);
  ASSIGN_OR_RETURN(state->client, http::Client::Create(std::move(http)));
  state->dispatcher = std::thread([raw = state.get()] { raw->Loop(); });
  return std::unique_ptr<DeliveryWorker>(new DeliveryWorker(std::move(state)));
}

DeliveryWorker::~DeliveryWorker() {
  {
    absl::MutexLock lock(&state_->mutex);
    state_->stopping = true;
  }
  state_->dispatcher.join();
  // What is under way may still succeed; OnRecorded wakes this with each that is done.
  const auto idle = [this]()
                        ABSL_NO_THREAD_SAFETY_ANALYSIS { return state_->pacing.in_flight() == 0; };
  {
    absl::MutexLock lock(&state_->mutex);
    state_->mutex.AwaitWithTimeout(absl::Condition(&idle), state_->options.drain);
  }
  state_->client.reset();
}

void DeliveryWorker::Wake() {
  absl::MutexLock lock(&state_->mutex);
  state_->woken = true;
}

}  // namespace kasbah::webhook
