#include <gtest/gtest.h>

#include <thread>

#include "services/audit/rpc/audit_server_fixture.h"

namespace kasbah::audit {
namespace {

using testing::ReasonIs;

// A client that follows a log; what it is sent is read as it is asked for.
class Follower {
 public:
  Follower(const std::shared_ptr<grpc::Channel>& channel, const v1::TailEventsRequest& request,
           const std::function<void(grpc::ClientContext*)>& identify)
      : stub_(v1::AuditService::NewStub(channel)) {
    identify(&context_);
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
    reader_ = stub_->TailEvents(&context_, request);
  }

  // The next `count` events' numbers; fewer where the stream ends.
  std::vector<uint64_t> Read(size_t count) {
    std::vector<uint64_t> sequences;
    v1::TailEventsResponse message;
    while (sequences.size() < count && reader_->Read(&message)) {
      for (const v1::Event& event : message.events()) sequences.push_back(event.sequence());
      next_ = message.next_sequence();
    }
    return sequences;
  }
  // Its place, which the first message tells.
  void AwaitStart() {
    v1::TailEventsResponse message;
    ASSERT_TRUE(reader_->Read(&message));
    next_ = message.next_sequence();
  }
  absl::Status Finish() {
    v1::TailEventsResponse message;
    while (reader_->Read(&message)) {
    }
    return rpc::FromGrpcStatus(reader_->Finish());
  }
  void Cancel() { context_.TryCancel(); }
  uint64_t next() const { return next_; }

 private:
  std::unique_ptr<v1::AuditService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::TailEventsResponse>> reader_;
  uint64_t next_ = 0;
};

class TailTest : public AuditServerTest {
 protected:
  std::unique_ptr<Follower> Follow(const v1::TailEventsRequest& request) {
    return std::make_unique<Follower>(
        ChannelOf("operator/grace"), request,
        [this](grpc::ClientContext* context) { rpc::Propagate(Call(a_), context); });
  }
  std::unique_ptr<Follower> FollowFrom(uint64_t sequence, const std::string& action = "") {
    v1::TailEventsRequest request;
    request.set_from_sequence(sequence);
    if (!action.empty()) request.mutable_filter()->add_actions(action);
    return Follow(request);
  }
  static std::vector<uint64_t> Numbers(uint64_t first, uint64_t past) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = first; i < past; ++i) numbers.push_back(i);
    return numbers;
  }
  // Through the flusher of this process, as relays do.
  void Flush(const Events& events) {
    ASSERT_OK(
        flusher_->Apply(Prepared(Request(++last_batch_, events)), absl::Now() + absl::Seconds(20)));
  }
};

TEST_F(TailTest, SendsWhatIsThereAndThenWhatComes) {
  Log(Repeat(a_, 1203));
  const auto follower = FollowFrom(2);
  EXPECT_EQ(follower->Read(1201), Numbers(2, 1203));
  Flush(Repeat(a_, 3));
  EXPECT_EQ(follower->Read(3), Numbers(1203, 1206));
  // What another process adds is found by looking.
  Log(Repeat(a_, 2));
  EXPECT_EQ(follower->Read(2), Numbers(1206, 1208));
  EXPECT_EQ(Waiting("audit.tail"), "1");
}

TEST_F(TailTest, BeginsWithTheNextEventUnlessItIsTold) {
  Log(Repeat(a_, 3));
  const auto follower = Follow({});
  follower->AwaitStart();
  EXPECT_EQ(follower->next(), 3u);
  Log(Repeat(a_, 1));
  EXPECT_EQ(follower->Read(1), Numbers(3, 4));
}

TEST_F(TailTest, GoesOnWhereAnEarlierOneWas) {
  Log(Repeat(a_, 5));
  auto follower = FollowFrom(0);
  EXPECT_EQ(follower->Read(5), Numbers(0, 5));
  const uint64_t next = follower->next();
  follower->Cancel();
  follower->Finish().IgnoreError();
  Log(Repeat(a_, 4));
  EXPECT_EQ(FollowFrom(next)->Read(4), Numbers(5, 9));
}

TEST_F(TailTest, AFilterNarrowsIt) {
  Log(Repeat(a_, 600));
  Log({{a_, Event("record.update")}, {a_, Event()}, {a_, Event("record.delete")}});
  const auto follower = FollowFrom(0, "record.");
  EXPECT_EQ(follower->Read(2), (std::vector<uint64_t>{600, 602}));
}

TEST_F(TailTest, ManyFlushesAtOnceComeInOrderWithoutAGap) {
  const auto follower = FollowFrom(0);
  std::thread writer([this] {
    for (int i = 0; i < 40; ++i) Flush(Repeat(a_, 7));
  });
  EXPECT_EQ(follower->Read(280), Numbers(0, 280));
  writer.join();
}

TEST_F(TailTest, ShowsNothingOfAnotherTenant) {
  Log({{b_, Event()}, {a_, Event()}, {b_, Event()}});
  const auto follower = FollowFrom(0);
  EXPECT_EQ(follower->Read(1), Numbers(0, 1));
  Log({{b_, Event()}, {a_, Event()}});
  EXPECT_EQ(follower->Read(1), Numbers(1, 2));
}

TEST_F(TailTest, EndsWhenTheCredentialIsRevoked) {
  server_->assertions().RevocationsFresh();
  Follower follower(ChannelOf("service/gateway"), {}, [this](grpc::ClientContext* context) {
    context->AddMetadata("authorization", StrCat("Bearer ", AssertionFor(a_)));
  });
  follower.AwaitStart();
  server_->assertions().Revoke(testing::kUser, absl::Now() + absl::Seconds(1));
  EXPECT_THAT(follower.Finish(), ReasonIs("ASSERTION_REVOKED"));
}

TEST_F(TailTest, EndsWhenTheTenantIsSuspended) {
  const auto follower = FollowFrom(0);
  follower->AwaitStart();
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(follower->Finish(), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(TailTest, AMissingEventEndsItInsteadOfBeingPassedOver) {
  Log(Repeat(a_, 4));
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 2");
  EXPECT_THAT(FollowFrom(0)->Finish(), ReasonIs("LOG_DAMAGED"));
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 3");
  EXPECT_THAT(FollowFrom(3)->Finish(), ReasonIs("LOG_DAMAGED"));
}

TEST_F(TailTest, WhatCannotBeFollowedIsRefused) {
  Log(Repeat(a_, 3));
  EXPECT_THAT(FollowFrom(4)->Finish(), ReasonIs("INVALID_FIELDS"));
  v1::TailEventsRequest request;
  request.mutable_filter()->mutable_start_time()->set_seconds(1);
  EXPECT_THAT(Follow(request)->Finish(), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::audit
