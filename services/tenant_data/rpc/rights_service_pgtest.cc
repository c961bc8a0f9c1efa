// Starting, showing, listing and cancelling exports and erasures.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kasbah/tenantdata/v1/rights.pb.h"
#include "services/tenant_data/rpc/rights_service_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;

TEST_F(RightsServiceTest, AnOperationSaysWhatItWillAskAndIsItsTenantsAlone) {
  ASSERT_OK_AND_ASSIGN(const auto started, Export(a_));
  EXPECT_EQ(started.kind(), v1::RightsOperation::KIND_TENANT_EXPORT);
  EXPECT_EQ(started.state(), v1::RightsOperation::STATE_RUNNING);
  EXPECT_FALSE(started.done());
  EXPECT_EQ(started.actor(), "operator operator/ada");
  std::vector<std::string> services;
  for (const auto& service : started.services()) services.push_back(service.service());
  EXPECT_THAT(services, ElementsAre("tenant-data", "auth", "vault", "webhook", "audit"));
  ASSERT_OK_AND_ASSIGN(const auto again, Get(a_, started.operation_id()));
  EXPECT_EQ(again.operation_id(), started.operation_id());
  EXPECT_THAT(Get(b_, started.operation_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Cancel(b_, started.operation_id()), ReasonIs("NOT_FOUND"));
}

TEST_F(RightsServiceTest, ATenantHasSoManyExportsAtATimeAndACancelledOneIsNone) {
  std::string last;
  for (int i = 0; i < kMostExports; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto started, Export(a_));
    last = started.operation_id();
  }
  EXPECT_THAT(Export(a_), ReasonIs("TOO_MANY_EXPORTS"));
  EXPECT_OK(Export(b_));
  ASSERT_OK_AND_ASSIGN(const auto cancelled, Cancel(a_, last));
  EXPECT_EQ(cancelled.state(), v1::RightsOperation::STATE_CANCELLED);
  EXPECT_THAT(Cancel(a_, last), ReasonIs("OPERATION_FINISHED"));
  EXPECT_OK(Export(a_));
}

TEST_F(RightsServiceTest, AnErasureIsCalledOffOnlyBeforeItHasBegun) {
  ASSERT_OK_AND_ASSIGN(const auto first, EraseSubject(a_, "ada@example.com"));
  EXPECT_OK(Cancel(a_, first.operation_id()));
  ASSERT_OK_AND_ASSIGN(const auto second, EraseSubject(a_, "ada@example.com"));
  SetStep(second.operation_id(), 1);
  EXPECT_THAT(Cancel(a_, second.operation_id()), ReasonIs("ERASURE_BEGUN"));
}

TEST_F(RightsServiceTest, WhomAnOperationIsAboutIsForgottenAtItsEndAndStandsInNoEvent) {
  ASSERT_OK_AND_ASSIGN(const auto started, EraseSubject(a_, "ada@example.com"));
  EXPECT_EQ(Count("tenant_data.rights_operations WHERE subject = 'ada@example.com'"), 1);
  EXPECT_OK(Cancel(a_, started.operation_id()));
  EXPECT_EQ(Count("tenant_data.rights_operations WHERE subject <> ''"), 0);
  EXPECT_EQ(Count("tenant_data.outbox WHERE position(convert_to('ada@', 'UTF8') IN payload) > 0"),
            0);
}

TEST_F(RightsServiceTest, ATenantIsErasedOnceClosedAndByItsName) {
  const std::string slug = SlugOf(a_);
  EXPECT_THAT(Erase(a_, slug), ReasonIs("TENANT_NOT_CLOSED"));
  test_->Execute("UPDATE core.tenants SET state = 'closed', closed_at = now() WHERE slug = '" +
                 slug + "'");
  EXPECT_THAT(Erase(a_, "another"), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Count("tenant_data.rights_operations"), 0);
  ASSERT_OK_AND_ASSIGN(const auto started, Erase(a_, slug));
  EXPECT_EQ(started.kind(), v1::RightsOperation::KIND_TENANT_ERASURE);
  EXPECT_THAT(Erase(a_, slug), ReasonIs("ALREADY_EXISTS"));
  // Nothing is exported of it any more, and what is running can be seen.
  EXPECT_THAT(Export(a_), ReasonIs("TENANT_CLOSED"));
  EXPECT_OK(Get(a_, started.operation_id()));
}

TEST_F(RightsServiceTest, ASlugIsNobodysOnceItsTenantIsErased) {
  CallContext call =
      CallContext::ForBackground("service/tenant-data", a_, absl::Now() + absl::Seconds(10));
  const std::string slug = SlugOf(a_);
  EXPECT_EQ(ReasonOf(registry_->Erase(call)), "TENANT_NOT_CLOSED");
  test_->Execute("UPDATE core.tenants SET state = 'closed', closed_at = now() WHERE slug = '" +
                 slug + "'");
  EXPECT_OK(registry_->Erase(call));
  EXPECT_OK(registry_->Erase(call));
  EXPECT_EQ(Count("core.tenants WHERE slug = '" + slug + "'"), 0);
  EXPECT_THAT(registry_->Create(call, slug, "again"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_OK(registry_->Create(call, slug + "-two", "another"));
  EXPECT_THAT(Erase(a_, slug), ReasonIs("TENANT_ERASED"));
}

}  // namespace
}  // namespace kasbah::tenantdata
