#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "absl/time/clock.h"
#include "libs/dev/process.h"
#include "services/audit/sinks/sink_fixture.h"

// A process that sends is killed between the receiver's taking a batch and the commit that moves
// the cursor. The process is this binary again, which runs KilledSink.DISABLED_Sender.

namespace kasbah::audit {
namespace {

using ::testing::SizeIs;

constexpr char kDatabase[] = "SINK_TEST_DATABASE";
constexpr char kDoor[] = "SINK_TEST_DOOR";
constexpr char kPassword[] = "_PASSWORD_FILE";

class KilledSink : public SinkTest {
 protected:
  void Spawn() {
    const postgres::PoolOptions service = test_->Pool("kasbah_audit");
    const postgres::PoolOptions ingest = test_->Pool("kasbah_audit_ingest");
    absl::StatusOr<dev::Process> process =
        dev::Process::Spawn({.arguments = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                           "--gtest_filter=SinkSender.DISABLED_Run"},
                             .environment = {{kDatabase, service.dsn},
                                             {StrCat(kDatabase, kPassword), service.password_file},
                                             {kDoor, ingest.dsn},
                                             {StrCat(kDoor, kPassword), ingest.password_file}}});
    ASSERT_OK(process);
    const absl::MutexLock lock(&mutex_);
    sender_ = std::make_unique<dev::Process>(*std::move(process));
  }
  void Kill() {
    const absl::MutexLock lock(&mutex_);
    sender_->Signal(SIGKILL);
  }
  // Once the sender has ended, another one.
  void Respawn() {
    {
      const absl::MutexLock lock(&mutex_);
      sender_->Wait(absl::Now() + absl::Seconds(20));
      ++respawns_;
    }
    Spawn();
  }

  absl::Mutex mutex_;
  std::unique_ptr<dev::Process> sender_ ABSL_GUARDED_BY(mutex_);
  int respawns_ ABSL_GUARDED_BY(mutex_) = 0;
};

postgres::PoolOptions PoolFrom(const char* name) {
  postgres::PoolOptions pool;
  pool.dsn = std::getenv(name);
  pool.password_file = std::getenv(StrCat(name, kPassword).c_str());
  return pool;
}

TEST(SinkSender, DISABLED_Run) {
  if (std::getenv(kDatabase) == nullptr) GTEST_SKIP() << "only what KilledSink starts";
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  const auto database = postgres::Database::Open(PoolFrom(kDatabase), deadline);
  const auto door =
      postgres::Door::Open(PoolFrom(kDoor), postgres::DoorToken::AuditIngest(), deadline);
  ASSERT_OK(database);
  ASSERT_OK(door);
  OpenSealer sealer;
  SigningKeyStore key_store(**door);
  SigningKey key(key_store, sealer, Clock::Real());
  Checkpointer checkpointer("kasbah.dev", **database, **door, key, Clock::Real());
  outbox::Outbox outbox("audit");
  OpenSinkSecrets secrets;
  // A claim that nobody gives up lapses soon here.
  const SinkProcess process(
      **database, **door, outbox, checkpointer, key, secrets,
      {.workers = 1, .lease = absl::Seconds(1), .poll = absl::Milliseconds(20)}, absl::Seconds(20));
  absl::SleepFor(absl::Minutes(5));
}

TEST_F(KilledSink, EveryBatchWhoseSenderDiedComesAgainAsItWasAndThereIsNoGap) {
  Log(Repeat(a_, 2000));
  std::set<std::string> killed_over;
  HttpReceiver receiver([&](int, const http::Request& request) {
    // It has arrived; whoever sent it will not hear that, each batch's first time.
    if (killed_over.insert(request.headers.at("idempotency-key")).second) Kill();
    return http::Response{};
  });
  const SinkId sink = Add(a_, Http(receiver.url()));
  Spawn();
  for (int round = 0; round < 4; ++round) {
    WaitFor([&] { return receiver.arrivals().size() >= static_cast<size_t>(2 * round + 1); });
    // Taken, and not noted.
    EXPECT_LE(Get(a_, sink).next, static_cast<uint64_t>(500 * round));
    Respawn();
    WaitUntilAt(a_, sink, static_cast<uint64_t>(500 * (round + 1)));
  }
  const auto arrivals = receiver.arrivals();
  ASSERT_THAT(arrivals, SizeIs(8));
  for (size_t i = 0; i < arrivals.size(); i += 2) {
    EXPECT_EQ(arrivals[i].id, arrivals[i + 1].id);
    EXPECT_EQ(arrivals[i].body, arrivals[i + 1].body);
  }
  EXPECT_EQ(receiver.Taken(), UpTo(2000));
}

}  // namespace
}  // namespace kasbah::audit
