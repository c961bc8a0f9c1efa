#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/call_once.h"
#include "libs/postgres/lane.h"

namespace kasbah::postgres::internal {

// The lanes of one database, opened with the first call that wants one: most services have none.
// Thread safe.
class Lanes {
 public:
  Lanes(ConnectSettings settings, int count) : settings_(std::move(settings)), count_(count) {}

  // To each lane in turn.
  void Submit(std::unique_ptr<SharedTransaction> transaction) {
    if (count_ <= 0) return transaction->Finish(std::nullopt);
    absl::call_once(opened_, [this] {
      for (int i = 0; i < count_; ++i) lanes_.push_back(std::make_unique<Lane>(settings_));
    });
    const size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
    lanes_[turn % lanes_.size()]->Submit(std::move(transaction));
  }

 private:
  const ConnectSettings settings_;
  const int count_;
  absl::once_flag opened_;
  std::atomic<size_t> next_{0};
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace kasbah::postgres::internal
