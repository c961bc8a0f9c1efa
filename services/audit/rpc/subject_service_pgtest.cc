#include <gtest/gtest.h>

#include "services/audit/domain/personal_columns.h"
#include "services/audit/rpc/audit_server_fixture.h"
#include "services/audit/rpc/subject_service.h"

namespace kasbah::audit {
namespace {

class SubjectServiceTest : public AuditServerTest {
 protected:
  using Stub = subject::v1::SubjectService::Stub;

  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(TenantId tenant, const std::string& id) {
    subject::v1::EraseSubjectRequest request;
    request.mutable_subject()->set_id(id);
    return As(tenant, &Stub::EraseSubject, request);
  }
  absl::StatusOr<subject::v1::ExportSubjectResponse> ExportOf(TenantId tenant,
                                                              const std::string& id) {
    subject::v1::ExportSubjectRequest request;
    request.mutable_subject()->set_id(id);
    return As(tenant, &Stub::ExportSubject, request);
  }
  void Close(TenantId tenant) {
    Tamper(tenant,
           "UPDATE core.tenants SET state = 'closed', closed_at = now() WHERE tenant_id = $");
  }
  absl::StatusOr<subject::v1::EraseTenantResponse> EraseTenant(TenantId tenant) {
    subject::v1::EraseTenantRequest request;
    request.set_confirm(tenant.ToString());
    return As(tenant, &Stub::EraseTenant, request, "service/tenant-data");
  }
  // Whose events have a personal value, or a salt that would let it be tried out.
  std::string WithPersonalValues() {
    return test_->QueryValue(
        "SELECT coalesce(string_agg(DISTINCT tenant_id::text, ' '), '') FROM audit.event WHERE "
        "coalesce(source_address, user_agent, actor_display) IS NOT NULL OR "
        "coalesce(source_address_salt, user_agent_salt, actor_display_salt) IS NOT NULL");
  }
};

TEST_F(SubjectServiceTest, ExportsWhatIsHeldOfTheSubjectAlone) {
  Log({{a_, Event("secret.create", "usr_ada")},
       {a_, Event("secret.create", "usr_eve")},
       {b_, Event("secret.create", "usr_ada")}});
  ASSERT_OK_AND_ASSIGN(const auto reply, ExportOf(a_, "usr_ada"));
  ASSERT_EQ(reply.values_size(), 2);
  EXPECT_EQ(reply.values(0).column(), "audit.event.source_address");
  EXPECT_EQ(reply.values(0).value(), "192.0.2.1");
  EXPECT_EQ(reply.values(0).row_id(), "0");
  EXPECT_EQ(reply.values(1).column(), "audit.event.actor_display");
  EXPECT_EQ(Waiting("subject.export"), "1");
}

TEST_F(SubjectServiceTest, ErasureDestroysValueAndSaltAndKeepsTheProofs) {
  Log({{a_, Event("secret.create", "usr_ada")}, {a_, Event("secret.create", "usr_eve")}});
  ASSERT_OK_AND_ASSIGN(const auto reply, Erase(a_, "usr_ada"));
  EXPECT_EQ(reply.erased().at("audit.event.source_address"), 1u);
  EXPECT_EQ(reply.erased().at("audit.event.user_agent"), 0u);
  EXPECT_EQ(reply.erased().at("audit.event.actor_display"), 1u);
  EXPECT_EQ(test_->QueryValue(
                "SELECT count(*) FROM audit.event WHERE actor_id = 'usr_ada' AND "
                "coalesce(source_address, user_agent, actor_display) IS NOT NULL OR actor_id = "
                "'usr_ada' AND coalesce(source_address_salt, user_agent_salt, actor_display_salt) "
                "IS NOT NULL"),
            "0");
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.erased_values, 2u);
  ASSERT_OK_AND_ASSIGN(const auto list, List(a_, {}));
  EXPECT_EQ(list.events(1).event().actor().display(), "");
  EXPECT_EQ(list.events(0).event().actor().display(), "Ada Lovelace");
}

TEST_F(SubjectServiceTest, ErasureIsAnEventThatDoesNotNameTheSubject) {
  Log(Repeat(a_, 1));
  ASSERT_OK(Erase(a_, "ada@example.com"));
  EXPECT_EQ(Waiting("subject.erase"), "1");
  EXPECT_EQ(Waiting("ada@example.com"), "0");
}

TEST_F(SubjectServiceTest, ErasingAgainAndInASuspendedTenantIsNoError) {
  Log(Repeat(a_, 2));
  ASSERT_OK(Erase(a_, "usr_ada"));
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK_AND_ASSIGN(const auto reply, Erase(a_, "usr_ada"));
  EXPECT_EQ(reply.erased().at("audit.event.actor_display"), 0u);
}

// Or it would find its own next time, and never be done.
TEST_F(SubjectServiceTest, ATenantsErasureEndsPersonalValuesAndTellsOfItWithNone) {
  Log({{a_, Event("secret.create", "usr_ada")}, {b_, Event("secret.create", "usr_ada")}});
  Close(a_);
  ASSERT_OK_AND_ASSIGN(const auto reply, EraseTenant(a_));
  EXPECT_TRUE(reply.done());
  EXPECT_EQ(reply.erased().at("audit.event"), 1u);
  EXPECT_EQ(WithPersonalValues(), b_.uuid().ToString());
  EXPECT_EQ(Waiting("tenant.erase_rows"), "1");
  EXPECT_EQ(Waiting("127.0.0.1"), "0");
  // What others are told of a person has the address of whoever asked.
  ASSERT_OK(Erase(b_, "usr_ada"));
  EXPECT_EQ(Waiting("127.0.0.1"), "1");
}

// Uses that were counted, calls that were refused, an outbox that was away: nobody can know that
// nothing comes any more, so it does not matter.
TEST_F(SubjectServiceTest, WhatComesAfterATenantsErasureIsLoggedAndProvableWithoutPersonalValues) {
  Log({{a_, Event("secret.create", "usr_ada")}, {b_, Event("secret.create", "usr_ada")}});
  Close(a_);
  ASSERT_OK_AND_ASSIGN(const auto reply, EraseTenant(a_));
  EXPECT_TRUE(reply.done());
  outbox::v1::AuditEvent late = Event("key.encrypt", "usr_ada");
  late.set_user_agent("curl/8");
  late.set_count(7);
  Log({{a_, late}, {b_, late}});
  EXPECT_EQ(WithPersonalValues(), b_.uuid().ToString());
  EXPECT_EQ(Count("event", a_), "2");

  ASSERT_OK_AND_ASSIGN(const auto again, EraseTenant(a_));
  EXPECT_TRUE(again.done());
  EXPECT_EQ(again.erased().count("audit.event"), 0u);
  EXPECT_EQ(Waiting("tenant.erase_rows"), "1");
  Tamper(a_, "UPDATE core.tenants SET state = 'active' WHERE tenant_id = $");
  ASSERT_OK_AND_ASSIGN(const std::string file, Export(a_));
  const merkle::ExportVerdict verdict = Verify(a_, file);
  ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
  EXPECT_EQ(verdict.summary.erased_values, 5u);
}

TEST_F(SubjectServiceTest, WhatCannotBeLoggedAfterATenantsErasureIsKeptAsideWithoutItsContents) {
  Log({{a_, Event()}, {b_, Event()}});
  Close(a_);
  ASSERT_OK(EraseTenant(a_));
  auto request = Request(++last_batch_, {{a_, Event()}, {b_, Event()}});
  for (auto& entry : *request.mutable_entries()) entry.set_payload("from 192.0.2.1, no event");
  request.set_digest(outbox::Relay::Digest(request.entries()));
  ASSERT_OK_AND_ASSIGN(const FlushReport report, Flush({Prepared(request)}));
  EXPECT_EQ(report.quarantined, 2u);
  for (const auto& [tenant, kept] : {std::pair(a_, "0"), std::pair(b_, "24")}) {
    EXPECT_EQ(test_->QueryValue(StrCat("SELECT length(payload) FROM audit.quarantine WHERE "
                                       "tenant_id = '",
                                       tenant.uuid().ToString(), "'")),
              kept);
  }
}

// Its erasure is its first event.
TEST_F(SubjectServiceTest, AnEmptyTrailIsClosedToPersonalValuesOnceItHasAHead) {
  Close(a_);
  ASSERT_OK_AND_ASSIGN(const auto before, EraseTenant(a_));
  EXPECT_FALSE(before.done());
  EXPECT_EQ(Waiting("tenant.erase_rows"), "1");
  Log({{a_, Event()}});
  ASSERT_OK_AND_ASSIGN(const auto after, EraseTenant(a_));
  EXPECT_TRUE(after.done());
  EXPECT_EQ(WithPersonalValues(), "");
}

TEST_F(SubjectServiceTest, TheServicesRoleCanEraseAndChangeNothingElse) {
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(a.attname, ' ' ORDER BY a.attname) "
                              "FROM pg_attribute a WHERE a.attrelid = 'audit.log_head'::regclass "
                              "AND a.attnum > 0 AND has_column_privilege('kasbah_audit', "
                              "a.attrelid, a.attnum, 'INSERT, UPDATE')"),
            "erased_at");
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(a.attname, ' ' ORDER BY a.attname) "
                              "FROM pg_attribute a WHERE a.attrelid = 'audit.event'::regclass AND "
                              "a.attnum > 0 AND has_column_privilege('kasbah_audit', a.attrelid, "
                              "a.attnum, 'UPDATE')"),
            "actor_display actor_display_salt source_address source_address_salt user_agent "
            "user_agent_salt");
}

TEST_F(SubjectServiceTest, EveryPersonalColumnIsListed) {
  std::string listed;
  for (const std::string_view column : kPersonalColumns) StrAppend(&listed, column, "\n");
  EXPECT_EQ(test_->QueryValue(
                "SELECT string_agg(d.objoid::regclass || '.' || a.attname || E'\\n', '' "
                "ORDER BY a.attnum) FROM pg_description d JOIN pg_attribute a ON a.attrelid = "
                "d.objoid AND a.attnum = d.objsubid WHERE d.description LIKE 'personal:%' "
                "AND d.classoid = 'pg_class'::regclass"),
            listed);
}

}  // namespace
}  // namespace kasbah::audit
