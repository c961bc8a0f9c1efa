#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/http/server.h"
#include "libs/reporting/collector.h"
#include "libs/telemetry/metrics.h"
#include "libs/testing/loopback_listener.h"

namespace kasbah::reporting {

// A collector on loopback: keeps what it is sent and answers as a test says, else with 200.
class Receiver {
 public:
  Receiver() {
    server_ = http::Server::Start("127.0.0.1:0", [this](const http::Request& request) {
                return Answer(request);
              }).value();
  }

  std::string url(std::string_view path = "/v1/traces") const {
    return StrCat("http://127.0.0.1:", server_->port(), path);
  }
  int port() const { return server_->port(); }
  // Of the requests that have not been answered yet, in their order.
  void WillAnswer(std::vector<http::Response> answers) {
    absl::MutexLock lock(&mutex_);
    answers_.assign(answers.begin(), answers.end());
  }

  // All requests so far, once there are `count`; fails the test when they do not come.
  std::vector<http::Request> Await(size_t count) {
    const auto there = [this, count] { return requests_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(20)))
        << requests_.size() << " requests instead of " << count;
    return requests_;
  }
  std::vector<http::Request> requests() {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

  // A client of it, as the exporters have one.
  std::unique_ptr<Collector> NewCollector(Headers headers = {}) const {
    return Collector::Create(Endpoint::Parse(url(), {}).value(), std::move(headers), "").value();
  }

 private:
  http::Response Answer(const http::Request& request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
    if (answers_.empty()) return http::Response{.content_type = "application/x-protobuf"};
    http::Response answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  absl::Mutex mutex_;
  std::vector<http::Request> requests_;
  std::deque<http::Response> answers_;
  // Last: its thread uses the rest.
  std::unique_ptr<http::Server> server_;
};

inline uint64_t SpansDropped(const std::string& cause) {
  return telemetry::GetCounter("kasbah_telemetry_spans_dropped_total", "", {{"cause", cause}})
      .value();
}
inline uint64_t SpansExported() {
  return telemetry::GetCounter("kasbah_telemetry_spans_exported_total", "").value();
}
inline uint64_t ErrorsDropped(const std::string& cause) {
  return telemetry::GetCounter("kasbah_telemetry_errors_dropped_total", "", {{"cause", cause}})
      .value();
}
inline uint64_t ErrorsReported() {
  return telemetry::GetCounter("kasbah_telemetry_errors_reported_total", "").value();
}

// False when `count` has not become `wanted` in time.
template <typename Count>
bool Becomes(Count count, uint64_t wanted) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (count() != wanted) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

}  // namespace kasbah::reporting
