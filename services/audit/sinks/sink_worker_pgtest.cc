#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "services/audit/sinks/sink_fixture.h"
#include "services/audit/sinks/sink_worker.h"

namespace kasbah::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SinkWorkerTest : public SinkTest {};

TEST_F(SinkWorkerTest, EveryEventArrivesInOrderAndOnce) {
  Log(Repeat(a_, 1300));
  Log({{b_, Event()}});
  HttpReceiver receiver;
  const SinkId sink = Add(a_, Http(receiver.url()), {}, "Bearer token");
  Start();
  WaitUntilAt(a_, sink, 1300);
  Log(Repeat(a_, 7));
  WaitUntilAt(a_, sink, 1307);
  EXPECT_EQ(receiver.Taken(), UpTo(1307));
  EXPECT_THAT(receiver.arrivals(), SizeIs(4));
  EXPECT_EQ(receiver.arrivals()[0].authorization, "Bearer token");
  const Sink after = Get(a_, sink);
  EXPECT_EQ(after.delivered, 1307u);
  EXPECT_EQ(after.state(), v1::Sink::STATE_ACTIVE);
  EXPECT_TRUE(after.last_success.has_value());
  EXPECT_FALSE(after.oldest_waiting.has_value());
}

TEST_F(SinkWorkerTest, AFilterPicksAndTheCursorPassesTheRest) {
  Log(Repeat(a_, 700));
  Log({{a_, Event("record.update")}, {a_, Event()}, {a_, Event("record.delete")}});
  HttpReceiver receiver;
  v1::EventFilter filter;
  filter.add_actions("record.");
  const SinkId sink = Add(a_, Http(receiver.url()), filter);
  Start();
  WaitUntilAt(a_, sink, 703);
  EXPECT_THAT(receiver.Taken(), ElementsAre(700, 702));
  EXPECT_EQ(Get(a_, sink).delivered, 2u);
}

TEST_F(SinkWorkerTest, AReceiverThatWasDownGetsEverythingWhenItIsBack) {
  int port;
  {
    HttpReceiver probe;
    port = probe.port();
  }
  Log(Repeat(a_, 600));
  const SinkId sink = Add(a_, Http(StrCat("http://127.0.0.1:", port, "/in")));
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "CONNECT_REFUSED");
  EXPECT_EQ(Get(a_, sink).state(), v1::Sink::STATE_FAILING);
  EXPECT_EQ(Get(a_, sink).next, 0u);
  HttpReceiver receiver([](int, const http::Request&) { return http::Response{}; }, port);
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 600;
  });
  EXPECT_EQ(receiver.Taken(), UpTo(600));
  EXPECT_EQ(Get(a_, sink).last_error, "");
}

TEST_F(SinkWorkerTest, WhatIsToldToWaitIsSentAgainAsItWas) {
  Log(Repeat(a_, 10));
  HttpReceiver receiver([](int number, const http::Request&) {
    const int status = number == 1 ? 429 : number == 2 ? 503 : number == 3 ? 500 : 200;
    return http::Response{.status = status, .headers = {{"Retry-After", "1200"}}};
  });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitFor([&] { return Get(a_, sink).failures == 1; });
  // The receiver's own wait, and not the first second's.
  EXPECT_GT(Get(a_, sink).due, absl::Now() + absl::Minutes(15));
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 10;
  });
  // Events that come meanwhile do not change what is on its way.
  ASSERT_THAT(receiver.arrivals(), SizeIs(4));
  for (const auto& arrival : receiver.arrivals()) {
    EXPECT_EQ(arrival.id, receiver.arrivals()[0].id);
    EXPECT_EQ(arrival.body, receiver.arrivals()[0].body);
  }
}

TEST_F(SinkWorkerTest, ABatchOnItsWayDoesNotGrow) {
  Log(Repeat(a_, 3));
  std::atomic<bool> up{false};
  HttpReceiver receiver(
      [&](int, const http::Request&) { return http::Response{.status = up ? 200 : 500}; });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitFor([&] { return Get(a_, sink).failures == 1; });
  Log(Repeat(a_, 4));
  up = true;
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 7;
  });
  const auto arrivals = receiver.arrivals();
  ASSERT_GE(arrivals.size(), 3u);
  EXPECT_EQ(arrivals[1].id, arrivals[0].id);
  EXPECT_EQ(arrivals[1].body, arrivals[0].body);
  EXPECT_EQ(receiver.Taken(), UpTo(7));
}

TEST_F(SinkWorkerTest, APoisonousEventIsFoundReportedAndPassed) {
  Log(Repeat(a_, 40));
  Log({{a_, Event("poison.create")}});
  Log(Repeat(a_, 40));
  HttpReceiver receiver([](int, const http::Request& request) {
    const bool poisoned = request.body.find("poison.create") != std::string::npos;
    return http::Response{.status = poisoned ? 400 : 200};
  });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitUntilAt(a_, sink, 81);
  std::vector<uint64_t> expected = UpTo(81);
  expected.erase(expected.begin() + 40);
  EXPECT_EQ(receiver.Taken(), expected);
  const auto refused = Refused(a_, sink);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].sequence, 40u);
  EXPECT_EQ(refused[0].reason, "HTTP_400");
  EXPECT_EQ(Get(a_, sink).refused, 1u);
  EXPECT_EQ(Get(a_, sink).state(), v1::Sink::STATE_ACTIVE);
  // Told in the trail, by an event that waits for its relay.
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM audit.outbox WHERE "
                              "position('audit.sink.refuse'::bytea IN payload) > 0"),
            "1");
}

TEST_F(SinkWorkerTest, AReceiverThatRefusesEverythingStopsTheSink) {
  Log(Repeat(a_, 30));
  HttpReceiver receiver([](int, const http::Request&) { return http::Response{.status = 400}; });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).refusals >= kMaxRefusals;
  });
  const Sink stopped = Get(a_, sink);
  EXPECT_EQ(stopped.state(), v1::Sink::STATE_REFUSING);
  EXPECT_EQ(stopped.next, static_cast<uint64_t>(kMaxRefusals - 1));
  EXPECT_THAT(Refused(a_, sink), SizeIs(kMaxRefusals - 1));
  // It is tried again, and skips nothing more.
  const size_t tries = receiver.arrivals().size();
  WaitFor([&] {
    Hurry(sink);
    return receiver.arrivals().size() >= tries + 3;
  });
  EXPECT_EQ(Get(a_, sink).next, stopped.next);
}

TEST_F(SinkWorkerTest, OfABulkTheItemsThatAreRefusedAreReportedAndTheRestIsTaken) {
  Log(Repeat(a_, 3));
  HttpReceiver receiver([](int number, const http::Request&) {
    // Half of it first, as one who runs out of room does.
    if (number == 1) {
      return http::Response{.body = R"({"errors":true,"items":[{"create":{"status":201}},
          {"create":{"status":429}},{"create":{"status":429}}]})"};
    }
    return http::Response{.body = R"({"errors":true,"items":[{"create":{"status":409}},
        {"create":{"status":400,"error":{"type":"mapper_parsing_exception"}}},
        {"create":{"status":201}}]})"};
  });
  const SinkId sink = Add(a_, Http(receiver.url(), v1::HttpTarget::SHAPE_ELASTIC_BULK));
  Start();
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 3;
  });
  const auto arrivals = receiver.arrivals();
  ASSERT_THAT(arrivals, SizeIs(2));
  EXPECT_EQ(arrivals[1].body, arrivals[0].body);
  EXPECT_EQ(Get(a_, sink).delivered, 2u);
  ASSERT_THAT(Refused(a_, sink), SizeIs(1));
  EXPECT_EQ(Refused(a_, sink)[0].sequence, 1u);
}

TEST_F(SinkWorkerTest, OneThatHangsHoldsNoOther) {
  Log(Repeat(a_, 5));
  Log(Repeat(b_, 5));
  absl::Notification over;
  HttpReceiver slow([&](int, const http::Request&) {
    over.WaitForNotification();
    return http::Response{};
  });
  HttpReceiver quick;
  const SinkId hanging = Add(a_, Http(slow.url()));
  Start({.workers = 2, .lease = absl::Seconds(60), .poll = absl::Milliseconds(10)});
  WaitFor([&] { return !slow.arrivals().empty(); });
  const SinkId beside = Add(a_, Http(quick.url()));
  const SinkId others = Add(b_, Http(quick.url()));
  WaitUntilAt(a_, beside, 5);
  WaitUntilAt(b_, others, 5);
  EXPECT_EQ(Get(a_, hanging).next, 0u);
  EXPECT_THAT(slow.arrivals(), SizeIs(1));
  over.Notify();
  WaitUntilAt(a_, hanging, 5);
}

TEST_F(SinkWorkerTest, TwoReplicasSendNothingTwice) {
  Log(Repeat(a_, 5000));
  HttpReceiver receiver;
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  SinkProcess other(*database_, *door_, outbox_, *checkpointer_, *key_, secrets_,
                    {.workers = 2, .lease = absl::Seconds(60), .poll = absl::Milliseconds(5)},
                    absl::Seconds(20));
  WaitUntilAt(a_, sink, 5000);
  EXPECT_THAT(receiver.arrivals(), SizeIs(10));
  EXPECT_EQ(receiver.Taken(), UpTo(5000));
}

TEST_F(SinkWorkerTest, APausedSinkSendsNothingUntilItIsResumed) {
  HttpReceiver receiver;
  const SinkId paused = Add(a_, Http(receiver.url()));
  SetPaused(a_, paused, true);
  HttpReceiver witness;
  const SinkId beside = Add(a_, Http(witness.url()));
  Log(Repeat(a_, 4));
  Start();
  WaitUntilAt(a_, beside, 4);
  EXPECT_THAT(receiver.arrivals(), IsEmpty());
  EXPECT_EQ(Get(a_, paused).state(), v1::Sink::STATE_PAUSED);
  SetPaused(a_, paused, false);
  WaitUntilAt(a_, paused, 4);
  EXPECT_EQ(receiver.Taken(), UpTo(4));
}

TEST_F(SinkWorkerTest, NothingOfASuspendedTenantIsSent) {
  HttpReceiver receiver;
  Add(a_, Http(receiver.url()));
  const SinkId others = Add(b_, Http(receiver.url()));
  Log(Repeat(a_, 4));
  Log(Repeat(b_, 4));
  test_->SetTenantState(a_, "suspended");
  Start();
  WaitUntilAt(b_, others, 4);
  for (const auto& arrival : receiver.arrivals()) {
    EXPECT_EQ(arrival.body.find(a_.ToString()), std::string::npos);
  }
}

TEST_F(SinkWorkerTest, WithoutTheVaultItWaits) {
  Log(Repeat(a_, 2));
  HttpReceiver receiver;
  secrets_.away = true;
  const SinkId sink = Add(a_, Http(receiver.url()), {}, "Bearer token");
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "SECRET_UNAVAILABLE");
  EXPECT_THAT(receiver.arrivals(), IsEmpty());
  secrets_.away = false;
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 2;
  });
}

TEST_F(SinkWorkerTest, AGapInTheLogStopsTheSinkBeforeIt) {
  Log(Repeat(a_, 10));
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 6");
  HttpReceiver receiver;
  const SinkId sink = Add(a_, Http(receiver.url()));
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "LOG_DAMAGED");
  EXPECT_EQ(Get(a_, sink).next, 0u);
  EXPECT_THAT(receiver.arrivals(), IsEmpty());
}

TEST_F(SinkWorkerTest, PrivateAddressesAreNotDialled) {
  Log(Repeat(a_, 1));
  const SinkId sink = Add(a_, Http("http://10.255.0.1:9/in"));
  v1::Sink syslog;
  syslog.mutable_syslog()->set_host("10.255.0.1");
  const SinkId other = Add(a_, syslog);
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1 && Get(a_, other).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "ADDRESS_BLOCKED");
  EXPECT_EQ(Get(a_, other).last_error, "ADDRESS_BLOCKED");
}

}  // namespace
}  // namespace kasbah::audit
