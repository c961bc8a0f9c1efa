#include "services/tenant_data/store/subject_store.h"
#include "services/tenant_data/store/tenant_data_fixture.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class TenantRegistryTest : public TenantDataTest {
 protected:
  void SetUp() override {
    TenantDataTest::SetUp();
    ASSERT_OK_AND_ASSIGN(door_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_registry"),
                                                     postgres::DoorToken::TenantRegistry(),
                                                     absl::Now() + absl::Seconds(30)));
    registry_ = std::make_unique<TenantRegistry>(*door_, outbox_, hosts_, clock_);
  }

  std::unique_ptr<postgres::Door> door_;
  HostCache hosts_{clock_};
  std::unique_ptr<TenantRegistry> registry_;
};

TEST_F(TenantRegistryTest, ACreatedTenantIsActiveAndItsTrailBegins) {
  CallContext operator_call = Call(TenantId());
  operator_call.actor = {"operator", "operator/ada", ""};
  ASSERT_OK_AND_ASSIGN(const Tenant tenant, registry_->Create(operator_call, "gamma", "Gamma"));
  ASSERT_OK_AND_ASSIGN(const Tenant seen, registry_->Get(Call(tenant.id)));
  EXPECT_EQ(seen.slug, "gamma");
  EXPECT_EQ(seen.display_name, "Gamma");
  const auto event = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(event.action(), "tenant.create");
  EXPECT_EQ(event.target().id(), tenant.id.ToString());
  EXPECT_EQ(test_->QueryValue("SELECT tenant_id::text FROM tenant_data.outbox ORDER BY id DESC"),
            tenant.id.uuid().ToString());
}

TEST_F(TenantRegistryTest, ATakenSlugIsRefusedWithoutAnEvent) {
  const int64_t audits = Audits();
  EXPECT_THAT(registry_->Create(Call(TenantId()), "alpha", "Again"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_THAT(registry_->Create(Call(TenantId()), "admin", "Admin"), ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(Audits(), audits);
}

TEST_F(TenantRegistryTest, SuspensionHoldsFromTheCommitAndRepeatsWithoutASecondEvent) {
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(const Tenant suspended, registry_->Suspend(Call(a_), "unpaid"));
  EXPECT_TRUE(suspended.suspended.has_value());
  EXPECT_THAT(Get(Call(a_), RecordId::New(absl::Now())), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(registry_->Get(Call(a_)), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_OK(registry_->Suspend(Call(a_), "again"));
  EXPECT_EQ(Audits(), audits + 1);
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "tenant.suspend");
  EXPECT_OK(registry_->Resume(Call(a_)));
  EXPECT_OK(registry_->Resume(Call(a_)));
  EXPECT_EQ(Audits(), audits + 2);
  EXPECT_THAT(Get(Call(a_), RecordId::New(absl::Now())), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(test_->QueryValue("SELECT state_version FROM core.tenants WHERE slug = 'alpha'"), "3");
}

TEST_F(TenantRegistryTest, AClosedTenantIsRefusedForGood) {
  ASSERT_OK(registry_->Suspend(Call(a_), "unpaid"));
  ASSERT_OK_AND_ASSIGN(const Tenant closed, registry_->Close(Call(a_), "contract ended"));
  EXPECT_EQ(closed.state, TenantState::kClosed);
  EXPECT_TRUE(closed.closed.has_value());
  EXPECT_FALSE(closed.suspended.has_value());
  const auto event = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(event.action(), "tenant.close");
  EXPECT_EQ(event.attributes().at("reason"), "contract ended");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "tenant.closed");

  const int64_t audits = Audits();
  EXPECT_THAT(Get(Call(a_), RecordId::New(absl::Now())), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(Create(a_, {{"note", "x"}}), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(registry_->Get(Call(a_)), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(registry_->Resume(Call(a_)), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(registry_->Suspend(Call(a_), "x"), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(registry_->Update(Call(a_), "v3", "x"), ReasonIs("TENANT_CLOSED"));
  ASSERT_OK(registry_->Close(Call(a_), "again"));
  EXPECT_EQ(Audits(), audits);
  // Its slug is not given to anybody else, and others go on.
  EXPECT_THAT(registry_->Create(Call(TenantId()), "alpha", "Again"), ReasonIs("ALREADY_EXISTS"));
  EXPECT_OK(registry_->Get(Call(b_)));
}

TEST_F(TenantRegistryTest, AnUpdateNeedsTheVersionThatWasRead) {
  ASSERT_OK_AND_ASSIGN(const Tenant updated, registry_->Update(Call(a_), "v1", "Alpha AG"));
  EXPECT_EQ(updated.version, 2u);
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "tenant.updated");
  EXPECT_EQ(change.sequence(), 2u);
  EXPECT_EQ(change.resource_id(), a_.ToString());
  EXPECT_EQ(change.data().fields().at("display_name").string_value(), "Alpha AG");
  EXPECT_TRUE(change.event_id().starts_with("evt_"));
  const int64_t audits = Audits();
  EXPECT_THAT(registry_->Update(Call(a_), "v1", "Lost"), ReasonIs("ETAG_MISMATCH"));
  EXPECT_THAT(registry_->Update(Call(a_), "2", "Lost"), ReasonIs("INVALID_FIELDS"));
  // The same again changes nothing.
  ASSERT_OK(registry_->Update(Call(a_), "v2", "Alpha AG"));
  EXPECT_EQ(Audits(), audits);
  ASSERT_OK_AND_ASSIGN(const Tenant seen, registry_->Get(Call(a_)));
  EXPECT_EQ(seen.display_name, "Alpha AG");
  ASSERT_OK(registry_->Suspend(Call(a_), "x"));
  // Told before anything is said of the etag.
  EXPECT_THAT(registry_->Update(Call(a_), "nonsense", "x"), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(TenantRegistryTest, TheSystemTenantIsNeitherListedNorSuspended) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tenant> tenants,
                       registry_->List(Call(TenantId()), TenantId(), 100));
  ASSERT_EQ(tenants.size(), 2u);
  EXPECT_EQ(tenants[0].slug, "alpha");
  EXPECT_EQ(tenants[1].slug, "beta");
  ASSERT_OK_AND_ASSIGN(const std::vector<Tenant> rest,
                       registry_->List(Call(TenantId()), tenants[0].id, 100));
  EXPECT_EQ(rest.size(), 1u);
  EXPECT_THAT(registry_->Suspend(Call(kSystemTenant), "x"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(registry_->Close(Call(kSystemTenant), "x"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(registry_->Get(Call(kSystemTenant)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(registry_->Suspend(Call(TenantId::New(absl::Now())), "x"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TenantRegistryTest, TheRegistrySeesNoTenantsRows) {
  MakeCustomer(a_, "one");
  constexpr postgres::Statement kCustomers{"test.customers",
                                           "SELECT count(*) FROM tenant_data.customers"};
  EXPECT_FALSE(door_
                   ->Run(absl::Now() + absl::Seconds(10),
                         [&](postgres::Transaction& tx) { return tx.Run(kCustomers); })
                   .ok());
}

TEST_F(TenantRegistryTest, ErasureBlanksACustomersNamesOnce) {
  const CustomerId one = MakeCustomer(a_, "ada@example.org");
  MakeCustomer(b_, "ada@example.org");
  SubjectStore subjects;
  const CallContext call = Call(a_);
  const auto erase = [&](const std::string& subject) {
    return database_->WithTenantInAnyState(
        call, postgres::AnyStateToken::ForErasure(),
        [&](postgres::Transaction& tx) -> absl::StatusOr<postgres::Pending<std::vector<Customer>>> {
          auto erased = subjects.Erase(tx, call, subject);
          const absl::Status audited = Audit(tx, call, "subject.erase");
          if (!audited.ok()) return audited;
          return erased;
        });
  };
  test_->SetTenantState(a_, "suspended");
  ASSERT_OK_AND_ASSIGN(const std::vector<Customer> first, erase("ada@example.org"));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first.front().id, one);
  EXPECT_EQ(first.front().version, 2u);
  EXPECT_EQ(first.front().external_id, one.uuid().ToString());
  ASSERT_OK_AND_ASSIGN(const std::vector<Customer> second, erase(one.ToString()));
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(Count("tenant_data.customers c WHERE c::text LIKE '%ada@example.org%'"), 1);
}

}  // namespace
}  // namespace kasbah::tenantdata
