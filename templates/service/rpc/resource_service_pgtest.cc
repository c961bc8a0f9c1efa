#include "services/@schema@/rpc/@resource@_service.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "libs/testing/server_harness.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/test_postgres.h"
#include "services/@schema@/rpc/subject_service.h"
#include "services/@schema@/store/migrations.h"

namespace kasbah::@package@ {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;
using Stub = v1::@Resource@Service::Stub;

class @Resource@ServiceTest : public ::testing::Test, protected testing::ServerHarness {
 protected:
  @Resource@ServiceTest() : ServerHarness("@service@") {}

  void SetUp() override {
    test_ = testing::TestDatabase::Create(migrations::@schema@());
    a_ = test_->CreateTenant("a");
    b_ = test_->CreateTenant("b");
    database_ = *postgres::Database::Open(test_->Pool("kasbah_@schema@"),
                                          absl::Now() + absl::Seconds(20));
    CreateServer({v1::@Resource@::descriptor()->file(), subject::v1::Subject::descriptor()->file()});
    @plural@_ = std::make_unique<@Resource@Service>(server_->pipeline(), *database_, outbox_,
                                            Clock::Real());
    subjects_ = std::make_unique<SubjectService>(server_->pipeline(), *database_, outbox_,
                                                 Clock::Real());
    Serve({@plural@_.get(), subjects_.get()});
  }
  void TearDown() override { StopServer(); }

  absl::StatusOr<v1::@Resource@> Create(TenantId tenant, const std::string& title) {
    v1::Create@Resource@Request request;
    request.set_title(title);
    return AsUser(tenant, &Stub::Create@Resource@, request);
  }
  absl::StatusOr<v1::@Resource@> Get(TenantId tenant, const std::string& id) {
    v1::Get@Resource@Request request;
    request.set_@resource@_id(id);
    return AsUser(tenant, &Stub::Get@Resource@, request);
  }

  std::unique_ptr<testing::TestDatabase> test_;
  TenantId a_;
  TenantId b_;
  std::unique_ptr<postgres::Database> database_;
  outbox::Outbox outbox_{"@schema@"};
  std::unique_ptr<@Resource@Service> @plural@_;
  std::unique_ptr<SubjectService> subjects_;
};

TEST_F(@Resource@ServiceTest, WhatWasCreatedIsRead) {
  ASSERT_OK_AND_ASSIGN(const v1::@Resource@ made, Create(a_, " first "));
  ASSERT_OK_AND_ASSIGN(const v1::@Resource@ got, Get(a_, made.@resource@_id()));
  EXPECT_EQ(got.title(), "first");
  EXPECT_EQ(got.created_by(), testing::kUser);
}

TEST_F(@Resource@ServiceTest, ItsEventCommitsWithIt) {
  ASSERT_OK(Create(a_, "first"));
  EXPECT_THAT(Create(a_, " "), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM @schema@.outbox WHERE topic = 'audit' AND "
                              "position('@resource@.create'::bytea IN payload) > 0"),
            "1");
}

TEST_F(@Resource@ServiceTest, AnotherTenantsIsNotFound) {
  ASSERT_OK_AND_ASSIGN(const v1::@Resource@ made, Create(a_, "first"));
  EXPECT_THAT(Get(b_, made.@resource@_id()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(@Resource@ServiceTest, ASuspendedTenantIsRefused) {
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Create(a_, "first"), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(@Resource@ServiceTest, WhoMadeItIsExportedAndErased) {
  using Subjects = subject::v1::SubjectService::Stub;
  ASSERT_OK_AND_ASSIGN(const v1::@Resource@ made, Create(a_, "first"));
  subject::v1::ExportSubjectRequest what;
  what.mutable_subject()->set_id(testing::kUser);
  ASSERT_OK_AND_ASSIGN(const auto held,
                       As("service/tenant-data", a_, &Subjects::ExportSubject, what));
  EXPECT_EQ(held.values_size(), 1);
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id(testing::kUser);
  ASSERT_OK(As("service/tenant-data", a_, &Subjects::EraseSubject, erase));
  ASSERT_OK_AND_ASSIGN(const v1::@Resource@ got, Get(a_, made.@resource@_id()));
  EXPECT_EQ(got.created_by(), "");
}

}  // namespace
}  // namespace kasbah::@package@
