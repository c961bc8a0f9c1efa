// One connection, handed from a call of tenant a to one of tenant b, however the first ended.
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "libs/postgres/lanes.h"
#include "libs/postgres/notes_fixture.h"
#include "libs/postgres/pool.h"
#include <pqxx/pqxx>

namespace kasbah::postgres {
namespace {

using internal::EnterMode;
using internal::Scope;
using testing::ReasonIs;
using testing::StatusIs;

constexpr Statement kSettings{
    "test.settings",
    "SELECT count(*) || coalesce(current_setting('kasbah.tenant', true), '') || "
    "coalesce(current_setting('kasbah.customer_scope', true), '') FROM vault.notes"};
constexpr Statement kDivide{"test.divide", "SELECT 1 / $1"};
constexpr Statement kHold{"test.hold", "SELECT vault.hold()"};
// Row after row for ten seconds, each larger than the server's buffer.
constexpr Statement kMuch{
    "test.much",
    "SELECT n.tenant_id, repeat(n.body, 20000), pg_sleep(0.01) FROM vault.notes n, "
    "generate_series(1, 1000)"};
constexpr Statement kLockNote{"test.lock_note", "SELECT body FROM vault.notes FOR SHARE"};
constexpr Statement kSleepWriting{"test.sleep_writing", "SELECT pg_sleep($1) AS writing",
                                  Access::kWrite};

constexpr char kNobody[] = "0";

class HandoverTest : public NotesTest {
 protected:
  void SetUp() override {
    NotesTest::SetUp();
    ASSERT_OK(Insert(a_, NewId(), "of a"));
    ASSERT_OK(Insert(b_, NewId(), "of b"));
    test_->Execute(
        "CREATE FUNCTION vault.hold() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = "
        "'' AS $$SELECT pg_catalog.set_config('transaction_read_only', 'on', true)$$");
    PoolOptions options = test_->Pool("kasbah_vault");
    options.size = 1;
    auto pool = internal::Pool::Open(options, absl::Now() + absl::Seconds(20));
    ASSERT_OK(pool.status());
    pool_ = *std::move(pool);
    auto settings = internal::ConnectSettings::Create(options);
    ASSERT_OK(settings.status());
    lane_ = std::make_unique<internal::Lane>(*std::move(settings), internal::kLargestBatchOfReads);
  }

  static Scope ScopeOf(TenantId tenant, absl::Duration time = absl::Seconds(20)) {
    Scope scope;
    scope.tenant = tenant;
    scope.deadline = absl::Now() + time;
    scope.audit_required = false;
    return scope;
  }
  // Of a customer's, so that there are two settings to forget.
  Scope OfA(absl::Duration time = absl::Seconds(20)) const {
    Scope scope = ScopeOf(a_, time);
    scope.customer = CustomerId::New(absl::Now());
    return scope;
  }
  static Scope OfNobody() {
    Scope scope = ScopeOf(TenantId());
    scope.mode = EnterMode::kDoor;
    return scope;
  }

  template <typename F>
  auto InPool(const Scope& scope, F body) {
    return internal::RunBody(
        [&](internal::Body b, internal::After after) {
          return internal::RunTransaction(*pool_, scope, b, after);
        },
        body);
  }

  // Its outcome, or empty where the lane handed it back.
  std::optional<absl::StatusOr<Result>> InLane(const Scope& scope, const Statement& statement) {
    auto shared = std::make_unique<internal::SharedTransaction>(scope);
    const Pending<Result> pending = static_cast<Transaction&>(*shared).Run(statement);
    std::optional<absl::StatusOr<Result>> answer;
    absl::Notification answered;
    shared->set_done([&](internal::SharedTransaction::Outcome outcome) {
      if (outcome.has_value()) {
        answer = outcome->ok() ? pending.Take() : absl::StatusOr<Result>(*outcome);
      }
      answered.Notify();
    });
    lane_->Submit(std::move(shared));
    answered.WaitForNotification();
    return answer;
  }

  // What the connection's next users see: one that enters no tenant, b, and again nobody.
  void ExpectBSeesItsOwnAloneInPool() {
    for (int i = 0; i < 2; ++i) {
      const auto nobody = InPool(OfNobody(), [](Transaction& tx) { return tx.Run(kSettings); });
      ASSERT_OK(nobody.status());
      EXPECT_EQ((*nobody)[0].Get<std::string>(0), kNobody);
      const auto rows = InPool(ScopeOf(b_), [](Transaction& tx) { return tx.Run(kAllNotes); });
      ASSERT_OK(rows.status());
      ASSERT_EQ(rows->size(), 1);
      EXPECT_EQ((*rows)[0].Get<TenantId>(0), b_);
      EXPECT_EQ((*rows)[0].Get<std::string>(1), "of b");
    }
  }
  void ExpectBSeesItsOwnAloneInLane() {
    for (int i = 0; i < 2; ++i) {
      const auto nobody = InLane(OfNobody(), kSettings);
      ASSERT_TRUE(nobody.has_value());
      ASSERT_OK(nobody->status());
      EXPECT_EQ((**nobody)[0].Get<std::string>(0), kNobody);
      const auto rows = InLane(ScopeOf(b_), kAllNotes);
      ASSERT_TRUE(rows.has_value());
      ASSERT_OK(rows->status());
      ASSERT_EQ((*rows)->size(), 1);
      EXPECT_EQ((**rows)[0].Get<std::string>(1), "of b");
    }
  }

  // Ends the backend that sleeps in a statement with this word in it, once there is one.
  void TerminateWhatSleeps(const std::string& word) {
    const std::string terminate =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = "
        "'kasbah_vault' AND wait_event = 'PgSleep' AND query LIKE '%" +
        word + "%'";
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (absl::Now() < deadline && test_->QueryValue(terminate) == "0") {
      absl::SleepFor(absl::Milliseconds(10));
    }
  }

  std::unique_ptr<internal::Pool> pool_;
  std::unique_ptr<internal::Lane> lane_;
};

TEST_F(HandoverTest, AfterWhateverEndedAsCallBSeesItsOwnAlone) {
  const auto error_of = [&](const std::function<void(Transaction&)>& body, Scope scope) {
    return InPool(scope, [&](Transaction& tx) {
      tx.Run(kAllNotes);
      body(tx);
      return absl::OkStatus();
    });
  };
  EXPECT_OK(error_of([](Transaction&) {}, OfA()));
  ExpectBSeesItsOwnAloneInPool();
  {
    SCOPED_TRACE("an error of the database");
    EXPECT_THAT(
        error_of([&](Transaction& tx) { tx.Run(kInsertNote, b_, NewId(), "smuggled"); }, OfA()),
        StatusIs(absl::StatusCode::kInternal));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("an error that was awaited, and more after it");
    EXPECT_THAT(error_of(
                    [&](Transaction& tx) {
                      EXPECT_OK(tx.Run(kAllNotes).Await());
                      EXPECT_THAT(tx.Run(kDivide, int64_t{0}).Await(),
                                  StatusIs(absl::StatusCode::kInternal));
                      tx.Run(kAllNotes);
                    },
                    OfA()),
                StatusIs(absl::StatusCode::kInternal));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("the body's own mind, after a write");
    EXPECT_THAT(InPool(OfA(),
                       [&](Transaction& tx) {
                         tx.Run(kInsertNote, a_, NewId(), "never");
                         EXPECT_OK(tx.Run(kAllNotes).Await());
                         return Error(absl::StatusCode::kFailedPrecondition, "NO", "no");
                       }),
                ReasonIs("NO"));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("the deadline while a statement sleeps");
    EXPECT_THAT(
        error_of([](Transaction& tx) { tx.Run(kSleep, 60.0); }, OfA(absl::Milliseconds(300))),
        ReasonIs("DEADLINE_EXCEEDED"));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("the deadline while a large result is half read");
    EXPECT_THAT(error_of([](Transaction& tx) { tx.Run(kMuch); }, OfA(absl::Milliseconds(300))),
                ReasonIs("DEADLINE_EXCEEDED"));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("the deadline between two trips, when the server owes nothing");
    const Scope scope = OfA(absl::Milliseconds(300));
    EXPECT_THAT(error_of(
                    [&](Transaction& tx) {
                      EXPECT_OK(tx.Run(kAllNotes).Await());
                      while (absl::Now() < scope.deadline) {
                      }
                    },
                    scope),
                ReasonIs("DEADLINE_EXCEEDED"));
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("its backend terminated");
    int runs = 0;
    std::thread terminator([&] { TerminateWhatSleeps("writing"); });
    EXPECT_THAT(InPool(OfA(),
                       [&](Transaction& tx) -> absl::Status {
                         tx.Run(kAllNotes);
                         if (++runs > 1) {
                           return Error(absl::StatusCode::kAborted, "AGAIN", "once is enough");
                         }
                         tx.Run(kSleepWriting, 60.0);
                         return absl::OkStatus();
                       }),
                ReasonIs("AGAIN"));
    terminator.join();
    ExpectBSeesItsOwnAloneInPool();
  }
  {
    SCOPED_TRACE("its tenant suspended");
    test_->SetTenantState(a_, "suspended");
    EXPECT_THAT(error_of([](Transaction&) {}, OfA()), ReasonIs("TENANT_SUSPENDED"));
    ExpectBSeesItsOwnAloneInPool();
    test_->SetTenantState(a_, "active");
  }
  {
    SCOPED_TRACE("a write in what may only read");
    EXPECT_THAT(error_of(
                    [&](Transaction& tx) {
                      tx.Run(kHold);
                      tx.Run(kInsertNote, a_, NewId(), "late");
                    },
                    OfA()),
                ReasonIs(kTenantMoving));
    ExpectBSeesItsOwnAloneInPool();
    // Nor does the next one only read.
    EXPECT_OK(InPool(ScopeOf(b_), [&](Transaction& tx) {
      tx.Run(kInsertNote, b_, NewId(), "of b too");
      return absl::OkStatus();
    }));
  }
}

TEST_F(HandoverTest, AfterWhateverEndedAsCallInALaneBSeesItsOwnAlone) {
  EXPECT_OK(InLane(OfA(), kAllNotes)->status());
  ExpectBSeesItsOwnAloneInLane();
  {
    SCOPED_TRACE("an error of the database");
    constexpr Statement kFail{"test.fail", "SELECT 1 / (count(*) - 1) FROM vault.notes"};
    EXPECT_THAT(InLane(OfA(), kFail)->status(), StatusIs(absl::StatusCode::kInternal));
    ExpectBSeesItsOwnAloneInLane();
  }
  {
    SCOPED_TRACE("its tenant suspended");
    test_->SetTenantState(a_, "suspended");
    EXPECT_THAT(InLane(OfA(), kAllNotes)->status(), ReasonIs("TENANT_SUSPENDED"));
    ExpectBSeesItsOwnAloneInLane();
    test_->SetTenantState(a_, "active");
  }
  {
    SCOPED_TRACE("a lock that it would wait for");
    pqxx::connection other(test_->AdminDsn());
    pqxx::work holder(other);
    holder.exec("SELECT FROM vault.notes WHERE body = 'of a' FOR UPDATE");
    EXPECT_FALSE(InLane(OfA(), kLockNote).has_value());
    ExpectBSeesItsOwnAloneInLane();
  }
  {
    SCOPED_TRACE("its backend terminated");
    constexpr Statement kSleepLong{"test.sleep_long", "SELECT pg_sleep(60) AS in_lane"};
    std::thread terminator([&] { TerminateWhatSleeps("in_lane"); });
    EXPECT_FALSE(InLane(OfA(), kSleepLong).has_value());
    terminator.join();
    ExpectBSeesItsOwnAloneInLane();
  }
}

}  // namespace
}  // namespace kasbah::postgres
