// Values go to programs that the tenant registered, and to nobody else.

#include "kasbah/vault/v1/leases.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "services/vault/rpc/secret_service.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::kWorkload;
using kasbah::testing::ReasonIs;
using Stub = v1::SecretService::Stub;
using Leases = v1::LeaseService::Stub;

class RegisteredWorkloadTest : public VaultServerTest {
 protected:
  void SetUp() override {
    VaultServerTest::SetUp();
    v1::CreateSecretRequest create;
    create.set_path("s");
    ASSERT_OK(AsUser(a_, &Stub::CreateSecret, create));
    v1::AddSecretVersionRequest add;
    add.set_secret("s");
    add.set_payload("value");
    ASSERT_OK(AsUser(a_, &Stub::AddSecretVersion, add));
    request_.set_secret("s");
  }

  // A key that is presented by `path`, which is registered or not.
  std::string KeyAssertion(const std::string& path, bool registered) {
    rpc::Assertion assertion;
    assertion.actor_id = "key_01h455vb4pex5vsknk084sn02q";
    assertion.kind = policy::v1::ACTOR_KIND_API_KEY;
    assertion.azp = "spiffe://kasbah.dev/" + path;
    assertion.session_id = assertion.actor_id;
    if (registered) assertion.workload = *WorkloadId::Parse(kWorkload);
    return Signed(std::move(assertion), a_);
  }
  absl::StatusOr<v1::AccessSecretVersionResponse> Access(const std::string& path,
                                                         const std::string& assertion) {
    return With(path, assertion, &Stub::AccessSecretVersion, request_);
  }
  absl::Status Grant(const std::string& actor) {
    v1::SetSecretGrantsRequest request;
    request.set_secret("s");
    auto* grant = request.add_grants();
    grant->set_actor(actor);
    grant->set_access(v1::SecretGrant::ACCESS_READ);
    return AsUser(a_, &Stub::SetSecretGrants, request).status();
  }

  v1::AccessSecretVersionRequest request_;
};

TEST_F(RegisteredWorkloadTest, OnlyARegisteredProgramReadsAValue) {
  const std::string path = ProgramPath(a_);
  EXPECT_EQ(Access(path, ProgramAssertion(a_))->payload(), "value");
  EXPECT_EQ(Access(path, KeyAssertion(path, /*registered=*/true))->payload(), "value");

  EXPECT_THAT(Access(path, KeyAssertion(path, /*registered=*/false)),
              ReasonIs("WORKLOAD_NOT_REGISTERED"));
  EXPECT_THAT(As(path, TenantId(), &Stub::AccessSecretVersion, request_),
              ReasonIs("WORKLOAD_NOT_REGISTERED"));
  // Whoever comes through the gateway does not get that far, whatever they hold.
  EXPECT_THAT(AsUser(a_, &Stub::AccessSecretVersion, request_), ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_THAT(As("operator/ada", a_, &Stub::AccessSecretVersion, request_),
              ReasonIs("PEER_NOT_ALLOWED"));
  EXPECT_EQ(EventCount("secret.version.access"), "2");
}

TEST_F(RegisteredWorkloadTest, NobodyCarriesAnothersAssertion) {
  const std::string other = "tenant/" + a_.ToString() + "/workload/other";
  EXPECT_THAT(Access(other, ProgramAssertion(a_)), ReasonIs("ASSERTION_NOT_YOURS"));
  EXPECT_THAT(Access("service/csi-provider", ProgramAssertion(a_)),
              ReasonIs("ASSERTION_NOT_YOURS"));
  EXPECT_THAT(Access(ProgramPath(b_), ProgramAssertion(a_)), ReasonIs("ASSERTION_NOT_YOURS"));
  EXPECT_THAT(Access(ProgramPath(b_), ProgramAssertion(a_, ProgramPath(b_))),
              ReasonIs("ASSERTION_NOT_YOURS"));
  // Its own is not of the tenant whose secret it asks for.
  EXPECT_THAT(Access(ProgramPath(b_), ProgramAssertion(b_)), ReasonIs("NOT_FOUND"));
}

TEST_F(RegisteredWorkloadTest, TheCsiProviderReadsForAPodWithThePodsAssertion) {
  const auto read = Access("service/csi-provider", ProgramAssertion(a_, "service/csi-provider"));
  ASSERT_OK(read);
  EXPECT_EQ(read->payload(), "value");
  EXPECT_THAT(As("service/csi-provider", a_, &Stub::AccessSecretVersion, request_),
              ReasonIs("WORKLOAD_NOT_REGISTERED"));
  EXPECT_THAT(Access("service/csi-provider", KeyAssertion("service/csi-provider", false)),
              ReasonIs("WORKLOAD_NOT_REGISTERED"));
}

TEST_F(RegisteredWorkloadTest, OnlyARegisteredProgramIsIssuedALogin) {
  const std::string path = ProgramPath(a_);
  v1::IssueLeaseRequest issue;
  issue.set_role("absent");
  EXPECT_THAT(AsProgram(a_, &Leases::IssueLease, issue), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(With(path, KeyAssertion(path, false), &Leases::IssueLease, issue),
              ReasonIs("WORKLOAD_NOT_REGISTERED"));
  EXPECT_THAT(AsUser(a_, &Leases::IssueLease, issue), ReasonIs("PEER_NOT_ALLOWED"));
}

TEST_F(RegisteredWorkloadTest, WhatIsGrantedToAWorkloadIsItsProgramsWhicheverWayTheyCome) {
  const std::string path = ProgramPath(a_);
  permissions_.reset(policy::v1::PERMISSION_KEY_MANAGE);
  const std::string alone = ProgramAssertion(a_);
  const std::string with_key = KeyAssertion(path, true);
  permissions_.set();
  ASSERT_OK(Grant("wkl_01h455vb4pex5vsknk084sn99z"));
  EXPECT_THAT(Access(path, alone), ReasonIs("SECRET_RESTRICTED"));
  EXPECT_THAT(Access(path, with_key), ReasonIs("SECRET_RESTRICTED"));
  ASSERT_OK(Grant(kWorkload));
  EXPECT_OK(Access(path, alone));
  EXPECT_OK(Access(path, with_key));
  ASSERT_OK(Grant("key_01h455vb4pex5vsknk084sn02q"));
  EXPECT_THAT(Access(path, alone), ReasonIs("SECRET_RESTRICTED"));
  EXPECT_OK(Access(path, with_key));
}

TEST_F(RegisteredWorkloadTest, TheEventNamesActorAndWorkload) {
  const std::string path = ProgramPath(a_);
  ASSERT_OK(Access(path, ProgramAssertion(a_)));
  ASSERT_OK(Access(path, KeyAssertion(path, true)));
  const auto events_with = [&](const std::string& text) {
    return test_->QueryValue(
        "SELECT count(*) FROM vault.outbox WHERE position('secret.version.access'::bytea in "
        "payload) > 0 AND position('" +
        text + "'::bytea in payload) > 0");
  };
  EXPECT_EQ(events_with(kWorkload), "2");
  EXPECT_EQ(events_with("tenant_workload"), "1");
  EXPECT_EQ(events_with("key_01h455vb4pex5vsknk084sn02q"), "1");
  EXPECT_EQ(events_with(path), "2");
}

TEST_F(RegisteredWorkloadTest, ARevokedWorkloadsAssertionsEndWithIt) {
  const std::string path = ProgramPath(a_);
  const std::string alone = ProgramAssertion(a_);
  const std::string with_key = KeyAssertion(path, true);
  ASSERT_OK(Access(path, alone));
  ASSERT_OK(Access(path, with_key));
  server_->assertions().Revoke(kWorkload, absl::Now());
  EXPECT_THAT(Access(path, alone), ReasonIs("ASSERTION_REVOKED"));
  EXPECT_THAT(Access(path, with_key), ReasonIs("ASSERTION_REVOKED"));
}

}  // namespace
}  // namespace kasbah::vault
