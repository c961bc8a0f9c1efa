#include <gmock/gmock.h>

#include "services/webhook/store/delivery_quota.h"
#include "services/webhook/store/inbox_store.h"
#include "services/webhook/store/webhook_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::ReasonIs;
using ::testing::UnorderedElementsAre;

class InboxStoreTest : public WebhookTest {
 protected:
  // Endpoints that the one waiting delivery of each message goes to.
  std::vector<std::string> Targets() {
    std::vector<std::string> targets;
    for (const ClaimedDelivery& claim : Claim()) targets.push_back(claim.url);
    return targets;
  }
};

TEST_F(InboxStoreTest, FansOutToEndpointsWhoseFilterMatches) {
  AddEndpoint(a_, "https://all");
  AddEndpoint(a_, "https://created", {"record.created"});
  AddEndpoint(a_, "https://wild", {"secret.rotated", "record.*"});
  AddEndpoint(a_, "https://deleted", {"record.deleted"});
  AddEndpoint(a_, "https://prefix", {"rec.*"});
  AddEndpoint(b_, "https://other-tenant");
  ASSERT_OK(FanOut({NewMessage(a_, "record.created")}));
  EXPECT_THAT(Targets(), UnorderedElementsAre("https://all", "https://created", "https://wild"));
}

TEST_F(InboxStoreTest, KeepsNoMessageThatNobodySubscribedTo) {
  AddEndpoint(a_, "https://x", {"record.deleted"});
  ASSERT_OK(FanOut({NewMessage(a_), NewMessage(b_), NewMessage(TenantId::New(absl::Now()))}));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM webhook.messages"), "0");
  EXPECT_EQ(Queued(), 0);
}

TEST_F(InboxStoreTest, AnEventIsOneMessageHoweverOftenItArrives) {
  AddEndpoint(a_, "https://x");
  const Message message = NewMessage(a_);
  Message again = message;
  again.id = MessageId::New(absl::Now());
  ASSERT_OK(FanOut({message}));
  ASSERT_OK(FanOut({again}));
  ASSERT_EQ(Deliveries(a_).size(), 1u);
  EXPECT_EQ(Deliveries(a_)[0].message, message.id);
}

TEST_F(InboxStoreTest, ManyTenantsInOneBatchStayApart) {
  const EndpointId of_a = AddEndpoint(a_, "https://a");
  const EndpointId of_b = AddEndpoint(b_, "https://b");
  std::vector<Message> messages;
  for (int i = 0; i < 50; ++i) messages.push_back(NewMessage(i % 2 == 0 ? a_ : b_));
  ASSERT_OK(FanOut(messages));
  ASSERT_EQ(Deliveries(a_).size(), 25u);
  ASSERT_EQ(Deliveries(b_).size(), 25u);
  for (const Delivery& delivery : Deliveries(a_)) EXPECT_EQ(delivery.endpoint, of_a);
  for (const Delivery& delivery : Deliveries(b_)) EXPECT_EQ(delivery.endpoint, of_b);
}

TEST_F(InboxStoreTest, DisabledAndDeletedEndpointsGetNothing) {
  const EndpointId gone = AddEndpoint(a_, "https://gone");
  const EndpointId off = AddEndpoint(a_, "https://off");
  ASSERT_OK(Write(a_, "endpoint.delete",
                  [&](postgres::Transaction& tx) { endpoints_.Delete(tx, a_, gone); }));
  ASSERT_OK(Write(a_, "endpoint.disable",
                  [&](postgres::Transaction& tx) { endpoints_.Disable(tx, a_, off); }));
  ASSERT_OK(FanOut({NewMessage(a_)}));
  EXPECT_EQ(Queued(), 0);
}

TEST_F(InboxStoreTest, ACursorIsMadeOnceAndMoves) {
  const BatchSource source{"service/tenant-data", "main", Uuid::V7(absl::Now())};
  const auto lock = [&] {
    return queue_->Run(Soon(),
                       [&](postgres::Transaction& tx) { return inbox_.LockCursor(tx, source); });
  };
  ASSERT_OK_AND_ASSIGN(const outbox::ReceiverCursor fresh, lock());
  EXPECT_EQ(fresh.last_batch, 0u);
  ASSERT_OK(queue_->Run(Soon(), [&](postgres::Transaction& tx) {
    return inbox_.MoveCursor(tx, source, {7, "digest"});
  }));
  ASSERT_OK_AND_ASSIGN(const outbox::ReceiverCursor moved, lock());
  EXPECT_EQ(moved.last_batch, 7u);
  EXPECT_EQ(moved.digest, "digest");
}

TEST_F(InboxStoreTest, TheServicesOwnRoleReachesNoCursorAndNothingThatIsQuarantined) {
  EXPECT_EQ(test_->QueryValue("SELECT has_any_column_privilege('kasbah_webhook', "
                              "'webhook.receiver_cursors', 'SELECT, INSERT, UPDATE') OR "
                              "has_table_privilege('kasbah_webhook', "
                              "'webhook.receiver_cursors', 'DELETE')"),
            "f");
  // It counts and deletes a tenant's entries when the tenant is erased, and reads none of them.
  EXPECT_EQ(test_->QueryValue("SELECT has_any_column_privilege('kasbah_webhook', "
                              "'webhook.quarantine', 'INSERT, UPDATE') OR "
                              "has_column_privilege('kasbah_webhook', "
                              "'webhook.quarantine', 'payload', 'SELECT')"),
            "f");
}

TEST_F(InboxStoreTest, DeliveriesOfALimitedTenantAreCountedByTheMonth) {
  for (const TenantId tenant : {a_, b_}) {
    AddEndpoint(tenant, "https://one");
    AddEndpoint(tenant, "https://two");
  }
  test_->Execute("INSERT INTO webhook.quotas (tenant_id, meter, most, month_start) VALUES ('" +
                 a_.uuid().ToString() + "', 'deliveries', 3, date_trunc('month', now(), 'UTC'))");
  const auto used = [&] { return test_->QueryValue("SELECT used FROM webhook.quotas"); };
  const Message message = NewMessage(a_);
  ASSERT_OK(FanOut({message, NewMessage(b_)}));
  EXPECT_EQ(used(), "2");
  // Brought again it is no other; and what its records' changes send goes on beyond the limit.
  ASSERT_OK(FanOut({message, NewMessage(a_)}));
  EXPECT_EQ(used(), "4");
  EXPECT_EQ(Deliveries(a_).size(), 4u);
  test_->Execute("UPDATE webhook.quotas SET month_start = month_start - interval '1 month'");
  ASSERT_OK(FanOut({NewMessage(a_)}));
  EXPECT_EQ(used(), "2");
  EXPECT_EQ(test_->QueryValue("SELECT month_start = date_trunc('month', now(), 'UTC') "
                              "FROM webhook.quotas"),
            "t");
}

TEST_F(InboxStoreTest, DeliveriesAreCountedByTheDayThatTheirMessageCame) {
  AddEndpoint(a_, "https://one");
  AddEndpoint(a_, "https://two");
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2026, 11, 28), absl::UTCTimeZone());
  for (const absl::Duration after : {-absl::Milliseconds(1), absl::ZeroDuration(),
                                     absl::Hours(24) - absl::Milliseconds(1), absl::Hours(24)}) {
    Message message = NewMessage(a_);
    message.id = MessageId::New(midnight + after);
    ASSERT_OK(FanOut({message}));
  }
  ASSERT_OK_AND_ASSIGN(const int64_t count,
                       database_->WithTenant(Call(a_), [&](postgres::Transaction& tx) {
                         return DeliveryQuota::Count(tx, a_, midnight, midnight + absl::Hours(24));
                       }));
  EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace kasbah::webhook
