// Leases from start to end, against a PostgreSQL of the tenant's own.

#include "kasbah/vault/v1/leases.pb.h"
#include "libs/base/timestamp.h"
#include "services/vault/rpc/lease_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;

absl::Time Expiry(const v1::Lease& lease) { return *FromTimestamp(lease.expire_time(), ""); }

TEST_F(LeaseTest, ALoginMayWhatItsGroupMayAndNoMore) {
  ASSERT_OK_AND_ASSIGN(const v1::IssueLeaseResponse issued, Issue());
  EXPECT_EQ(issued.lease().state(), v1::Lease::STATE_ACTIVE);
  EXPECT_TRUE(issued.lease().username().starts_with("kasbah_reporting_read_only_"));
  EXPECT_EQ(issued.lease().actor(), testing::kWorkload);
  EXPECT_EQ(issued.dbname(), "postgres");
  EXPECT_NEAR(absl::ToDoubleSeconds(Expiry(issued.lease()) - absl::Now()), 3600, 30);
  ASSERT_OK_AND_ASSIGN(const auto session, LogIn(issued));
  ASSERT_OK_AND_ASSIGN(const auto rows, session->Query("SELECT n FROM public.numbers", {}, Soon()));
  EXPECT_EQ(rows[0][0], "42");
  EXPECT_THAT(session->Execute("DELETE FROM public.numbers", Soon()), ReasonIs("TARGET_FORBIDDEN"));
  EXPECT_THAT(session->Execute("CREATE ROLE x", Soon()), ReasonIs("TARGET_FORBIDDEN"));
  EXPECT_EQ(Admin("SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR "
                  "rolbypassrls FROM pg_roles WHERE rolname = '" +
                  issued.lease().username() + "'"),
            "f");
  EXPECT_THAT(LogIn(issued.lease().username(), "guess"), ReasonIs("TARGET_REFUSED"));
}

TEST_F(LeaseTest, WhenItsTimeIsOverTheLoginAndItsSessionsAreGone) {
  ASSERT_OK_AND_ASSIGN(const v1::IssueLeaseResponse issued, Issue());
  ASSERT_OK_AND_ASSIGN(const auto session, LogIn(issued));
  ASSERT_OK(Keep(absl::Minutes(59)));
  ASSERT_OK(session->Execute("SELECT", Soon()));
  ASSERT_OK(Keep(absl::Minutes(61)));
  EXPECT_THAT(session->Execute("SELECT", Soon()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(LogIn(issued), ReasonIs("TARGET_REFUSED"));
  EXPECT_EQ(LoginCount(), "0");
  ASSERT_OK_AND_ASSIGN(const v1::Lease lease, Get(issued.lease().lease_id()));
  EXPECT_EQ(lease.state(), v1::Lease::STATE_ENDED);
  EXPECT_EQ(lease.cause(), "expired");
  EXPECT_TRUE(lease.has_end_time());
  EXPECT_EQ(EventCount("lease.expire"), "1");
  EXPECT_EQ(EventCount("lease.end"), "1");
  // A month later its row goes too.
  ASSERT_OK(Keep(absl::Hours(24 * 29)));
  EXPECT_OK(Get(issued.lease().lease_id()));
  ASSERT_OK(Keep(absl::Hours(24 * 31)));
  EXPECT_THAT(Get(issued.lease().lease_id()), ReasonIs("NOT_FOUND"));
}

TEST_F(LeaseTest, WhileTheVaultIsDownPostgresqlItselfLetsNobodyIn) {
  ASSERT_OK(SetRole("short", {"readers"}, absl::Minutes(1)));
  ASSERT_OK_AND_ASSIGN(const v1::IssueLeaseResponse issued, Issue("short"));
  ASSERT_OK(LogIn(issued));
  // Time cannot be turned on in the target, so its end is brought here.
  EXPECT_EQ(Admin("SELECT extract(epoch FROM rolvaliduntil)::bigint FROM pg_roles WHERE rolname = "
                  "'" +
                  issued.lease().username() + "'"),
            std::to_string(issued.lease().expire_time().seconds()));
  Admin("ALTER ROLE " + issued.lease().username() + " VALID UNTIL '2020-01-01'");
  EXPECT_THAT(LogIn(issued), ReasonIs("TARGET_REFUSED"));
  // Back long afterwards: at once.
  ASSERT_OK(Keep(absl::Hours(24)));
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseTest, RenewingGoesAsFarAsTheRoleAllowsAndNeverBack) {
  ASSERT_OK_AND_ASSIGN(const v1::IssueLeaseResponse issued, Issue());
  const std::string& id = issued.lease().lease_id();
  ASSERT_OK_AND_ASSIGN(const v1::Lease longer, Renew(id, absl::Hours(2)));
  EXPECT_NEAR(absl::ToDoubleSeconds(Expiry(longer) - absl::Now()), 7200, 30);
  ASSERT_OK_AND_ASSIGN(const v1::Lease same, Renew(id, absl::Minutes(5)));
  EXPECT_EQ(Expiry(same), Expiry(longer));
  ASSERT_OK_AND_ASSIGN(const v1::Lease longest, Renew(id, absl::Hours(100)));
  EXPECT_EQ(longest.expire_time().seconds(), longest.max_expire_time().seconds());
  EXPECT_NEAR(absl::ToDoubleSeconds(Expiry(longest) - absl::Now()), 3 * 3600, 30);
  EXPECT_EQ(Admin("SELECT extract(epoch FROM rolvaliduntil)::bigint FROM pg_roles WHERE rolname = "
                  "'" +
                  issued.lease().username() + "'"),
            std::to_string(longest.expire_time().seconds()));
  EXPECT_EQ(EventCount("lease.renew"), "2");
  ASSERT_OK(Keep(absl::Minutes(179)));
  ASSERT_OK(LogIn(issued));
  ASSERT_OK(Keep(absl::Minutes(181)));
  EXPECT_THAT(Renew(id, absl::Hours(1)), ReasonIs("LEASE_ENDED"));
  ASSERT_OK_AND_ASSIGN(const auto wide, Issue("reporting/read-only", absl::Hours(1000)));
  EXPECT_EQ(wide.lease().expire_time().seconds(), wide.lease().max_expire_time().seconds());
}

TEST_F(LeaseTest, RevokingTerminatesSessionsAtOnceAndMayBeAskedTwice) {
  ASSERT_OK_AND_ASSIGN(const v1::IssueLeaseResponse issued, Issue());
  ASSERT_OK_AND_ASSIGN(const auto session, LogIn(issued));
  ASSERT_OK(session->Execute("CREATE TABLE public.left_behind ()", Soon()));
  ASSERT_OK_AND_ASSIGN(const v1::Lease revoked, Revoke(issued.lease().lease_id()));
  EXPECT_EQ(revoked.state(), v1::Lease::STATE_ENDED);
  EXPECT_EQ(revoked.cause(), "revoked");
  EXPECT_THAT(session->Execute("SELECT", Soon()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(LoginCount(), "0");
  // What it made is not lost.
  EXPECT_EQ(Admin("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'left_behind'"),
            "app_admin");
  Admin("DROP TABLE public.left_behind");
  ASSERT_OK_AND_ASSIGN(const v1::Lease again, Revoke(issued.lease().lease_id()));
  EXPECT_EQ(again.state(), v1::Lease::STATE_ENDED);
  EXPECT_EQ(EventCount("lease.revoke"), "1");
}

TEST_F(LeaseTest, APrefixRevokesARoleAndWhatIsBelowIt) {
  ASSERT_OK(SetRole("reporting", {"readers"}));
  ASSERT_OK(SetRole("reporting2", {"readers"}));
  ASSERT_OK(Issue());
  ASSERT_OK(Issue("reporting"));
  ASSERT_OK_AND_ASSIGN(const auto other, Issue("reporting2"));
  v1::RevokeLeasesRequest request;
  EXPECT_THAT(AsUser(a_, &Leases::RevokeLeases, request), ReasonIs("INVALID_FIELDS"));
  request.set_role_prefix("reporting");
  ASSERT_OK_AND_ASSIGN(auto reply, AsUser(a_, &Leases::RevokeLeases, request));
  EXPECT_EQ(reply.revoked(), 2u);
  ASSERT_OK(Keep());
  EXPECT_EQ(LoginCount(), "1");
  ASSERT_OK(LogIn(other));
  v1::ListLeasesRequest list;
  ASSERT_OK_AND_ASSIGN(const auto left, AsUser(a_, &Leases::ListLeases, list));
  ASSERT_EQ(left.leases_size(), 1);
  EXPECT_EQ(left.leases(0).role(), "reporting2");
  request.clear_role_prefix();
  request.set_database("orders");
  ASSERT_OK_AND_ASSIGN(reply, AsUser(a_, &Leases::RevokeLeases, request));
  EXPECT_EQ(reply.revoked(), 1u);
  EXPECT_EQ(EventCount("lease.revoke_all"), "2");
  ASSERT_OK(Keep());
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseTest, HostileNamesAreNamesAndNothingElse) {
  const std::string odd = "odd \"; DROP ROLE readers; --";
  ASSERT_OK(SetRole("odd", {odd}));
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue("odd"));
  EXPECT_EQ(Admin("SELECT count(*) FROM pg_roles WHERE rolname = 'readers'"), "1");
  EXPECT_EQ(Admin("SELECT pg_has_role('" + issued.lease().username() +
                  "', (SELECT oid FROM pg_roles WHERE rolname LIKE 'odd%'), 'MEMBER')"),
            "t");
  ASSERT_OK(Revoke(issued.lease().lease_id()));
  EXPECT_EQ(LoginCount(), "0");
  ASSERT_OK(SetRole("absent", {"no such role"}));
  EXPECT_THAT(Issue("absent"), ReasonIs("TARGET_ROLE_MISSING"));
  ASSERT_OK(SetRole("powerful", {"outer_makers"}));
  EXPECT_THAT(Issue("powerful"), ReasonIs("ROLE_TOO_POWERFUL"));
  EXPECT_THAT(SetRole("empty", {""}), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(SetRole("../x y", {"readers"}), ReasonIs("INVALID_FIELDS"));
}

TEST_F(LeaseTest, OfAnotherTenantsNothingIsFound) {
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue());
  v1::RevokeLeaseRequest revoke;
  revoke.set_lease_id(issued.lease().lease_id());
  EXPECT_THAT(AsUser(b_, &Leases::RevokeLease, revoke), ReasonIs("NOT_FOUND"));
  v1::RenewLeaseRequest renew;
  renew.set_lease_id(issued.lease().lease_id());
  EXPECT_THAT(AsUser(b_, &Leases::RenewLease, renew), ReasonIs("NOT_FOUND"));
  v1::IssueLeaseRequest issue;
  issue.set_role("reporting/read-only");
  EXPECT_THAT(AsProgram(b_, &Leases::IssueLease, issue), ReasonIs("NOT_FOUND"));
  v1::GetDatabaseRequest get;
  get.set_database("orders");
  EXPECT_THAT(AsUser(b_, &Databases::GetDatabase, get), ReasonIs("NOT_FOUND"));
  v1::RevokeLeasesRequest all;
  all.set_role_prefix("reporting");
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(b_, &Leases::RevokeLeases, all));
  EXPECT_EQ(reply.revoked(), 0u);
  ASSERT_OK(LogIn(issued));
  customer_ = CustomerId::New(absl::Now());
  EXPECT_THAT(Issue(), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(LeaseTest, OnlyItsHolderRenewsAndOnlyWhoMayWriteEndsAnothers) {
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue());
  test_->Execute("UPDATE vault.leases SET actor = 'usr_somebody'");
  const std::string& id = issued.lease().lease_id();
  EXPECT_THAT(Renew(id, absl::Hours(2)), ReasonIs("LEASE_OF_ANOTHER"));
  permissions_.reset(policy::v1::PERMISSION_SECRET_WRITE);
  EXPECT_THAT(Revoke(id), ReasonIs("LEASE_OF_ANOTHER"));
  permissions_.set(policy::v1::PERMISSION_SECRET_WRITE);
  permissions_.reset(policy::v1::PERMISSION_SECRET_ACCESS);
  EXPECT_THAT(Issue(), ReasonIs("PERMISSION_DENIED"));
  // Naming a secret at a host of one's own is reading it.
  EXPECT_THAT(SetDatabase("mine"), ReasonIs("PERMISSION_DENIED"));
  permissions_.set();
  EXPECT_OK(Revoke(id));
}

TEST_F(LeaseTest, ASuspendedTenantsLeasesEndAllTheSame) {
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue());
  ASSERT_OK_AND_ASSIGN(const auto session, LogIn(issued));
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Issue(), ReasonIs("TENANT_SUSPENDED"));
  // A replica that has no key of the tenant's open.
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  ASSERT_OK(Keep(absl::Hours(2), other));
  EXPECT_THAT(session->Execute("SELECT", Soon()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(LoginCount(), "0");
}

TEST_F(LeaseTest, EachOpeningOfThePasswordIsAnEventAndNobodyKeepsThePassword) {
  ASSERT_OK_AND_ASSIGN(const auto issued, Issue());
  EXPECT_EQ(EventCount("secret.version.access"), "1");
  EXPECT_EQ(EventCount("lease.issue"), "1");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox WHERE position('lse_'::bytea in "
                              "payload) > 0 AND position('secret.version.access'::bytea in payload)"
                              " > 0 AND position('wkl_'::bytea in payload) > 0"),
            "1");
  for (const std::string& secret : {issued.password(), std::string("admin pass")}) {
    EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox WHERE position('" + secret +
                                "'::bytea in payload) > 0"),
              "0");
    EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.leases l WHERE l::text LIKE '%" +
                                secret + "%'"),
              "0");
  }
  // Nor does the target: what it has is a verifier.
  EXPECT_EQ(Admin("SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%' AND "
                  "rolname = '" +
                  issued.lease().username() + "'"),
            "1");
}

TEST_F(LeaseTest, ADatabaseWithLeasesIsNotDeletedUnlessTheyAreForgotten) {
  ASSERT_OK(Issue());
  v1::DeleteDatabaseRequest request;
  request.set_database("orders");
  EXPECT_THAT(AsUser(a_, &Databases::DeleteDatabase, request), ReasonIs("LEASES_LEFT"));
  request.set_forget_leases(true);
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Databases::DeleteDatabase, request));
  EXPECT_EQ(reply.forgotten_leases(), 1u);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.leases"), "0");
  EXPECT_EQ(EventCount("database.set"), "1");
  EXPECT_EQ(EventCount("database.delete"), "1");
}

TEST_F(LeaseTest, ARoleThatWentIssuesNothingAndLeftItsEvents) {
  ASSERT_OK(SetRole("reporting", {"readers"}));
  const std::string set = EventCount("database.role.set");
  ASSERT_OK(SetRole("reporting", {"readers"}, absl::Hours(2)));
  EXPECT_NE(EventCount("database.role.set"), set);
  v1::DeleteDatabaseRoleRequest request;
  request.set_path("reporting");
  ASSERT_OK(AsUser(a_, &Databases::DeleteDatabaseRole, request));
  EXPECT_EQ(EventCount("database.role.delete"), "1");
  EXPECT_THAT(Issue("reporting"), ReasonIs("NOT_FOUND"));
}

TEST_F(LeaseTest, ACheckSaysWhatWouldKeepLeasesFromBeingIssued) {
  v1::CheckDatabaseRequest request;
  request.set_database("orders");
  ASSERT_OK_AND_ASSIGN(auto reply, AsUser(a_, &Databases::CheckDatabase, request));
  EXPECT_TRUE(reply.server_version().starts_with("1")) << reply.server_version();
  EXPECT_EQ(reply.problems_size(), 0);
  // It opens the administrator's password.
  EXPECT_EQ(EventCount("secret.version.access"), "1");
  ASSERT_OK(SetRole("absent", {"no such role"}));
  Admin("ALTER ROLE app_admin NOCREATEROLE");
  ASSERT_OK_AND_ASSIGN(reply, AsUser(a_, &Databases::CheckDatabase, request));
  EXPECT_EQ(reply.problems_size(), 2);
  EXPECT_THAT(Issue(), ReasonIs("TARGET_FORBIDDEN"));
  Admin("ALTER ROLE app_admin CREATEROLE");
}

}  // namespace
}  // namespace kasbah::vault
