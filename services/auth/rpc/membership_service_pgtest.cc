#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "services/auth/rpc/auth_server_fixture.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using Members = v1::MembershipService::Stub;
using Subjects = subject::v1::SubjectService::Stub;

class MembershipServiceTest : public AuthServer {
 protected:
  absl::StatusOr<v1::Membership> SetRole(TenantId tenant, const std::string& user, v1::Role role) {
    v1::UpdateMembershipRequest request;
    request.set_user_id(user);
    request.set_role(role);
    return Call<v1::MembershipService>("operator/ada", tenant, &Members::UpdateMembership, request);
  }
  absl::StatusOr<v1::DeleteMembershipResponse> Remove(TenantId tenant, const std::string& user) {
    v1::DeleteMembershipRequest request;
    request.set_user_id(user);
    return Call<v1::MembershipService>("operator/ada", tenant, &Members::DeleteMembership, request);
  }
  absl::StatusOr<v1::ListMembershipsResponse> List(TenantId tenant) {
    return Call<v1::MembershipService>("operator/ada", tenant, &Members::ListMemberships,
                                       v1::ListMembershipsRequest());
  }
  absl::StatusOr<subject::v1::ExportSubjectResponse> Export(TenantId tenant,
                                                            const std::string& id) {
    subject::v1::ExportSubjectRequest request;
    request.mutable_subject()->set_id(id);
    return Call<subject::v1::SubjectService>("service/tenant-data", tenant,
                                             &Subjects::ExportSubject, request);
  }
  absl::StatusOr<subject::v1::EraseSubjectResponse> Erase(TenantId tenant, const std::string& id) {
    subject::v1::EraseSubjectRequest request;
    request.mutable_subject()->set_id(id);
    return Call<subject::v1::SubjectService>("service/tenant-data", tenant, &Subjects::EraseSubject,
                                             request);
  }
};

TEST_F(MembershipServiceTest, AMemberIsKnownByAddressHoweverItIsTyped) {
  ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant_, " Ada@Example.com", v1::ROLE_OWNER));
  EXPECT_EQ(ada.email(), "ada@example.com");
  EXPECT_THAT(AddMember(tenant_, "ada@EXAMPLE.com", v1::ROLE_VIEWER), ReasonIs("ALREADY_EXISTS"));
  ASSERT_OK_AND_ASSIGN(const auto elsewhere,
                       AddMember(other_tenant_, "ada@example.com", v1::ROLE_VIEWER));
  EXPECT_EQ(elsewhere.user_id(), ada.user_id());
  ASSERT_OK_AND_ASSIGN(const auto listed, List(tenant_));
  ASSERT_EQ(listed.memberships_size(), 1);
  EXPECT_EQ(listed.memberships(0).email(), "ada@example.com");
  EXPECT_EQ(listed.memberships(0).role(), v1::ROLE_OWNER);
  EXPECT_EQ(EventsOf(tenant_, "member.create"), "1");
  EXPECT_EQ(EventsOf(tenant_, "ada@example.com"), "0") << "no address in the trail";
}

TEST_F(MembershipServiceTest, WhoIsNotAdmittedIsNotKept) {
  test_database_->SetTenantState(tenant_, "suspended");
  EXPECT_THAT(AddMember(tenant_, "ada@example.com", v1::ROLE_VIEWER), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.users"), "0");
  ASSERT_OK(AddMember(other_tenant_, "ada@example.com", v1::ROLE_VIEWER));
  EXPECT_FALSE(AddMember(tenant_, "ada@example.com", v1::ROLE_VIEWER).ok());
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.users"), "1");
}

TEST_F(MembershipServiceTest, TheLastOwnerStays) {
  ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant_, "ada@example.com", v1::ROLE_OWNER));
  ASSERT_OK_AND_ASSIGN(const auto bob, AddMember(tenant_, "bob@example.com", v1::ROLE_MEMBER));
  EXPECT_THAT(SetRole(tenant_, ada.user_id(), v1::ROLE_ADMIN), ReasonIs("LAST_OWNER"));
  EXPECT_THAT(Remove(tenant_, ada.user_id()), ReasonIs("LAST_OWNER"));
  EXPECT_EQ(EventsOf(tenant_, "member.delete"), "0") << "nothing happened, nothing is told";
  ASSERT_OK(SetRole(tenant_, bob.user_id(), v1::ROLE_OWNER));
  EXPECT_OK(Remove(tenant_, ada.user_id()));
  EXPECT_THAT(Remove(tenant_, bob.user_id()), ReasonIs("LAST_OWNER"));
}

TEST_F(MembershipServiceTest, TwoOwnersCannotRemoveEachOtherAtOnce) {
  for (int round = 0; round < 10; ++round) {
    const TenantId tenant = test_database_->CreateTenant("tenant-" + std::to_string(round));
    ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant, "ada@example.com", v1::ROLE_OWNER));
    ASSERT_OK_AND_ASSIGN(const auto bob, AddMember(tenant, "bob@example.com", v1::ROLE_OWNER));
    absl::Status first;
    std::thread thread([&] { first = SetRole(tenant, ada.user_id(), v1::ROLE_MEMBER).status(); });
    const absl::Status second = Remove(tenant, bob.user_id()).status();
    thread.join();
    EXPECT_NE(first.ok(), second.ok()) << first << "; " << second;
    EXPECT_THAT(first.ok() ? second : first, ReasonIs("LAST_OWNER"));
  }
}

TEST_F(MembershipServiceTest, AChangedRoleEndsTheMembersAssertions) {
  ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant_, "ada@example.com", v1::ROLE_VIEWER));
  ASSERT_OK(SetRole(tenant_, ada.user_id(), v1::ROLE_VIEWER));
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.revocations"), "0")
      << "it is what it was";
  ASSERT_OK_AND_ASSIGN(const auto changed, SetRole(tenant_, ada.user_id(), v1::ROLE_MEMBER));
  EXPECT_EQ(changed.role(), v1::ROLE_MEMBER);
  EXPECT_EQ(changed.email(), "ada@example.com");
  EXPECT_EQ(test_database_->QueryValue("SELECT subject FROM auth.revocations"), ada.user_id());
  EXPECT_EQ(EventsOf(tenant_, "member.update"), "1");
}

TEST_F(MembershipServiceTest, AForeignTenantsMemberIsNotFound) {
  ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant_, "ada@example.com", v1::ROLE_VIEWER));
  EXPECT_THAT(SetRole(other_tenant_, ada.user_id(), v1::ROLE_OWNER), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Remove(other_tenant_, ada.user_id()), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto listed, List(other_tenant_));
  EXPECT_EQ(listed.memberships_size(), 0);
}

TEST_F(MembershipServiceTest, AKeyHoldsNoSayOverMembers) {
  ASSERT_OK_AND_ASSIGN(const auto key, MakeKey(tenant_, v1::ROLE_OWNER));
  ASSERT_OK_AND_ASSIGN(const auto resolved, Resolve("operator/ada", key.secret()));
  v1::CreateMembershipRequest request;
  request.set_email("eve@example.com");
  request.set_role(v1::ROLE_VIEWER);
  EXPECT_FALSE(Call<v1::MembershipService>("operator/ada", TenantId(), &Members::CreateMembership,
                                           request, resolved.assertion())
                   .ok());
}

TEST_F(MembershipServiceTest, ASubjectsDataIsShownAndErasedWhereTheyBelong) {
  ASSERT_OK_AND_ASSIGN(const auto ada, AddMember(tenant_, "ada@example.com", v1::ROLE_OWNER));
  ASSERT_OK(AddMember(other_tenant_, "ada@example.com", v1::ROLE_VIEWER));
  ASSERT_OK(MakeKey(tenant_, v1::ROLE_VIEWER));
  test_database_->Execute(
      "UPDATE auth.api_keys SET display_name = 'Ada''s laptop', created_by = '" + ada.user_id() +
      "'");
  for (const std::string& id : {std::string("ADA@example.com"), ada.user_id()}) {
    ASSERT_OK_AND_ASSIGN(const auto shown, Export(tenant_, id));
    std::map<std::string, std::string> values;
    for (const auto& value : shown.values()) values[value.column()] = value.value();
    EXPECT_THAT(values, ::testing::UnorderedElementsAre(
                            ::testing::Pair("auth.users.email", "ada@example.com"),
                            ::testing::Pair("auth.memberships.display_name", "Somebody"),
                            ::testing::Pair("auth.api_keys.display_name", "Ada's laptop")));
  }
  // A last owner, of a suspended tenant: the right is theirs all the same.
  test_database_->SetTenantState(tenant_, "suspended");
  ASSERT_OK_AND_ASSIGN(const auto erased, Erase(tenant_, "ada@example.com"));
  EXPECT_EQ(erased.erased().at("auth.memberships.display_name"), 1u);
  EXPECT_EQ(erased.erased().at("auth.api_keys.display_name"), 1u);
  EXPECT_EQ(erased.erased().at("auth.users.email"), 0u) << "another tenant has them";
  EXPECT_OK(Erase(tenant_, ada.user_id())) << "erasing again is no error";
  ASSERT_OK_AND_ASSIGN(const auto nothing, Export(tenant_, "ada@example.com"));
  EXPECT_EQ(nothing.values_size(), 0);

  ASSERT_OK_AND_ASSIGN(const auto last, Erase(other_tenant_, "ada@example.com"));
  EXPECT_EQ(last.erased().at("auth.users.email"), 1u);
  EXPECT_EQ(test_database_->QueryValue("SELECT count(*) FROM auth.users"), "0");
  EXPECT_EQ(EventsOf(tenant_, "subject.export"), "3");
  EXPECT_EQ(EventsOf(tenant_, "ada@example.com"), "0") << "no address in the trail";
}

TEST_F(MembershipServiceTest, AnUnknownSubjectHasNothing) {
  for (const char* id : {"nobody@example.com", "cus_00000000000000000000000000", "who?"}) {
    ASSERT_OK_AND_ASSIGN(const auto shown, Export(tenant_, id));
    EXPECT_EQ(shown.values_size(), 0);
    EXPECT_OK(Erase(tenant_, id));
  }
}

}  // namespace
}  // namespace kasbah::auth
