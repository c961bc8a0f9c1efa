#include "libs/service/periodic.h"

#include <gtest/gtest.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"

namespace kasbah::service {
namespace {

TEST(Periodic, CallsAgainAndAgainFailuresToo) {
  absl::BlockingCounter calls(3);
  int left = 3;
  const Periodic periodic(absl::Milliseconds(1), "a test", [&]() -> absl::Status {
    if (left > 0) {
      --left;
      calls.DecrementCount();
    }
    return absl::InternalError("as always");
  });
  calls.Wait();
}

TEST(Periodic, EndsAtOnceHoweverLongTheInterval) {
  absl::Notification called;
  const Periodic periodic(absl::InfiniteDuration(), "a test", [&] {
    if (!called.HasBeenNotified()) called.Notify();
    return absl::OkStatus();
  });
  called.WaitForNotification();
}

}  // namespace
}  // namespace kasbah::service
