#include "libs/rpc/executor.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace kasbah::rpc {
namespace {

TEST(Executor, PastItsThreadsAndItsQueueItRefuses) {
  absl::Notification gate;
  std::atomic<int> ran{0};
  {
    Executor executor("test", 2, 3);
    int taken = 0;
    for (int i = 0; i < 20; ++i) {
      taken += executor.TrySubmit([&] {
        gate.WaitForNotification();
        ++ran;
      });
    }
    EXPECT_EQ(taken, 5);
    gate.Notify();
  }
  EXPECT_EQ(ran, 5) << "what was queued runs before the executor is gone";
}

TEST(Executor, WithoutAQueueEveryThreadTakesOneTask) {
  absl::Notification gate;
  Executor executor("test", 2, 0);
  EXPECT_TRUE(executor.TrySubmit([&] { gate.WaitForNotification(); }));
  EXPECT_TRUE(executor.TrySubmit([&] { gate.WaitForNotification(); }));
  EXPECT_FALSE(executor.TrySubmit([] {}));
  gate.Notify();
}

TEST(Executor, ATaskThatIsDoneMakesRoom) {
  Executor executor("test", 1, 0);
  for (int i = 0; i < 100; ++i) {
    absl::Notification done;
    // The thread may still be on its way back from the last task.
    while (!executor.TrySubmit([&] { done.Notify(); })) {
    }
    done.WaitForNotification();
  }
}

}  // namespace
}  // namespace kasbah::rpc
