#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "tests/bench/load.h"

namespace kasbah::bench {

// Calls under way at a time.
inline constexpr int kInFlight = 64;

// What the first of many failed calls says.
class FirstFailure {
 public:
  void Keep(const std::string& message) {
    absl::MutexLock lock(&mutex_);
    if (message_.empty()) message_ = message;
  }
  std::string message() {
    absl::MutexLock lock(&mutex_);
    return message_;
  }

 private:
  absl::Mutex mutex_;
  std::string message_ ABSL_GUARDED_BY(mutex_);
};

// Calls a second of one unary method. `prepare` puts metadata on each call, and may make another
// request of the slot's, which is `request` at first.
template <typename Async, typename Request, typename Reply>
double Load(Async* stub,
            void (Async::*method)(grpc::ClientContext*, const Request*, Reply*,
                                  std::function<void(grpc::Status)>),
            const Request& request, int seconds,
            const std::function<void(grpc::ClientContext*, Request*)>& prepare) {
  struct Slot {
    std::unique_ptr<grpc::ClientContext> context;
    Request request;
    Reply reply;
  };
  std::vector<Slot> slots(kInFlight);
  for (Slot& slot : slots) slot.request = request;
  FirstFailure first;
  const LoadResult result = RunLoad(kInFlight, absl::Seconds(seconds), [&](int slot, Done done) {
    Slot& mine = slots[static_cast<size_t>(slot)];
    mine.context = std::make_unique<grpc::ClientContext>();
    prepare(mine.context.get(), &mine.request);
    (stub->*method)(mine.context.get(), &mine.request, &mine.reply,
                    [done, &first](const grpc::Status& status) {
                      if (!status.ok()) first.Keep(status.error_message());
                      done(status.ok());
                    });
  });
  if (result.failed > 0) {
    fprintf(stderr, "%lld calls failed; the first: %s\n", static_cast<long long>(result.failed),
            first.message().c_str());
  }
  return result.per_second;
}

// The same with one request for all.
template <typename Async, typename Request, typename Reply>
double Load(Async* stub,
            void (Async::*method)(grpc::ClientContext*, const Request*, Reply*,
                                  std::function<void(grpc::Status)>),
            const Request& request, int seconds,
            const std::function<void(grpc::ClientContext*)>& metadata = nullptr) {
  return Load(stub, method, request, seconds,
              std::function<void(grpc::ClientContext*, Request*)>(
                  [&](grpc::ClientContext* context, Request*) {
                    if (metadata) metadata(context);
                  }));
}

}  // namespace kasbah::bench
