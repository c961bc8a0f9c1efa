#include "libs/outbox/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/outbox/relay.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::outbox {
namespace {

using ::kasbah::testing::ReasonIs;

v1::ReceiveBatchRequest Batch(uint64_t number, const std::string& payload) {
  v1::ReceiveBatchRequest request;
  request.set_topic(v1::TOPIC_CHANGE);
  request.set_shard("main");
  request.set_epoch("0190a5d2-7c3e-7000-8000-000000000001");
  request.set_batch(number);
  v1::Entry* entry = request.add_entries();
  entry->set_id(number * 10);
  entry->set_tenant(std::string(16, 't'));
  entry->set_payload(payload);
  request.set_digest(Relay::Digest(request.entries()));
  return request;
}

TEST(Receiver, AppliesTheNextBatchOnly) {
  const v1::ReceiveBatchRequest first = Batch(1, "a");
  ASSERT_OK_AND_ASSIGN(const BatchDecision decision, DecideBatch({}, first));
  EXPECT_EQ(decision, BatchDecision::kApply);
  EXPECT_THAT(DecideBatch({}, Batch(2, "a")), ReasonIs("BATCH_GAP"));
  EXPECT_OK(DecideBatch({1, first.digest()}, Batch(2, "b")));
  EXPECT_THAT(DecideBatch({1, first.digest()}, Batch(3, "b")), ReasonIs("BATCH_GAP"));
}

TEST(Receiver, AcknowledgesTheLastBatchAgainOnlyIfItIsTheSame) {
  const v1::ReceiveBatchRequest last = Batch(4, "a");
  const ReceiverCursor cursor{4, last.digest()};
  ASSERT_OK_AND_ASSIGN(const BatchDecision decision, DecideBatch(cursor, last));
  EXPECT_EQ(decision, BatchDecision::kAcknowledge);
  EXPECT_THAT(DecideBatch(cursor, Batch(4, "b")), ReasonIs("BATCH_DIGEST_MISMATCH"));
  EXPECT_THAT(DecideBatch(cursor, Batch(3, "a")), ReasonIs("BATCH_DIGEST_MISMATCH"));
}

TEST(Receiver, ChecksThatABatchIsWhatItSays) {
  EXPECT_OK(CheckBatch(Batch(1, "a"), v1::TOPIC_CHANGE));
  EXPECT_THAT(CheckBatch(Batch(1, "a"), v1::TOPIC_AUDIT), ReasonIs("BATCH_INVALID"));
  EXPECT_THAT(CheckBatch(Batch(0, "a"), v1::TOPIC_CHANGE), ReasonIs("BATCH_INVALID"));
  v1::ReceiveBatchRequest request = Batch(1, "a");
  request.mutable_entries(0)->set_payload("b");
  EXPECT_THAT(CheckBatch(request, v1::TOPIC_CHANGE), ReasonIs("BATCH_DIGEST_INVALID"));
  request = Batch(1, "a");
  request.set_epoch("yesterday");
  EXPECT_THAT(CheckBatch(request, v1::TOPIC_CHANGE), ReasonIs("BATCH_INVALID"));
  request = Batch(1, "a");
  *request.add_entries() = request.entries(0);
  request.set_digest(Relay::Digest(request.entries()));
  EXPECT_THAT(CheckBatch(request, v1::TOPIC_CHANGE), ReasonIs("BATCH_INVALID"));
}

}  // namespace
}  // namespace kasbah::outbox
