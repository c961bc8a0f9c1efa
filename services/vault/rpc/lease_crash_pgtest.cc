// Leases where something breaks: a crash after each step, a target that is away or forbidden, a
// copy of the database that is older than the target.

#include "kasbah/vault/v1/leases.pb.h"
#include "services/vault/rpc/lease_fixture.h"
#include "services/vault/upkeep/target_logins.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;

class LeaseCrash : public LeaseTest {
 protected:
  // Issues as far as `steps`, then is gone.
  LeaseIssuer::Begun CrashAfter(int steps) {
    const CallContext call = ProgramCall();
    auto begun = issuer_->Begin(call, "reporting/read-only", std::nullopt);
    EXPECT_OK(begun);
    if (steps >= 2) {
      auto connection =
          targets_->Connect(call, KeySource::TenantState::kActive, begun->target, {}, Soon());
      EXPECT_OK(connection);
      EXPECT_OK(issuer_->Create(**connection, *begun, NewPassword(), Soon()));
    }
    if (steps >= 3) {
      EXPECT_OK(issuer_->Activate(call, *begun));
    }
    return *begun;
  }
  v1::Lease After(const LeaseIssuer::Begun& begun) {
    auto lease = Get(begun.lease.id.ToString());
    EXPECT_OK(lease);
    return *lease;
  }
};

TEST_F(LeaseCrash, AfterTheRowThereIsNothingToRemove) {
  const auto begun = CrashAfter(1);
  // Its maker may still be at work.
  ASSERT_OK(Keep(absl::Seconds(30)));
  EXPECT_EQ(After(begun).state(), v1::Lease::STATE_CREATING);
  ASSERT_OK(Keep(absl::Seconds(90)));
  EXPECT_EQ(After(begun).state(), v1::Lease::STATE_ENDED);
  EXPECT_EQ(After(begun).cause(), "failed");
}

TEST_F(LeaseCrash, AfterTheLoginItIsRemoved) {
  const auto begun = CrashAfter(2);
  EXPECT_EQ(LoginCount(), "1");
  ASSERT_OK(Keep(absl::Seconds(90)));
  EXPECT_EQ(LoginCount(), "0");
  EXPECT_EQ(After(begun).state(), v1::Lease::STATE_ENDED);
}

TEST_F(LeaseCrash, AfterTheEventItLivesUntilItsTimeIsOver) {
  const auto begun = CrashAfter(3);
  ASSERT_OK(Keep(absl::Minutes(59)));
  EXPECT_EQ(LoginCount(), "1");
  ASSERT_OK(Keep(absl::Minutes(61)));
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseCrash, RevokedWhileItIsBeingMadeItDoesNotLive) {
  const auto begun = CrashAfter(2);
  ASSERT_OK_AND_ASSIGN(const v1::Lease revoked, Revoke(begun.lease.id.ToString()));
  EXPECT_EQ(revoked.state(), v1::Lease::STATE_REVOKING);
  EXPECT_THAT(issuer_->Activate(ProgramCall(), begun), ReasonIs("LEASE_ENDED"));
  ASSERT_OK(Keep(absl::Seconds(90)));
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseCrash, WhoeverStopsBetweenTwoStepsOfRemovingIsFollowedByAnother) {
  const auto begun = CrashAfter(3);
  // As far as NOLOGIN and the row.
  Admin("ALTER ROLE " + begun.lease.login + " NOLOGIN");
  test_->Execute(
      "UPDATE vault.leases SET state = 'revoking', cause = 'expired',"
      " due_at = now() + interval '60 s'");
  ASSERT_OK(Keep());
  EXPECT_EQ(LoginCount(), "1");
  ASSERT_OK(Keep(absl::Seconds(61)));
  EXPECT_EQ(LoginCount(), "0");
  // As far as the target, and not the row.
  const auto second = CrashAfter(3);
  Admin("DROP ROLE " + second.lease.login);
  ASSERT_OK(Keep(absl::Hours(2)));
  EXPECT_EQ(After(second).state(), v1::Lease::STATE_ENDED);
}

TEST_F(LeaseCrash, ATargetThatIsAwayIsTriedAgainForAllToSee) {
  const auto begun = CrashAfter(3);
  ASSERT_OK(target_->Stop());
  const absl::Time then = absl::Now() + absl::Hours(2);
  EXPECT_FALSE(KeepAt(then, *vault_).ok());
  EXPECT_EQ(After(begun).state(), v1::Lease::STATE_REVOKING);
  EXPECT_EQ(After(begun).waiting_for(), "TARGET_UNREACHABLE");
  // Not each second: the first pause is two.
  EXPECT_OK(KeepAt(then + absl::Seconds(1), *vault_));
  EXPECT_FALSE(KeepAt(then + absl::Seconds(2), *vault_).ok());
  EXPECT_EQ(test_->QueryValue("SELECT attempts FROM vault.leases"), "2");
  EXPECT_THAT(Issue(), ReasonIs("TARGET_UNREACHABLE"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.leases WHERE state = 'ended'"), "1");
  StartTarget();
  ASSERT_OK(SetDatabase("orders"));
  ASSERT_OK(Keep(absl::Hours(3)));
  EXPECT_EQ(After(begun).state(), v1::Lease::STATE_ENDED);
  EXPECT_EQ(After(begun).waiting_for(), "");
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseCrash, AnOlderCopyOfTheDatabaseEndsNoLeaseThatWasRenewedSince) {
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue());
  const std::string before = test_->QueryValue("SELECT expires_at FROM vault.leases");
  ASSERT_OK(Renew(issued.lease().lease_id(), absl::Hours(2)));
  const std::string after = test_->QueryValue("SELECT expires_at FROM vault.leases");
  test_->Execute("UPDATE vault.leases SET expires_at = '" + before + "', due_at = '" + before +
                 "'");
  ASSERT_OK(Keep(absl::Minutes(61)));
  EXPECT_EQ(test_->QueryValue("SELECT expires_at FROM vault.leases"), after);
  ASSERT_OK_AND_ASSIGN(const v1::Lease adopted, Get(issued.lease().lease_id()));
  EXPECT_EQ(adopted.state(), v1::Lease::STATE_ACTIVE);
  EXPECT_EQ(EventCount("lease.adopt"), "1");
  ASSERT_OK(LogIn(issued));
  // Past what the role allows nothing is believed.
  Admin("ALTER ROLE " + issued.lease().username() + " VALID UNTIL 'infinity'");
  ASSERT_OK(Keep(absl::Minutes(121)));
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseCrash, APrivateAddressIsRefusedBeforeTheSecretIsOpened) {
  guard_ = http::AddressGuard();
  StopServer();
  StartServer();
  EXPECT_THAT(Issue(), ReasonIs("ADDRESS_BLOCKED"));
  auto request = DatabaseRequest("orders");
  request.mutable_settings()->set_host("localhost");
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("ADDRESS_BLOCKED"));
  EXPECT_EQ(EventCount("secret.version.access"), "0");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.leases WHERE state <> 'ended'"), "0");
  for (const char* host : {"/var/run/postgresql", "a,b", "", "@x", "a b"}) {
    request.mutable_settings()->set_host(host);
    EXPECT_THAT(AsUser(a_, &Databases::SetDatabase, request), ReasonIs("INVALID_FIELDS")) << host;
  }
}

TEST_F(LeaseCrash, WithoutTlsOnlyLoopbackIsSpokenTo) {
  guard_ = *http::AddressGuard::Create({"127.0.0.0/8", "10.0.0.0/8"});
  StopServer();
  StartServer();
  auto request = DatabaseRequest("orders");
  request.mutable_settings()->set_host("10.0.0.1");
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("TLS_REQUIRED"));
  // A server without TLS is not spoken to in the clear because it has none.
  request.mutable_settings()->set_host("127.0.0.1");
  request.mutable_settings()->set_tls(v1::DatabaseSettings::TLS_VERIFY_FULL);
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("TARGET_TLS_FAILED"));
}

TEST_F(LeaseCrash, TlsIsVerifiedForTheHostByTheCaThatWasGiven) {
  const std::string own = MakeCertificate("own");
  const std::string other = MakeCertificate("other");
  GiveTarget(directory_ + "/own.crt", "server.crt");
  GiveTarget(directory_ + "/own.key", "server.key");
  SetTargetTls("on");
  auto request = DatabaseRequest("orders");
  request.mutable_settings()->clear_tls();
  request.mutable_settings()->set_ca(own);
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_OK(Issue());
  request.mutable_settings()->set_ca(other);
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("TARGET_TLS_FAILED"));
  // The system's roots do not know it either.
  request.mutable_settings()->clear_ca();
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("TARGET_TLS_FAILED"));
  request.mutable_settings()->set_ca(own);
  request.mutable_settings()->set_host("localhost");
  ASSERT_OK(AsUser(a_, &Databases::SetDatabase, request));
  EXPECT_THAT(Issue(), ReasonIs("TARGET_TLS_FAILED"));
  SetTargetTls("off");
}

TEST_F(LeaseCrash, OfTwoKeepersOneEndsALease) {
  for (int i = 0; i < 5; ++i) CrashAfter(3);
  std::thread other([&] { EXPECT_OK(Keep(absl::Hours(2))); });
  EXPECT_OK(Keep(absl::Hours(2)));
  other.join();
  ASSERT_OK(Keep(absl::Hours(2)));
  EXPECT_EQ(LoginCount(), "0");
  EXPECT_EQ(EventCount("lease.end"), "5");
}

}  // namespace
}  // namespace kasbah::vault
