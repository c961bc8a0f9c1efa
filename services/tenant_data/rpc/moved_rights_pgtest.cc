// Exports and erasures of a tenant whose records are in another database: they are where its
// records are, and its domains are not.

#include "services/tenant_data/placement/placement_fixture.h"
#include "services/tenant_data/rpc/rights_service_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MovedRightsTest : public RightsServiceTest {
 protected:
  void SetUp() override {
    RightsServiceTest::SetUp();
    second_ = std::make_unique<SecondDatabase>(*test_);
    database_->PlaceBy(&second_->map());
  }

  void AddDomain(TenantId tenant, const std::string& host) {
    test_->Execute(
        "INSERT INTO tenant_data.domains (tenant_id, domain_id, host, nonce, created_at)"
        " VALUES ('" +
        tenant.uuid().ToString() + "', gen_random_uuid(), '" + host + "', sha256('n'), now())");
  }
  // Everywhere that it is: where the records are as well.
  void Close(TenantId tenant) {
    ShardCopies copies(second_->shards());
    TenantRegistry registry(*door_, outbox_, hosts_, Clock::Real(), &copies);
    ASSERT_OK(registry.Close(Call(tenant), "they left"));
  }
  // Through the upkeep of one database: whose operations a worker there would take.
  std::vector<TenantId> Claimed(postgres::Door& upkeep) {
    const absl::Time now = absl::Now() + absl::Hours(1);
    const auto due = upkeep.Run(absl::Now() + absl::Seconds(30), [&](postgres::Transaction& tx) {
      return ClaimDueOperations(tx, now, now, 10);
    });
    EXPECT_OK(due);
    std::vector<TenantId> tenants;
    for (const DueOperation& operation : *due) tenants.push_back(operation.tenant);
    return tenants;
  }
  postgres::Door& Home() { return *second_->shards().home().upkeep; }
  postgres::Door& There() { return *second_->shards().Find("second")->upkeep; }

  std::unique_ptr<SecondDatabase> second_;
};

TEST_F(MovedRightsTest, AnErasureBeginsWhereTheWorkerOfTheRecordsSeesIt) {
  second_->Move(Call(a_));
  const std::string slug = SlugOf(a_);
  EXPECT_THAT(Erase(a_, slug), ReasonIs("TENANT_NOT_CLOSED"));
  Close(a_);
  EXPECT_THAT(Erase(a_, "another"), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(const auto started, Erase(a_, slug));
  EXPECT_THAT(Erase(a_, slug), ReasonIs("ALREADY_EXISTS"));
  EXPECT_EQ(Count("tenant_data.rights_operations"), 0);
  EXPECT_THAT(Claimed(Home()), ElementsAre());
  EXPECT_THAT(Claimed(There()), ElementsAre(a_));
  EXPECT_OK(Get(a_, started.operation_id()));
}

TEST_F(MovedRightsTest, NobodyWorksOnWhatMoves) {
  ASSERT_OK(Export(a_));
  ASSERT_OK(Export(b_));
  test_->Execute("UPDATE core.tenants SET records = 'leaving' WHERE tenant_id = '" +
                 a_.uuid().ToString() + "'");
  EXPECT_THAT(Claimed(Home()), ElementsAre(b_));
}

TEST_F(MovedRightsTest, AnOperationThatRunsGoesAlongAndIsTakenThereAlone) {
  ASSERT_OK_AND_ASSIGN(const auto started, Export(a_));
  second_->Move(Call(a_));
  EXPECT_THAT(Claimed(Home()), ElementsAre());
  EXPECT_THAT(Claimed(There()), ElementsAre(a_));
  EXPECT_OK(Cancel(a_, started.operation_id()));
}

TEST_F(MovedRightsTest, DomainsAreShownAndErasedAtHome) {
  AddDomain(a_, "www.a.example");
  AddDomain(b_, "www.b.example");
  second_->Move(Call(a_));
  std::string shown;
  subject::v1::ExportTenantRequest page;
  do {
    ASSERT_OK_AND_ASSIGN(const auto rows,
                         As("service/tenant-data", a_, &Subjects::ExportTenant, page));
    for (const std::string& row : rows.rows()) shown += row;
    page.set_page_token(rows.next_page_token());
  } while (!page.page_token().empty());
  EXPECT_THAT(shown, HasSubstr("www.a.example"));
  EXPECT_THAT(shown, ::testing::Not(HasSubstr("www.b.example")));

  Close(a_);
  subject::v1::EraseTenantRequest erase;
  erase.set_confirm(a_.ToString());
  uint64_t domains = 0;
  uint64_t undelivered = 0;
  for (bool done = false; !done;) {
    ASSERT_OK_AND_ASSIGN(const auto erased,
                         As("service/tenant-data", a_, &Subjects::EraseTenant, erase));
    done = erased.done();
    undelivered = erased.undelivered();
    if (erased.erased().contains("tenant_data.domains")) {
      domains += erased.erased().at("tenant_data.domains");
    }
  }
  EXPECT_EQ(domains, 1u);
  EXPECT_GT(undelivered, 0u);
  EXPECT_EQ(test_->QueryValue("SELECT string_agg(host, ' ') FROM tenant_data.domains"),
            "www.b.example");
  EXPECT_EQ(second_->database().QueryValue("SELECT count(*) FROM tenant_data.records"), "0");
  // Until both have told all.
  second_->database().Execute("DELETE FROM tenant_data.outbox");
  ASSERT_OK_AND_ASSIGN(const auto waits,
                       As("service/tenant-data", a_, &Subjects::EraseTenant, erase));
  EXPECT_GT(waits.undelivered(), 0u);
  test_->Execute("DELETE FROM tenant_data.outbox");
  ASSERT_OK_AND_ASSIGN(const auto settled,
                       As("service/tenant-data", a_, &Subjects::EraseTenant, erase));
  EXPECT_TRUE(settled.done());
  EXPECT_EQ(settled.undelivered(), 0u);
}

}  // namespace
}  // namespace kasbah::tenantdata
