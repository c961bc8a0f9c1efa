#include <gtest/gtest.h>

#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/receiver_service.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class ReceiverServiceTest : public AuditServerTest {
 protected:
  absl::StatusOr<outbox::v1::ReceiveBatchResponse> Send(
      const outbox::v1::ReceiveBatchRequest& request, const std::string& path = "service/vault") {
    return As(TenantId(), &outbox::v1::ReceiverService::Stub::ReceiveBatch, request, path);
  }
};

TEST_F(ReceiverServiceTest, WhatIsAcknowledgedIsLoggedAndProvable) {
  ASSERT_OK_AND_ASSIGN(const auto reply, Send(Request(1, Repeat(a_, 3))));
  EXPECT_EQ(reply.last_batch(), 1u);
  EXPECT_EQ(Checkpoint(a_).size(), 3u);
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  EXPECT_TRUE(Verify(a_, file).ok());
}

TEST_F(ReceiverServiceTest, ABatchWhoseAnswerWasLostIsAcknowledgedAgain) {
  const auto request = Request(1, Repeat(a_, 3));
  ASSERT_OK(Send(request));
  ASSERT_OK_AND_ASSIGN(const auto reply, Send(request));
  EXPECT_EQ(reply.last_batch(), 1u);
  EXPECT_EQ(Count("event", a_), "3");
}

TEST_F(ReceiverServiceTest, BatchesOutOfOrderAreRefused) {
  EXPECT_THAT(Send(Request(2, Repeat(a_, 1))), ReasonIs("BATCH_GAP"));
  ASSERT_OK(Send(Request(1, Repeat(a_, 1))));
  EXPECT_THAT(Send(Request(1, Repeat(a_, 2))), ReasonIs("BATCH_DIGEST_MISMATCH"));
}

TEST_F(ReceiverServiceTest, TheSourceIsTheCertificates) {
  ASSERT_OK(Send(Request(1, Repeat(a_, 1)), "service/vault"));
  // The same numbers of another service are another row of batches.
  ASSERT_OK(Send(Request(1, Repeat(a_, 1)), "service/tenant-data"));
  ASSERT_OK_AND_ASSIGN(const auto list, List(a_, {}));
  EXPECT_EQ(list.events(0).event().service(), "tenant-data");
  EXPECT_EQ(list.events(1).event().service(), "vault");
}

TEST_F(ReceiverServiceTest, OnlyServicesMaySend) {
  EXPECT_THAT(Send(Request(1, Repeat(a_, 1)), "operator/grace"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Count("event", a_), "0");
}

TEST_F(ReceiverServiceTest, AnotherTopicIsRefused) {
  auto request = Request(1, Repeat(a_, 1));
  request.set_topic(outbox::v1::TOPIC_CHANGE);
  EXPECT_THAT(Send(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace kasbah::audit
