#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "services/webhook/store/queue_store.h"
#include "services/webhook/store/webhook_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::ReasonIs;
using Next = Completion::Next;

class QueueStoreTest : public WebhookTest {
 protected:
  void FanOutMany(TenantId tenant, int count) {
    std::vector<Message> messages;
    for (int i = 0; i < count; ++i) messages.push_back(NewMessage(tenant));
    ASSERT_OK(FanOut(messages));
  }
};

TEST_F(QueueStoreTest, AClaimCarriesWhatIsSent) {
  const EndpointId endpoint = AddEndpoint(a_, "https://x");
  const Message message = NewMessage(a_);
  ASSERT_OK(FanOut({message}));
  const auto claims = Claim();
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].tenant, a_);
  EXPECT_EQ(claims[0].message, message.id);
  EXPECT_EQ(claims[0].endpoint, endpoint);
  EXPECT_EQ(claims[0].attempt, 1);
  EXPECT_EQ(claims[0].url, "https://x");
  EXPECT_EQ(claims[0].sealed_secret, endpoint.ToString());
  EXPECT_EQ(claims[0].body, message.body);
  EXPECT_EQ(claims[0].traceparent, message.traceparent);
  EXPECT_EQ(claims[0].request_id, message.request_id);
}

TEST_F(QueueStoreTest, TwoWorkersNeverHoldTheSameDelivery) {
  AddEndpoint(a_, "https://x");
  AddEndpoint(a_, "https://y");
  FanOutMany(a_, 200);
  std::vector<ClaimedDelivery> claimed[4];
  std::vector<std::thread> workers;
  for (auto& mine : claimed) {
    workers.emplace_back([this, &mine] {
      for (int i = 0; i < 40; ++i) {
        for (ClaimedDelivery& claim : Claim(Lane::kFirst, 7)) mine.push_back(std::move(claim));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::set<std::pair<MessageId, EndpointId>> distinct;
  size_t total = 0;
  for (const auto& mine : claimed) {
    total += mine.size();
    for (const ClaimedDelivery& claim : mine) distinct.insert({claim.message, claim.endpoint});
  }
  EXPECT_EQ(total, 400u);
  EXPECT_EQ(distinct.size(), 400u);
}

TEST_F(QueueStoreTest, DeliveredOnceItIsDelivered) {
  const EndpointId endpoint = AddEndpoint(a_, "https://x");
  FanOutMany(a_, 1);
  const auto claims = Claim();
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_TRUE(Claim().empty());
  ASSERT_OK_AND_ASSIGN(const int64_t held, Complete(claims[0], Next::kDelivered));
  EXPECT_EQ(held, 1);
  EXPECT_EQ(Queued(), 0);
  ASSERT_EQ(Deliveries(a_).size(), 1u);
  EXPECT_EQ(Deliveries(a_)[0].state, "delivered");
  EXPECT_EQ(Deliveries(a_)[0].attempts, 1);
  EXPECT_FALSE(Deliveries(a_)[0].next_attempt.has_value());
  ASSERT_EQ(Attempts(a_, endpoint).size(), 1u);
  EXPECT_EQ(Attempts(a_, endpoint)[0].http_status, 200);
}

TEST_F(QueueStoreTest, ALapsedLeaseIsClaimedAgainAndItsLateOutcomeChangesNothing) {
  const EndpointId endpoint = AddEndpoint(a_, "https://x");
  FanOutMany(a_, 1);
  const auto dead = Claim();
  ASSERT_EQ(dead.size(), 1u);
  MakeAllDue();
  const auto again = Claim();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].message, dead[0].message);
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_NE(again[0].claim, dead[0].claim);

  ASSERT_OK_AND_ASSIGN(const int64_t late, Complete(dead[0], Next::kFailed));
  EXPECT_EQ(late, 0);
  EXPECT_EQ(Deliveries(a_)[0].state, "pending");
  ASSERT_OK_AND_ASSIGN(const int64_t held, Complete(again[0], Next::kDelivered));
  EXPECT_EQ(held, 1);
  EXPECT_EQ(Deliveries(a_)[0].state, "delivered");
  // Both were made, so both are listed.
  EXPECT_EQ(Attempts(a_, endpoint).size(), 2u);
}

TEST_F(QueueStoreTest, RetriesWaitInTheirOwnLane) {
  AddEndpoint(a_, "https://x");
  FanOutMany(a_, 1);
  const auto claims = Claim();
  EXPECT_EQ(Deliveries(a_)[0].attempts, 0);
  EXPECT_FALSE(Deliveries(a_)[0].next_attempt.has_value());
  ASSERT_OK(Complete(claims[0], Next::kRetry, absl::Hours(1)));
  EXPECT_TRUE(Claim(Lane::kFirst).empty());
  EXPECT_TRUE(Claim(Lane::kRetry).empty());
  ASSERT_EQ(Deliveries(a_).size(), 1u);
  EXPECT_EQ(Deliveries(a_)[0].state, "pending");
  EXPECT_EQ(Deliveries(a_)[0].attempts, 1);
  ASSERT_TRUE(Deliveries(a_)[0].next_attempt.has_value());
  EXPECT_GT(*Deliveries(a_)[0].next_attempt, absl::Now() + absl::Minutes(50));
  MakeAllDue();
  EXPECT_TRUE(Claim(Lane::kFirst).empty());
  const auto retry = Claim(Lane::kRetry);
  ASSERT_EQ(retry.size(), 1u);
  EXPECT_EQ(retry[0].attempt, 2);
}

TEST_F(QueueStoreTest, AReleasedClaimCostsNoAttempt) {
  AddEndpoint(a_, "https://x");
  FanOutMany(a_, 1);
  for (int i = 0; i < 3; ++i) {
    const auto claims = Claim();
    ASSERT_EQ(claims.size(), 1u);
    EXPECT_EQ(claims[0].attempt, 1);
    ASSERT_OK(queue_->Run(Soon(), [&](postgres::Transaction& tx) {
      return queue_store_.Release(tx, claims, absl::ZeroDuration());
    }));
  }
}

TEST_F(QueueStoreTest, AnEndpointGetsNoMoreThanItsRoom) {
  const EndpointId slow = AddEndpoint(a_, "https://slow");
  const EndpointId quick = AddEndpoint(a_, "https://quick");
  FanOutMany(a_, 20);
  const auto claims = Claim(Lane::kFirst, 100, 5, {{slow, 2}});
  int to_slow = 0;
  int to_quick = 0;
  for (const ClaimedDelivery& claim : claims) {
    (claim.endpoint == slow ? to_slow : to_quick) += 1;
    EXPECT_TRUE(claim.endpoint == slow || claim.endpoint == quick);
  }
  EXPECT_EQ(to_slow, 2);
  EXPECT_EQ(to_quick, 5);
  EXPECT_EQ(Claim(Lane::kFirst, 100, 100, {{slow, 0}}).size(), 15u);
}

TEST_F(QueueStoreTest, NothingOfASuspendedTenantIsClaimed) {
  AddEndpoint(a_, "https://a");
  AddEndpoint(b_, "https://b");
  FanOutMany(a_, 3);
  FanOutMany(b_, 3);
  test_->SetTenantState(a_, "suspended");
  const auto claims = Claim();
  ASSERT_EQ(claims.size(), 3u);
  for (const ClaimedDelivery& claim : claims) EXPECT_EQ(claim.tenant, b_);
  test_->SetTenantState(a_, "active");
  EXPECT_EQ(Claim().size(), 3u);
}

TEST_F(QueueStoreTest, DeletingAnEndpointDropsWhatWaits) {
  const EndpointId endpoint = AddEndpoint(a_, "https://x");
  AddEndpoint(a_, "https://y");
  FanOutMany(a_, 4);
  ASSERT_OK(Write(a_, "endpoint.delete",
                  [&](postgres::Transaction& tx) { endpoints_.Delete(tx, a_, endpoint); }));
  EXPECT_EQ(Queued(), 4);
  int dropped = 0;
  for (const Delivery& delivery : Deliveries(a_)) {
    EXPECT_EQ(delivery.state, delivery.endpoint == endpoint ? "dropped" : "pending");
    dropped += delivery.endpoint == endpoint;
  }
  EXPECT_EQ(dropped, 4);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.endpoints WHERE state = 'deleted' AND "
                              "sealed_secret IS NULL"),
            "1");
  EXPECT_THAT(Write(a_, "endpoint.delete",
                    [&](postgres::Transaction& tx) { endpoints_.Delete(tx, a_, endpoint); }),
              ReasonIs("NOT_FOUND"));
}

TEST_F(QueueStoreTest, AnotherTenantSeesAndChangesNothing) {
  const EndpointId endpoint = AddEndpoint(a_, "https://a");
  FanOutMany(a_, 2);
  ASSERT_OK(Complete(Claim()[0], Next::kDelivered));
  EXPECT_TRUE(Deliveries(b_).empty());
  EXPECT_TRUE(Attempts(b_, endpoint).empty());
  EXPECT_THAT(Write(b_, "endpoint.delete",
                    [&](postgres::Transaction& tx) { endpoints_.Delete(tx, b_, endpoint); }),
              ReasonIs("NOT_FOUND"));
  // The policies alone, with no tenant condition in the statement.
  for (const char* table : {"endpoints", "messages", "deliveries", "queue", "attempts"}) {
    const std::string sql = std::string("SELECT count(*) FROM webhook.") + table;
    const postgres::Statement count{table, sql};
    ASSERT_OK_AND_ASSIGN(
        const int64_t of_b, database_->WithTenant(Call(b_), [&](postgres::Transaction& tx) {
          return tx.Run(count).Map([](postgres::Result rows) { return rows[0].Get<int64_t>(0); });
        }));
    EXPECT_EQ(of_b, 0) << table;
    ASSERT_OK_AND_ASSIGN(
        const int64_t of_a, database_->WithTenant(Call(a_), [&](postgres::Transaction& tx) {
          return tx.Run(count).Map([](postgres::Result rows) { return rows[0].Get<int64_t>(0); });
        }));
    EXPECT_GT(of_a, 0) << table;
  }
}

TEST_F(QueueStoreTest, ATenantHasAtMostSoManyEndpoints) {
  for (int i = 0; i < kMaxEndpoints; ++i) AddEndpoint(a_, "https://x");
  Endpoint endpoint;
  endpoint.id = EndpointId::New(absl::Now());
  endpoint.create_time = absl::Now();
  EXPECT_THAT(Write(a_, "endpoint.create",
                    [&](postgres::Transaction& tx) { endpoints_.Insert(tx, a_, endpoint, "s"); }),
              ReasonIs("TOO_MANY_ENDPOINTS"));
  AddEndpoint(b_, "https://x");
}

TEST_F(QueueStoreTest, TellsHowLongTheOldestHasWaited) {
  const auto oldest = [&] {
    return queue_->Run(Soon(),
                       [&](postgres::Transaction& tx) { return queue_store_.OldestDue(tx); });
  };
  EXPECT_EQ(*oldest(), absl::ZeroDuration());
  AddEndpoint(a_, "https://x");
  FanOutMany(a_, 1);
  test_->Execute("UPDATE webhook.queue SET due_at = now() - interval '1 hour'");
  EXPECT_GE(*oldest(), absl::Hours(1));
  test_->SetTenantState(a_, "suspended");
  EXPECT_EQ(*oldest(), absl::ZeroDuration());
}

TEST_F(QueueStoreTest, AnErasedBodyIsNeverSent) {
  AddEndpoint(a_, "https://x");
  Message message = NewMessage(a_);
  message.customer = CustomerId::New(absl::Now());
  ASSERT_OK(FanOut({message, NewMessage(a_)}));
  const auto in_hand = Claim();
  ASSERT_EQ(in_hand.size(), 2u);
  uint64_t erased = 0;
  ASSERT_OK(Write(a_, "subject.erase", [&](postgres::Transaction& tx) {
    erased = *delivery_store_.BlankBodiesOf(tx, a_, *message.customer).Await();
  }));
  EXPECT_EQ(erased, 1u);
  EXPECT_EQ(Queued(), 1);
  for (const Delivery& delivery : Deliveries(a_)) {
    EXPECT_EQ(delivery.state, delivery.message == message.id ? "dropped" : "pending");
  }
}

}  // namespace
}  // namespace kasbah::webhook
