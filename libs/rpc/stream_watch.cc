#include "libs/rpc/stream_watch.h"

#include <utility>

namespace kasbah::rpc {
namespace {

constexpr absl::Duration kPeriod = absl::Milliseconds(500);

}  // namespace

StreamWatch::~StreamWatch() {
  std::thread thread;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

void StreamWatch::Add(internal::StreamBody* stream, std::shared_ptr<const Passage> passage) {
  absl::MutexLock lock(&mutex_);
  watched_[stream].passage = std::move(passage);
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
}

absl::Status StreamWatch::Remove(internal::StreamBody* stream) {
  absl::MutexLock lock(&mutex_);
  const auto found = watched_.find(stream);
  if (found == watched_.end()) return absl::OkStatus();
  absl::Status revoked = std::move(found->second.revoked);
  watched_.erase(found);
  return revoked;
}

void StreamWatch::Loop() {
  absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kPeriod)) {
    for (auto& [stream, watched] : watched_) {
      if (!watched.revoked.ok()) continue;
      watched.revoked = watched.passage->CheckNotRevoked();
      if (!watched.revoked.ok()) stream->Stop();
    }
  }
}

}  // namespace kasbah::rpc
