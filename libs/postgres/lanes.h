#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/call_once.h"
#include "libs/postgres/lane.h"

namespace kasbah::postgres::internal {

// Reads go in short batches: in one of all that wait, server and callers take turns, and each
// stands idle meanwhile (a sixth of both cores, measured with 64 calls at a time). Writes go in
// long ones, for each waits for the disk.
inline constexpr size_t kLargestBatchOfReads = 16;
inline constexpr size_t kLargestBatchOfWrites = 64;

// The lanes of one database: some for those that only read, as many for those that write, so that
// no read waits until a write is on disk. Each kind is opened with the first call that wants it:
// most services have none. Thread safe.
class Lanes {
 public:
  Lanes(ConnectSettings settings, int count) : settings_(std::move(settings)), count_(count) {}

  // To each lane of its kind in turn.
  void Submit(std::unique_ptr<SharedTransaction> transaction) {
    if (count_ <= 0) return transaction->Finish(std::nullopt);
    Kind& kind = transaction->writes() ? writing_ : reading_;
    absl::call_once(kind.opened, [&] {
      for (int i = 0; i < count_; ++i) {
        kind.lanes.push_back(std::make_unique<Lane>(settings_, kind.largest_batch));
      }
    });
    const size_t turn = kind.next.fetch_add(1, std::memory_order_relaxed);
    kind.lanes[turn % kind.lanes.size()]->Submit(std::move(transaction));
  }

 private:
  struct Kind {
    explicit Kind(size_t most) : largest_batch(most) {}

    const size_t largest_batch;
    absl::once_flag opened;
    std::atomic<size_t> next{0};
    std::vector<std::unique_ptr<Lane>> lanes;
  };

  const ConnectSettings settings_;
  const int count_;
  Kind reading_{kLargestBatchOfReads};
  Kind writing_{kLargestBatchOfWrites};
};

}  // namespace kasbah::postgres::internal
