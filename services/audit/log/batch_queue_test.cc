#include "services/audit/log/batch_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/time/clock.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

class BatchQueueTest : public ::testing::Test {
 protected:
  static WaitingBatch Of(TenantId tenant, size_t events, bool application = true) {
    auto batch = std::make_shared<Batch>();
    batch->events.resize(events);
    for (LoggedEvent& event : batch->events) event.tenant = tenant;
    if (application) batch->claims.resize(events);
    return {std::move(batch), nullptr};
  }
  static TenantId TenantOf(const WaitingBatch& waiting) {
    return waiting.batch->events.front().tenant;
  }

  BatchQueue queue_;
  const TenantId loud_ = TenantId::New(absl::Now());
};

TEST_F(BatchQueueTest, ATenantWithAllTheLoadKeepsNobodyWaiting) {
  for (int i = 0; i < 4; ++i) ASSERT_OK(queue_.Push(Of(loud_, 1000)));
  std::set<TenantId> others;
  for (int i = 0; i < 100; ++i) {
    others.insert(TenantId::New(absl::Now()));
    ASSERT_OK(queue_.Push(Of(*others.rbegin(), 1)));
  }
  // The first flush has one batch of the loud tenant, and everybody else's.
  for (const WaitingBatch& waiting : queue_.Take(2000)) others.erase(TenantOf(waiting));
  EXPECT_TRUE(others.empty());
}

TEST_F(BatchQueueTest, KnowsWhoseBatchesWait) {
  const auto of = [](const std::string& source) {
    WaitingBatch waiting = Of(TenantId::New(absl::Now()), 1, /*application=*/false);
    auto batch = std::make_shared<Batch>(*waiting.batch);
    batch->key.source = source;
    return WaitingBatch{std::move(batch), nullptr};
  };
  const CursorKey vault{.source = "service/vault", .shard = {}, .epoch = {}};
  const CursorKey auth{.source = "service/auth", .shard = {}, .epoch = {}};
  EXPECT_TRUE(queue_.Has({}));
  ASSERT_OK(queue_.Push(of(vault.source)));
  EXPECT_TRUE(queue_.Has({vault}));
  EXPECT_FALSE(queue_.Has({auth, vault}));
  ASSERT_OK(queue_.Push(of(auth.source)));
  EXPECT_TRUE(queue_.Has({auth, vault}));
  queue_.Take(1);
  EXPECT_FALSE(queue_.Has({auth, vault}));
}

TEST_F(BatchQueueTest, ATenantsLineIsBoundedAndAnothersIsNotAffected) {
  for (int i = 0; i < 4; ++i) ASSERT_OK(queue_.Push(Of(loud_, 1000)));
  EXPECT_THAT(queue_.Push(Of(loud_, 1)), ReasonIs("TENANT_BUSY"));
  EXPECT_OK(queue_.Push(Of(TenantId::New(absl::Now()), 1000)));
  queue_.Take(1);
  EXPECT_OK(queue_.Push(Of(loud_, 1)));
}

TEST_F(BatchQueueTest, ManySmallBatchesAreBoundedToo) {
  for (size_t i = 0; i < BatchQueue::kMostBatchesOfATenant; ++i) {
    ASSERT_OK(queue_.Push(Of(loud_, 1)));
  }
  EXPECT_THAT(queue_.Push(Of(loud_, 1)), ReasonIs("TENANT_BUSY"));
}

TEST_F(BatchQueueTest, RelaysComeFirstAndLeaveApplicationsAShare) {
  ASSERT_OK(queue_.Push(Of(loud_, 100)));
  for (int i = 0; i < 3; ++i) ASSERT_OK(queue_.Push(Of(loud_, 5000, /*application=*/false)));
  const std::vector<WaitingBatch> taken = queue_.Take(2000);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_FALSE(taken[0].batch->is_application());
  EXPECT_TRUE(taken[1].batch->is_application());
  EXPECT_EQ(queue_.events(), 10'000u);
}

TEST_F(BatchQueueTest, EmptiesInTheOrderOfATenantsOwnBatches) {
  for (size_t events = 1; events <= 3; ++events) ASSERT_OK(queue_.Push(Of(loud_, events)));
  std::vector<size_t> sizes;
  while (!queue_.empty()) {
    for (const WaitingBatch& waiting : queue_.Take(1)) sizes.push_back(waiting.batch->entries());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{1, 2, 3}));
  EXPECT_EQ(queue_.events(), 0u);
}

}  // namespace
}  // namespace kasbah::audit
