#include "cli/tour/burst.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "absl/time/clock.h"
#include "cli/tour/collections.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"

namespace kasbah::cli {
namespace {

constexpr int kWriters = 4;
// A write waits this long for services that are being restarted.
constexpr absl::Duration kPatience = absl::Seconds(60);

bool IsPassing(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         ReasonOf(status) == reason::kCommitUnknown;
}

class Burst {
 public:
  Burst(World& world, int size) : world_(world), size_(size) {}

  absl::StatusOr<BurstReport> Run(const std::function<absl::Status()>& at_half) {
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) writers.emplace_back([this] { Write(); });
    absl::Status half =
        WaitFor(kPatience, "half of the burst to be acknowledged",
                [this]() -> absl::StatusOr<bool> { return Acknowledged() >= size_ / 2; });
    if (half.ok()) half = at_half();
    for (std::thread& writer : writers) writer.join();
    if (!half.ok()) return half;
    if (!failure_.ok()) return failure_;
    return std::move(report_);
  }

 private:
  int Acknowledged() {
    std::lock_guard<std::mutex> hold(mutex_);
    // A writer that failed for good will not get there.
    return failure_.ok() ? static_cast<int>(report_.record_ids.size()) : size_;
  }

  void Write() {
    for (int number = next_++; number < size_; number = next_++) {
      const absl::Status status = WriteOne(number);
      if (status.ok()) continue;
      std::lock_guard<std::mutex> hold(mutex_);
      if (failure_.ok()) failure_ = status;
      return;
    }
  }

  absl::Status WriteOne(int number) {
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection(kReadingsKey);
    request.set_request_id(Uuid::V7(absl::Now()).ToString());
    auto& values = *request.mutable_values()->mutable_fields();
    values["number"].set_number_value(number);
    values["note"].set_string_value(StrCat("reading ", number, " of ", world_.run));
    const absl::Time deadline = absl::Now() + kPatience;
    while (true) {
      const auto reply =
          world_.a.client->Call(&tenantdata::v1::RecordService::Stub::CreateRecord, request);
      std::unique_lock<std::mutex> hold(mutex_);
      if (reply.ok()) {
        report_.record_ids.push_back(reply->record_id());
        return absl::OkStatus();
      }
      if (!IsPassing(reply.status()) || absl::Now() > deadline) return reply.status();
      ++report_.repeated;
      hold.unlock();
      absl::SleepFor(absl::Milliseconds(50));
    }
  }

  World& world_;
  const int size_;
  std::atomic<int> next_ = 0;
  std::mutex mutex_;
  BurstReport report_;
  absl::Status failure_;
};

}  // namespace

absl::StatusOr<BurstReport> WriteBurst(World& world, int size,
                                       const std::function<absl::Status()>& at_half) {
  return Burst(world, size).Run(at_half);
}

}  // namespace kasbah::cli
