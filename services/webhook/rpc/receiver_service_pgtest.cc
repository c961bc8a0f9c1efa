#include <gmock/gmock.h>

#include <thread>

#include "libs/outbox/relay.h"
#include "services/webhook/rpc/receiver_service.h"
#include "services/webhook/rpc/webhook_server_fixture.h"

namespace kasbah::webhook {
namespace {

using ::kasbah::testing::IsOk;
using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;
using outbox::v1::ReceiveBatchRequest;
using outbox::v1::ReceiveBatchResponse;

class ReceiverServiceTest : public WebhookServerTest {
 protected:
  static outbox::v1::ChangeEvent Event(const std::string& type = "record.created") {
    outbox::v1::ChangeEvent event;
    event.set_event_id(EventId::New(absl::Now()).ToString());
    event.mutable_occurred_at()->set_seconds(1'790'000'000);
    event.set_type(type);
    event.set_sequence(1);
    return event;
  }
  // A batch of payloads, of one tenant.
  ReceiveBatchRequest Batch(uint64_t number, const std::vector<std::string>& payloads) const {
    ReceiveBatchRequest request;
    request.set_topic(outbox::v1::TOPIC_CHANGE);
    request.set_shard("main");
    request.set_epoch(epoch_);
    request.set_batch(number);
    for (const std::string& payload : payloads) {
      outbox::v1::Entry* entry = request.add_entries();
      entry->set_id(number * 1000 + static_cast<uint64_t>(request.entries_size()));
      entry->set_tenant(std::string(a_.uuid().view()));
      entry->set_payload(payload);
    }
    request.set_digest(outbox::Relay::Digest(request.entries()));
    return request;
  }
  absl::StatusOr<ReceiveBatchResponse> Send(const ReceiveBatchRequest& request,
                                            const std::string& peer = "service/tenant-data") {
    return As(peer, TenantId(), &outbox::v1::ReceiverService::Stub::ReceiveBatch, request);
  }
  std::string Messages() { return test_->QueryValue("SELECT count(*) FROM webhook.messages"); }

  const std::string epoch_ = Uuid::V7(absl::Now()).ToString();
};

TEST_F(ReceiverServiceTest, ABatchBecomesMessagesAndWakesTheWorker) {
  AddEndpoint(a_, "https://x");
  ASSERT_OK_AND_ASSIGN(const auto reply,
                       Send(Batch(1, {Event().SerializeAsString(), Event().SerializeAsString()})));
  EXPECT_EQ(reply.last_batch(), 1u);
  EXPECT_EQ(reply.quarantined_size(), 0);
  EXPECT_EQ(Messages(), "2");
  EXPECT_EQ(Queued(), 2);
  EXPECT_EQ(received_, 1);
}

TEST_F(ReceiverServiceTest, WhatNobodySubscribedToWakesNobody) {
  ASSERT_OK(Send(Batch(1, {Event().SerializeAsString()})));
  EXPECT_EQ(Queued(), 0);
  EXPECT_EQ(received_, 0);
  AddEndpoint(a_, "https://x");
  ASSERT_OK(Send(Batch(2, {Event().SerializeAsString()})));
  EXPECT_EQ(received_, 1);
}

TEST_F(ReceiverServiceTest, TheSameBatchAgainIsAcknowledgedAndChangesNothing) {
  AddEndpoint(a_, "https://x");
  const ReceiveBatchRequest batch = Batch(1, {Event().SerializeAsString()});
  ASSERT_OK(Send(batch));
  ASSERT_OK_AND_ASSIGN(const auto again, Send(batch));
  EXPECT_EQ(again.last_batch(), 1u);
  EXPECT_EQ(Messages(), "1");
  EXPECT_EQ(Queued(), 1);
}

TEST_F(ReceiverServiceTest, TwoRelaysThatSendTheSameBatchAtOnceApplyItOnce) {
  AddEndpoint(a_, "https://x");
  const ReceiveBatchRequest batch = Batch(1, {Event().SerializeAsString()});
  ChannelOf("service/tenant-data");
  std::vector<std::thread> relays;
  std::atomic<int> acknowledged{0};
  for (int i = 0; i < 8; ++i) {
    relays.emplace_back([&] { acknowledged += Send(batch).ok(); });
  }
  for (std::thread& relay : relays) relay.join();
  EXPECT_EQ(acknowledged, 8);
  EXPECT_EQ(Messages(), "1");
}

TEST_F(ReceiverServiceTest, AGapAndAnotherDigestAreRefused) {
  AddEndpoint(a_, "https://x");
  EXPECT_THAT(Send(Batch(2, {Event().SerializeAsString()})), ReasonIs("BATCH_GAP"));
  ASSERT_OK(Send(Batch(1, {Event().SerializeAsString()})));
  EXPECT_THAT(Send(Batch(3, {Event().SerializeAsString()})), ReasonIs("BATCH_GAP"));
  EXPECT_THAT(Send(Batch(1, {Event().SerializeAsString()})), ReasonIs("BATCH_DIGEST_MISMATCH"));
  ReceiveBatchRequest lying = Batch(2, {Event().SerializeAsString()});
  lying.set_digest(std::string(32, 'x'));
  EXPECT_THAT(Send(lying), ReasonIs("BATCH_DIGEST_INVALID"));
  EXPECT_EQ(Messages(), "1");
  ASSERT_OK(Send(Batch(2, {Event().SerializeAsString()})));
  EXPECT_EQ(Messages(), "2");
}

TEST_F(ReceiverServiceTest, SourcesAndEpochsHaveCursorsOfTheirOwn) {
  AddEndpoint(a_, "https://x");
  ASSERT_OK(Send(Batch(1, {Event().SerializeAsString()})));
  ASSERT_OK(Send(Batch(1, {Event().SerializeAsString()}), "service/auth"));
  ReceiveBatchRequest restored = Batch(1, {Event().SerializeAsString()});
  restored.set_epoch(Uuid::V7(absl::Now()).ToString());
  ASSERT_OK(Send(restored));
  EXPECT_EQ(Messages(), "3");
}

TEST_F(ReceiverServiceTest, WhatIsNotUnderstoodGoesToQuarantineAndBlocksNobody) {
  AddEndpoint(a_, "https://x");
  ASSERT_OK_AND_ASSIGN(const auto reply, Send(Batch(1, {Event().SerializeAsString(), "\xff\xff",
                                                        Event("no type").SerializeAsString()})));
  ASSERT_EQ(reply.quarantined_size(), 2);
  EXPECT_EQ(reply.quarantined(0), 1002u);
  EXPECT_EQ(Messages(), "1");
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(reason, ',' ORDER BY outbox_id) FROM "
                              "webhook.quarantine WHERE source = 'service/tenant-data'"),
            "EVENT_MALFORMED,EVENT_TYPE_INVALID");
  ASSERT_OK(Send(Batch(2, {Event().SerializeAsString()})));
}

TEST_F(ReceiverServiceTest, OnlyServicesMaySend) {
  const ReceiveBatchRequest batch = Batch(1, {Event().SerializeAsString()});
  for (const std::string& peer :
       {std::string("operator/jane"), "tenant/" + a_.ToString() + "/workload/x"}) {
    EXPECT_THAT(Send(batch, peer), StatusIs(absl::StatusCode::kPermissionDenied)) << peer;
  }
  ReceiveBatchRequest other = batch;
  other.set_topic(outbox::v1::TOPIC_AUDIT);
  EXPECT_THAT(Send(other), ReasonIs("BATCH_INVALID"));
}

}  // namespace
}  // namespace kasbah::webhook
