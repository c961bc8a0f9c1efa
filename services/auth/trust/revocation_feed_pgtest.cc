#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "libs/testing/fake_clock.h"
#include "services/auth/store/auth_database_fixture.h"
#include "services/auth/trust/revocation_feed.h"

namespace kasbah::auth {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RevocationFeedTest : public AuthDatabase {
 protected:
  RevocationFeedTest()
      : store_(*door_), feed_(store_, clock_, [this](const std::vector<Revocation>& news) {
          ++readings_heard_;
          heard_.insert(heard_.end(), news.begin(), news.end());
        }) {}

  void Revoke(const std::string& subject, absl::Time not_before) {
    ASSERT_OK(Write(tenant_, [&](postgres::Transaction& tx) {
      return AppendRevocation(tx, tenant_, {Revocation::Kind::kCredential, subject, not_before});
    }));
  }

  std::vector<Revocation> NewsOf(RevocationFeed::Cursor* cursor) {
    const auto news = feed_.News(cursor, absl::ZeroDuration());
    EXPECT_TRUE(news.has_value());
    return news.value_or(std::vector<Revocation>());
  }

  testing::FakeClock clock_;
  RevocationStore store_;
  std::vector<Revocation> heard_;
  int readings_heard_ = 0;
  RevocationFeed feed_;
};

TEST_F(RevocationFeedTest, ARevocationIsToldOnceToEachFollower) {
  Revoke("key_a", clock_.Now());
  ASSERT_OK(feed_.Poll());
  RevocationFeed::Cursor early;
  EXPECT_THAT(NewsOf(&early), SizeIs(1));

  Revoke("key_b", clock_.Now());
  ASSERT_OK(feed_.Poll());
  EXPECT_THAT(NewsOf(&early), SizeIs(1));
  RevocationFeed::Cursor late;
  EXPECT_THAT(NewsOf(&late), SizeIs(2));

  // A heartbeat: heard of, empty.
  ASSERT_OK(feed_.Poll());
  EXPECT_THAT(NewsOf(&early), IsEmpty());
  EXPECT_FALSE(feed_.News(&early, absl::ZeroDuration()).has_value());
  EXPECT_THAT(heard_, SizeIs(2));
  EXPECT_EQ(readings_heard_, 3);
}

TEST_F(RevocationFeedTest, ItHoldsFromWhenItWasFirstRead) {
  const absl::Time written = clock_.Now();
  Revoke("key_a", written);
  // An assertion that was issued, rightly, before the transaction was committed.
  clock_.Advance(absl::Milliseconds(500));
  const absl::Time issued = clock_.Now();
  clock_.Advance(absl::Milliseconds(500));
  ASSERT_OK(feed_.Poll());
  EXPECT_TRUE(feed_.Contradicts("key_a", issued));
  EXPECT_FALSE(feed_.Contradicts("key_a", clock_.Now()));
  EXPECT_FALSE(feed_.Contradicts("key_b", issued));

  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(feed_.Poll());
  EXPECT_FALSE(feed_.Contradicts("key_a", clock_.Now() - absl::Seconds(1))) << "it does not move";
}

TEST_F(RevocationFeedTest, ASuspendedTenantsAssertionsEndAndNewOnesHoldAfterItIsResumed) {
  ASSERT_OK(feed_.Poll());
  const absl::Time before = clock_.Now();
  test_database_->SetTenantState(tenant_, "suspended");
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(feed_.Poll());
  const std::string subject = tenant_.ToString();
  EXPECT_TRUE(feed_.Contradicts(subject, before));
  ASSERT_THAT(heard_, SizeIs(1));
  EXPECT_EQ(heard_[0].kind, Revocation::Kind::kTenant);

  // Long after: those who start to follow must still learn of it.
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(feed_.Poll());
  RevocationFeed::Cursor late;
  EXPECT_THAT(NewsOf(&late), SizeIs(1));

  test_database_->SetTenantState(tenant_, "active");
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK(feed_.Poll());
  EXPECT_FALSE(feed_.Contradicts(subject, clock_.Now()));
  EXPECT_LT(heard_[0].not_before, clock_.Now()) << "new assertions are newer than what was told";
}

TEST_F(RevocationFeedTest, AFollowerWaitsForTheNextReading) {
  RevocationFeed::Cursor cursor;
  EXPECT_FALSE(feed_.News(&cursor, absl::ZeroDuration()).has_value());
  std::thread reader([&] { EXPECT_OK(feed_.Poll()); });
  EXPECT_TRUE(feed_.News(&cursor, absl::Seconds(30)).has_value());
  reader.join();
}

TEST_F(RevocationFeedTest, AFailedReadingIsNoHeartbeat) {
  ASSERT_OK(feed_.Poll());
  RevocationFeed::Cursor cursor;
  NewsOf(&cursor);
  const int heard = readings_heard_;
  test_database_->Execute("REVOKE SELECT ON auth.revocations FROM kasbah_auth_resolver");
  EXPECT_FALSE(feed_.Poll().ok());
  EXPECT_FALSE(feed_.News(&cursor, absl::ZeroDuration()).has_value());
  EXPECT_EQ(readings_heard_, heard);
}

}  // namespace
}  // namespace kasbah::auth
