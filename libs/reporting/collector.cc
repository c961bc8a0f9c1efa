#include "libs/reporting/collector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/http/retry_after.h"

namespace kasbah::reporting {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kLongestWait = absl::Hours(1);
constexpr size_t kLargestAnswer = 64 * 1024;
constexpr int kConnections = 2;

absl::Status OutOfTime() {
  return Error(absl::StatusCode::kUnavailable, http::reason::kStopped, "the process ends");
}

// Shared with the client's callback, which may come when nobody waits any more.
struct Exchange {
  bool done = false;
  absl::StatusOr<http::ClientResponse> result = OutOfTime();
};

}  // namespace

Collector::Collector(Endpoint endpoint, Headers headers)
    : endpoint_(std::move(endpoint)), headers_(std::move(headers)) {}

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(Endpoint endpoint, Headers headers,
                                                             const std::string& ca_file) {
  http::ClientOptions options;
  options.guard = endpoint.guard;
  options.allow_http = endpoint.is_http;
  options.ca_file = ca_file;
  options.max_connections = kConnections;
  auto collector =
      std::unique_ptr<Collector>(new Collector(std::move(endpoint), std::move(headers)));
  ASSIGN_OR_RETURN(collector->client_, http::Client::Create(std::move(options)));
  return collector;
}

absl::StatusOr<http::ClientResponse> Collector::Post(std::string body) {
  http::ClientRequest request{.method = "POST",
                              .url = endpoint_.url,
                              .headers = headers_,
                              .body = std::move(body),
                              .max_response_bytes = kLargestAnswer,
                              .cut_response = true};
  absl::MutexLock lock(&mutex_);
  request.timeout = std::min(kTimeout, stop_at_ - absl::Now());
  if (request.timeout <= absl::ZeroDuration()) return OutOfTime();
  const auto exchange = std::make_shared<Exchange>();
  client_->Send(std::move(request),
                [this, exchange](absl::StatusOr<http::ClientResponse> response) {
                  absl::MutexLock held(&mutex_);
                  exchange->result = std::move(response);
                  exchange->done = true;
                });
  const auto over = [this, &exchange]()
                        ABSL_NO_THREAD_SAFETY_ANALYSIS { return exchange->done || stopping_; };
  mutex_.Await(absl::Condition(&over));
  mutex_.AwaitWithDeadline(absl::Condition(&exchange->done), stop_at_);
  return exchange->done ? std::move(exchange->result) : OutOfTime();
}

bool Collector::Pause(absl::Time until) {
  {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(&stopping_), until);
    if (!stopping_) return true;
    if (until >= stop_at_) return false;
  }
  absl::SleepFor(until - absl::Now());
  return true;
}

void Collector::Stop(absl::Time until) {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  stop_at_ = until;
}

bool Collector::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

bool Collector::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopping_ && absl::Now() >= stop_at_;
}

absl::Duration WaitOf(const http::ClientResponse& response, absl::Duration otherwise,
                      absl::Time now) {
  const std::optional<absl::Duration> asked = http::RetryAfterOf(response, now);
  return asked ? std::min(*asked, kLongestWait) : otherwise;
}

}  // namespace kasbah::reporting
