#include <map>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/outbox/outbox_fixture.h"
#include "libs/outbox/relay.h"
#include "libs/outbox/relay_store.h"

namespace kasbah::outbox {
namespace {

// What a receiver does: applies batch last + 1, acknowledges the last again when its digest is the
// same, refuses anything else.
class Receiver {
 public:
  SendBatch AsSendBatch() {
    return [this](const v1::ReceiveBatchRequest& request, absl::Time) { return Receive(request); };
  }

  absl::StatusOr<v1::ReceiveBatchResponse> Receive(const v1::ReceiveBatchRequest& request) {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    if (away_) return absl::UnavailableError("away");
    if (request.digest() != Relay::Digest(request.entries())) faults_ = "wrong digest";
    if (!epoch_.empty() && epoch_ != request.epoch()) faults_ = "another epoch";
    epoch_ = request.epoch();
    if (request.batch() == last_ && request.digest() == digest_) {
      ++repeats_;
    } else if (request.batch() == last_ + 1) {
      Apply(request);
    } else {
      faults_ = "gap or other digest";
      return Error(absl::StatusCode::kFailedPrecondition, "BATCH_GAP", "gap");
    }
    // The receiver committed, and its reply is lost.
    if (lose_replies_ > 0 && lose_replies_-- > 0) return absl::UnavailableError("reply lost");
    v1::ReceiveBatchResponse reply;
    reply.set_last_batch(last_);
    for (const uint64_t id : quarantine_) reply.add_quarantined(id);
    return reply;
  }

  std::vector<std::string> actions() {
    absl::MutexLock lock(&mutex_);
    return actions_;
  }
  std::string faults() {
    absl::MutexLock lock(&mutex_);
    return faults_;
  }
  std::vector<size_t> sizes() {
    absl::MutexLock lock(&mutex_);
    return sizes_;
  }
  int repeats() {
    absl::MutexLock lock(&mutex_);
    return repeats_;
  }
  int calls() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  void LoseReplies(int count) {
    absl::MutexLock lock(&mutex_);
    lose_replies_ = count;
  }
  void SetAway(bool away) {
    absl::MutexLock lock(&mutex_);
    away_ = away;
  }
  void Quarantine(uint64_t id) {
    absl::MutexLock lock(&mutex_);
    quarantine_.insert(id);
  }

 private:
  void Apply(const v1::ReceiveBatchRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    uint64_t before = 0;
    size_t bytes = 0;
    for (const v1::Entry& entry : request.entries()) {
      if (entry.id() <= before) faults_ = "out of order";
      before = entry.id();
      bytes += entry.payload().size();
      v1::AuditEvent event;
      if (!event.ParseFromString(entry.payload())) faults_ = "not an event";
      actions_.push_back(event.action());
    }
    sizes_.push_back(bytes);
    last_ = request.batch();
    digest_ = request.digest();
  }

  absl::Mutex mutex_;
  std::string epoch_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string digest_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> actions_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> sizes_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> quarantine_ ABSL_GUARDED_BY(mutex_);
  std::string faults_ ABSL_GUARDED_BY(mutex_);
  int repeats_ ABSL_GUARDED_BY(mutex_) = 0;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int lose_replies_ ABSL_GUARDED_BY(mutex_) = 0;
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
};

class RelayTest : public OutboxTest {
 protected:
  // A relay with a door of its own, as each replica has.
  struct Replica {
    std::unique_ptr<postgres::Door> door;
    std::unique_ptr<Relay> relay;
  };
  Replica StartRelay(Receiver& receiver, int rows = 2000, int bytes = 3'900'000,
                     absl::Duration gather = absl::Milliseconds(1)) {
    RelayOptions options;
    options.schema = "vault";
    options.topic = v1::TOPIC_AUDIT;
    options.batch_rows = rows;
    options.batch_bytes = bytes;
    options.poll = absl::Milliseconds(10);
    options.gather = gather;
    Replica replica{OpenDoor(), nullptr};
    replica.relay = std::make_unique<Relay>(options, *replica.door, *outbox_,
                                            receiver.AsSendBatch(), Clock::Real());
    return replica;
  }

  // How often the relay's row was looked for, how many rows of the outbox were found in an index,
  // and how often it was read from end to end.
  struct Scans {
    int64_t of_relay = 0;
    int64_t events = 0;
    int64_t whole = 0;
  };
  // Once nobody is connected as the relay: a server tells what it counted when a connection ends.
  Scans ReadScans() {
    EXPECT_TRUE(Eventually([&] {
      return test_->QueryValue(
                 "SELECT count(*) FROM pg_stat_activity WHERE usename = "
                 "'kasbah_vault_relay' AND datname = current_database()") == "0";
    }));
    const auto of = [&](const std::string& count, const std::string& table) {
      return std::stoll(
          test_->QueryValue(StrCat("SELECT ", count, " FROM pg_stat_user_tables ",
                                   "WHERE schemaname = 'vault' AND relname = '", table, "'")));
    };
    return {of("seq_scan + idx_scan", "outbox_relay"), of("idx_tup_fetch", "outbox"),
            of("seq_scan", "outbox")};
  }

  void AppendMany(int from, int to) {
    for (int i = from; i < to; ++i) ASSERT_OK(Append("note.n" + std::to_string(i)));
  }
  static std::vector<std::string> Actions(int count) {
    std::vector<std::string> actions;
    for (int i = 0; i < count; ++i) actions.push_back("note.n" + std::to_string(i));
    return actions;
  }
};

TEST_F(RelayTest, DeliversEverythingOnceInOrderAndEmptiesTheOutbox) {
  Receiver receiver;
  const Replica replica = StartRelay(receiver, 7);
  AppendMany(0, 50);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(50));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, TwoRelaysThatStartTogetherDeliverOnceInOrder) {
  Receiver receiver;
  AppendMany(0, 30);
  const Replica one = StartRelay(receiver, 5);
  const Replica two = StartRelay(receiver, 5);
  AppendMany(30, 60);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(60));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, AnotherRelayGoesOnWhenTheFirstStops) {
  Receiver receiver;
  Replica one = StartRelay(receiver, 5);
  const Replica two = StartRelay(receiver, 5);
  AppendMany(0, 20);
  one.relay.reset();
  AppendMany(20, 40);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(40));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, ABatchWhoseReplyWasLostIsSentAgainTheSame) {
  Receiver receiver;
  receiver.LoseReplies(3);
  AppendMany(0, 10);
  const Replica replica = StartRelay(receiver);
  // What comes in between does not join the batch that was sent.
  EXPECT_TRUE(Eventually([&] { return receiver.calls() > 0; }));
  AppendMany(10, 20);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.repeats(), 3);
  EXPECT_EQ(receiver.actions(), Actions(20));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, ARelayStoppedBetweenCommitAndReplyIsContinuedByTheNext) {
  Receiver receiver;
  AppendMany(0, 10);
  receiver.LoseReplies(1000);
  {
    const Replica replica = StartRelay(receiver);
    EXPECT_TRUE(Eventually([&] { return receiver.calls() > 0; }));
  }
  receiver.LoseReplies(0);
  const Replica next = StartRelay(receiver);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_GE(receiver.repeats(), 1);
  EXPECT_EQ(receiver.actions(), Actions(10));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, ABatchStaysUnderItsBytesWhateverTheRowsWeigh) {
  Receiver receiver;
  receiver.SetAway(true);
  for (int i = 0; i < 12; ++i) ASSERT_OK(Append("note.n" + std::to_string(i), 300'000));
  // Alone over the bound: a batch of its own.
  ASSERT_OK(Append("note.n12", 1'040'000));
  receiver.SetAway(false);
  const Replica replica = StartRelay(receiver, 2000, 1'000'000);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(13));
  std::vector<size_t> sizes = receiver.sizes();
  ASSERT_EQ(sizes.size(), 5u);
  EXPECT_GT(sizes.back(), 1'000'000u);
  sizes.pop_back();
  for (const size_t size : sizes) EXPECT_LT(size, 1'000'000u);
}

TEST_F(RelayTest, WhatComesOneAfterAnotherMakesABatch) {
  Receiver receiver;
  const Replica replica = StartRelay(receiver, 2000, 3'900'000, absl::Seconds(2));
  ASSERT_OK(Append("note.n0"));
  EXPECT_TRUE(Eventually([&] { return receiver.calls() == 1; }));
  AppendMany(1, 21);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.calls(), 2);
  EXPECT_EQ(receiver.actions(), Actions(21));
}

TEST_F(RelayTest, ItsEndDoesNotWaitForABatch) {
  Receiver receiver;
  Replica replica = StartRelay(receiver, 2000, 3'900'000, absl::InfiniteDuration());
  ASSERT_OK(Append("note.n0"));
  EXPECT_TRUE(Eventually([&] { return receiver.calls() == 1; }));
  replica.relay.reset();
  EXPECT_EQ(Waiting(), "0");
}

TEST_F(RelayTest, AReceiverThatIsAwayGetsEverythingLater) {
  Receiver receiver;
  receiver.SetAway(true);
  const Replica replica = StartRelay(receiver);
  AppendMany(0, 10);
  EXPECT_TRUE(Eventually([&] { return receiver.calls() >= 3; }));
  EXPECT_TRUE(receiver.actions().empty());
  EXPECT_EQ(Waiting(), "10");
  receiver.SetAway(false);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(10));
}

TEST_F(RelayTest, AQuarantinedEventDoesNotBlockTheRest) {
  Receiver receiver;
  receiver.Quarantine(1);
  const Replica replica = StartRelay(receiver, 3);
  AppendMany(0, 9);
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(9));
}

TEST_F(RelayTest, AServerThatRestartsLosesNothing) {
  Receiver receiver;
  const Replica replica = StartRelay(receiver, 3);
  AppendMany(0, 9);
  testing::TestDatabase::StopServer();
  testing::TestDatabase::StartServer();
  EXPECT_TRUE(Eventually([&] { return Append("note.n9").ok(); }));
  EXPECT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  EXPECT_EQ(receiver.actions(), Actions(10));
  EXPECT_EQ(receiver.faults(), "");
}

TEST_F(RelayTest, AQuietOutboxIsNotWrittenTo) {
  Receiver receiver;
  const Replica replica = StartRelay(receiver);
  ASSERT_OK(Append("note.n0"));
  ASSERT_TRUE(Eventually([&] { return Waiting() == "0"; }));
  const std::string version = "SELECT xmin::text FROM vault.outbox_relay WHERE topic = 'audit'";
  const std::string commits =
      "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
  const std::string before = test_->QueryValue(version);
  // The relay polls on: its transactions are counted, and write nothing.
  const int64_t start = std::stoll(test_->QueryValue(commits));
  EXPECT_TRUE(Eventually([&] { return std::stoll(test_->QueryValue(commits)) > start + 20; }));
  EXPECT_EQ(test_->QueryValue(version), before);
}

// Plans are kept for as long as a connection, and an outbox was empty, full or full of what is gone
// when they were made: the relay's row is not read once for each event, nor all events to find
// some.
TEST_F(RelayTest, ABatchIsFoundByItsIdsHoweverItWasPlanned) {
  constexpr int kWaiting = 600;
  constexpr int kBatch = 50;
  for (const bool full : {false, true}) {
    for (const std::string statistics : {"SELECT", "ANALYZE vault.outbox, vault.outbox_relay",
                                         "VACUUM ANALYZE vault.outbox, vault.outbox_relay"}) {
      SCOPED_TRACE(StrCat(statistics, full ? ", planned when full" : ", planned when empty"));
      test_->Execute("TRUNCATE vault.outbox");
      test_->Execute("UPDATE vault.outbox_relay SET ids = '{}', lease_until = '-infinity'");
      if (full) AppendMany(0, kWaiting);
      test_->Execute(statistics);
      const Scans before = ReadScans();
      auto door = OpenDoor();
      RelayStore store(*door, "vault", "audit", Uuid::V7(absl::Now()));
      // Past the executions that are planned one by one. The last batch is no batch of before.
      uint64_t last = 1'000'000;
      int claims = 0;
      const auto claim = [&](size_t expected) {
        ASSERT_OK_AND_ASSIGN(const Claim some, store.AcknowledgeAndClaim(last, kBatch, 1 << 20,
                                                                         absl::Minutes(1), Soon()));
        ASSERT_EQ(some.entries.size(), expected);
        if (!some.entries.empty()) last = some.batch;
        ++claims;
      };
      for (int i = 0; i < 8; ++i) claim(full ? kBatch : 0);
      if (!full) AppendMany(0, kWaiting);
      for (int i = 0; i < 3; ++i) claim(kBatch);
      door.reset();
      const Scans after = ReadScans();
      // Each claim asks for the relay's row six times, and for a row of the batch three times.
      EXPECT_LT(after.of_relay - before.of_relay, claims * 10);
      EXPECT_LT(after.events - before.events, claims * kBatch * 4);
      EXPECT_EQ(after.whole - before.whole, 0);
    }
  }
}

TEST(RelayDigest, CoversIdsSizesAndPayloads) {
  v1::ReceiveBatchRequest request;
  const auto add = [&](uint64_t id, const std::string& payload) {
    v1::Entry* entry = request.add_entries();
    entry->set_id(id);
    entry->set_payload(payload);
  };
  std::set<std::string> digests = {Relay::Digest(request.entries())};
  add(1, "ab");
  digests.insert(Relay::Digest(request.entries()));
  request.mutable_entries(0)->set_id(2);
  digests.insert(Relay::Digest(request.entries()));
  request.mutable_entries(0)->set_payload("a");
  digests.insert(Relay::Digest(request.entries()));
  add(3, "b");
  digests.insert(Relay::Digest(request.entries()));
  EXPECT_EQ(digests.size(), 5u);
}

}  // namespace
}  // namespace kasbah::outbox
