// A server that has more to do than it can, and one that ends.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/rpc/rpc_fixture.h"

namespace kasbah::rpc {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;

// A call that waits at the gate; its result when it is over.
class Waiting {
 public:
  Waiting(std::shared_ptr<grpc::Channel> channel, absl::Duration patience) {
    thread_ = std::thread([this, channel = std::move(channel), patience] {
      const auto stub = auth::v1::TrustService::NewStub(channel);
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
      auth::v1::GetJwksResponse reply;
      const absl::Status status = FromGrpcStatus(stub->GetJwks(&context, {}, &reply));
      absl::MutexLock lock(&mutex_);
      status_ = status;
    });
  }
  ~Waiting() { thread_.join(); }
  bool over() const {
    absl::MutexLock lock(&mutex_);
    return status_.has_value();
  }
  absl::Status Wait() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::optional<absl::Status>* s) { return s->has_value(); }, &status_));
    return *status_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> status_;
  std::thread thread_;
};

template <typename Condition>
bool Eventually(Condition condition) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(ServerTest, PastItsQueueTheServerShedsAtOnce) {
  config_.threads = 1;
  config_.queue = 1;
  Restart();
  const auto client = Client(kWebhook);
  std::vector<std::unique_ptr<Waiting>> calls;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(std::make_unique<Waiting>(client, absl::Seconds(30)));
  }
  const auto over = [&] {
    return std::count_if(calls.begin(), calls.end(), [](const auto& c) { return c->over(); });
  };
  ASSERT_TRUE(Eventually([&] { return over() == 1; }));
  for (const auto& call : calls) {
    if (!call->over()) continue;
    EXPECT_THAT(call->Wait(), ReasonIs("OVERLOADED"));
  }
  EXPECT_OK(Ping(client)) << "inline calls need no thread";
  services_->gate.Notify();
  int fine = 0;
  for (const auto& call : calls) fine += call->Wait().ok();
  EXPECT_EQ(fine, 2);
}

TEST_F(ServerTest, WhatIsDeferredAtOnceKeepsItsPlace) {
  config_.threads = 1;
  config_.queue = 0;
  Restart();
  ASSERT_OK(RevokeKey(Client(kGateway), {{"authorization", Bearer(UserAssertion())}}));
  EXPECT_EQ(services_->begun, 1);
  EXPECT_EQ(services_->handled, 1);
}

TEST_F(ServerTest, ACallWhoseDeadlinePassedInTheQueueNeverReachesItsHandler) {
  config_.threads = 1;
  Restart();
  const auto client = Client(kWebhook);
  Waiting first(client, absl::Seconds(30));
  ASSERT_TRUE(Eventually([&] { return services_->entered == 1; }));
  Waiting second(client, absl::Milliseconds(50));
  EXPECT_THAT(second.Wait(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  // The server counts the same 50 ms from when the call reached it.
  const absl::Time passed = absl::Now() + absl::Milliseconds(50);
  ASSERT_TRUE(Eventually([&] { return absl::Now() > passed; }));
  services_->gate.Notify();
  EXPECT_OK(first.Wait());
  server_->Shutdown();
  EXPECT_EQ(services_->entered, 1);
}

TEST_F(ServerTest, ADrainFinishesWhatIsUnderWayAndTakesNothingNew) {
  const auto client = Client(kWebhook);
  Waiting under_way(client, absl::Seconds(30));
  ASSERT_TRUE(Eventually([&] { return services_->entered == 1; }));
  std::thread shutdown([this] { server_->Shutdown(); });
  EXPECT_TRUE(Eventually([&] { return !Ping(client).ok(); }));
  EXPECT_FALSE(under_way.over());
  services_->gate.Notify();
  EXPECT_OK(under_way.Wait());
  shutdown.join();
}

TEST_F(ServerTest, AStreamRunsUntilTheServerDrains) {
  const auto stub = auth::v1::TrustService::NewStub(Client(kWebhook));
  grpc::ClientContext context;
  const auto reader = stub->WatchRevocations(&context, auth::v1::WatchRevocationsRequest());
  auth::v1::WatchRevocationsResponse message;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(reader->Read(&message));
  std::thread shutdown([this] { server_->Shutdown(); });
  while (reader->Read(&message)) {
  }
  EXPECT_THAT(FromGrpcStatus(reader->Finish()), ReasonIs("DRAINING"));
  shutdown.join();
}

TEST_F(ServerTest, AStreamWhoseClientLeftGivesItsThreadBack) {
  config_.streams = 1;
  Restart();
  const auto stub = auth::v1::TrustService::NewStub(Client(kWebhook));
  for (int i = 0; i < 3; ++i) {
    const auto read_one = [&] {
      grpc::ClientContext context;
      const auto reader = stub->WatchRevocations(&context, auth::v1::WatchRevocationsRequest());
      auth::v1::WatchRevocationsResponse message;
      const bool read = reader->Read(&message);
      context.TryCancel();
      reader->Finish();
      return read;
    };
    EXPECT_TRUE(Eventually(read_one)) << i;
  }
}

}  // namespace
}  // namespace kasbah::rpc
