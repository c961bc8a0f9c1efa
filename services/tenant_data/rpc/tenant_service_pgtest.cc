#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"
#include "services/tenant_data/rpc/tenant_service.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;
using Tenants = v1::TenantService;
using Customers = v1::CustomerService;

class TenantServiceTest : public TenantDataServerTest {};

TEST_F(TenantServiceTest, AnOperatorMakesListsSuspendsAndResumesTenants) {
  v1::CreateTenantRequest create;
  create.set_slug("gamma");
  create.set_display_name("Gamma");
  ASSERT_OK_AND_ASSIGN(const v1::Tenant made,
                       AsOperator(TenantId(), &Tenants::Stub::CreateTenant, create));
  EXPECT_EQ(made.state(), v1::LIFECYCLE_STATE_ACTIVE);
  EXPECT_THAT(AsOperator(TenantId(), &Tenants::Stub::CreateTenant, create),
              ReasonIs("ALREADY_EXISTS"));
  create.set_slug("www");
  EXPECT_THAT(AsOperator(TenantId(), &Tenants::Stub::CreateTenant, create),
              ReasonIs("INVALID_FIELDS"));

  v1::ListTenantsRequest list;
  list.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto page, AsOperator(TenantId(), &Tenants::Stub::ListTenants, list));
  ASSERT_EQ(page.tenants_size(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto rest, AsOperator(TenantId(), &Tenants::Stub::ListTenants, list));
  ASSERT_EQ(rest.tenants_size(), 1);
  EXPECT_EQ(rest.tenants(0).slug(), "gamma");

  const TenantId gamma = *TenantId::Parse(made.tenant_id());
  v1::SuspendTenantRequest suspend;
  suspend.set_reason("unpaid");
  ASSERT_OK_AND_ASSIGN(const v1::Tenant suspended,
                       AsOperator(gamma, &Tenants::Stub::SuspendTenant, suspend));
  EXPECT_EQ(suspended.state(), v1::LIFECYCLE_STATE_SUSPENDED);
  EXPECT_TRUE(suspended.has_suspend_time());
  EXPECT_THAT(AsUser(gamma, &Tenants::Stub::GetTenant, v1::GetTenantRequest()),
              ReasonIs("TENANT_SUSPENDED"));
  ASSERT_OK(AsOperator(gamma, &Tenants::Stub::ResumeTenant, v1::ResumeTenantRequest()));
  ASSERT_OK_AND_ASSIGN(const v1::Tenant seen,
                       AsUser(gamma, &Tenants::Stub::GetTenant, v1::GetTenantRequest()));
  EXPECT_EQ(seen.slug(), "gamma");
}

TEST_F(TenantServiceTest, WhoManagesATenantChangesItsNameAndNothingElse) {
  ASSERT_OK_AND_ASSIGN(const v1::Tenant before,
                       AsUser(a_, &Tenants::Stub::GetTenant, v1::GetTenantRequest()));
  v1::UpdateTenantRequest update;
  update.set_etag(before.etag());
  update.set_display_name("Alpha Ltd");
  permissions_.reset(policy::v1::PERMISSION_TENANT_MANAGE);
  EXPECT_THAT(AsUser(a_, &Tenants::Stub::UpdateTenant, update), ReasonIs("PERMISSION_DENIED"));
  permissions_.set(policy::v1::PERMISSION_TENANT_MANAGE);
  EXPECT_THAT(AsUser(a_, &Tenants::Stub::UpdateTenant, update, MakeCustomer(a_, "one")),
              StatusIs(absl::StatusCode::kPermissionDenied));
  ASSERT_OK_AND_ASSIGN(const v1::Tenant after, AsUser(a_, &Tenants::Stub::UpdateTenant, update));
  EXPECT_EQ(after.display_name(), "Alpha Ltd");
  EXPECT_EQ(after.slug(), before.slug());
  EXPECT_EQ(after.state(), before.state());
  EXPECT_THAT(AsUser(a_, &Tenants::Stub::UpdateTenant, update), ReasonIs("ETAG_MISMATCH"));
  // Of its own tenant alone: the request names none.
  EXPECT_EQ(test_->QueryValue("SELECT display_name FROM core.tenants WHERE slug = 'beta'"), "beta");
  const auto audit = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(audit.action(), "tenant.update");
  EXPECT_EQ(audit.actor().id(), testing::kUser);
}

TEST_F(TenantServiceTest, ATenantsUserCannotSuspend) {
  v1::SuspendTenantRequest suspend;
  suspend.set_reason("x");
  EXPECT_THAT(AsUser(a_, &Tenants::Stub::SuspendTenant, suspend),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(TenantServiceTest, CustomersAreMadeSeenSuspendedAndErased) {
  v1::CreateCustomerRequest create;
  create.set_external_id("ada@example.org");
  create.set_display_name("Ada");
  ASSERT_OK_AND_ASSIGN(const v1::Customer made,
                       AsUser(a_, &Customers::Stub::CreateCustomer, create));
  EXPECT_THAT(AsUser(a_, &Customers::Stub::CreateCustomer, create), ReasonIs("ALREADY_EXISTS"));
  v1::GetCustomerRequest get;
  get.set_customer_id(made.customer_id());
  EXPECT_OK(AsUser(a_, &Customers::Stub::GetCustomer, get));
  EXPECT_THAT(AsUser(b_, &Customers::Stub::GetCustomer, get), ReasonIs("NOT_FOUND"));
  v1::SuspendCustomerRequest suspend;
  suspend.set_customer_id(made.customer_id());
  const int64_t audits = Audits();
  ASSERT_OK(AsUser(a_, &Customers::Stub::SuspendCustomer, suspend));
  ASSERT_OK(AsUser(a_, &Customers::Stub::SuspendCustomer, suspend));
  EXPECT_EQ(Audits(), audits + 1);

  using Subjects = subject::v1::SubjectService;
  subject::v1::ExportSubjectRequest ask;
  ask.mutable_subject()->set_id("ada@example.org");
  ASSERT_OK_AND_ASSIGN(const auto exported, AsOperator(a_, &Subjects::Stub::ExportSubject, ask));
  ASSERT_EQ(exported.values_size(), 2);
  EXPECT_EQ(exported.values(0).value(), "Ada");
  subject::v1::EraseSubjectRequest erase;
  erase.mutable_subject()->set_id(made.customer_id());
  ASSERT_OK_AND_ASSIGN(const auto erased, AsOperator(a_, &Subjects::Stub::EraseSubject, erase));
  EXPECT_EQ(erased.erased().at("tenant_data.customers.display_name"), 1u);
  ASSERT_OK_AND_ASSIGN(const auto gone, AsOperator(a_, &Subjects::Stub::ExportSubject, ask));
  EXPECT_EQ(gone.values_size(), 0);
}

TEST_F(TenantServiceTest, ACollectionIsDefinedOnceAndRefusedWithEveryFault) {
  using Collections = v1::CollectionService;
  v1::CreateCollectionRequest create;
  create.set_key("people");
  v1::Field* iban = create.add_fields();
  iban->set_key("iban");
  iban->set_type(v1::FIELD_TYPE_TEXT);
  iban->set_sealed(true);
  iban->set_unique(true);
  iban->set_pattern("(");
  const auto refused = AsUser(a_, &Collections::Stub::CreateCollection, create);
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(DetailsOf(refused.status()).violations.size(), 2u);
  iban->set_unique(false);
  iban->clear_pattern();
  ASSERT_OK_AND_ASSIGN(const v1::Collection made,
                       AsUser(a_, &Collections::Stub::CreateCollection, create));
  EXPECT_EQ(made.schema_version(), 1u);
  EXPECT_TRUE(made.fields(0).field_id().starts_with("fld_"));
  EXPECT_THAT(AsUser(a_, &Collections::Stub::CreateCollection, create), ReasonIs("ALREADY_EXISTS"));
  v1::GetCollectionRequest get;
  get.set_collection("people");
  EXPECT_OK(AsUser(a_, &Collections::Stub::GetCollection, get));
  EXPECT_THAT(AsUser(b_, &Collections::Stub::GetCollection, get), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const auto all, AsUser(a_, &Collections::Stub::ListCollections,
                                              v1::ListCollectionsRequest()));
  EXPECT_EQ(all.collections_size(), 2);
}

}  // namespace
}  // namespace kasbah::tenantdata
