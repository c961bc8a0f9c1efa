#include "kasbah/tenantdata/v1/tenants.grpc.pb.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/tenant_data_server_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class CustomerServiceTest : public TenantDataServerTest {
 protected:
  using Customers = v1::CustomerService::Stub;

  absl::StatusOr<v1::Customer> Get(CustomerId id) {
    v1::GetCustomerRequest request;
    request.set_customer_id(id.ToString());
    return AsUser(a_, &Customers::GetCustomer, request);
  }
  static v1::UpdateCustomerRequest UpdateOf(CustomerId id, const std::string& etag) {
    v1::UpdateCustomerRequest request;
    request.set_customer_id(id.ToString());
    request.set_etag(etag);
    return request;
  }
};

TEST_F(CustomerServiceTest, AnUpdateChangesWhatItSetsAndTellsIds) {
  const CustomerId id = MakeCustomer(a_, "one");
  v1::UpdateCustomerRequest update = UpdateOf(id, "v1");
  update.set_display_name("Blue Door");
  ASSERT_OK_AND_ASSIGN(const v1::Customer updated, AsUser(a_, &Customers::UpdateCustomer, update));
  EXPECT_EQ(updated.display_name(), "Blue Door");
  EXPECT_EQ(updated.external_id(), "one");
  EXPECT_EQ(updated.etag(), "v2");
  EXPECT_EQ(Get(id)->display_name(), "Blue Door");
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "customer.updated");
  EXPECT_EQ(change.customer_id(), id.ToString());
  EXPECT_EQ(change.sequence(), 2u);
  // Neither name is in what subscribers and the trail are told.
  for (const char* name : {"Blue Door", "one"}) {
    EXPECT_EQ(change.SerializeAsString().find(name), std::string::npos) << name;
    EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").SerializeAsString().find(name),
              std::string::npos)
        << name;
  }
  update = UpdateOf(id, "v2");
  update.set_external_id("uno");
  update.set_display_name("");
  ASSERT_OK(AsUser(a_, &Customers::UpdateCustomer, update));
  EXPECT_EQ(Get(id)->external_id(), "uno");
  EXPECT_EQ(Get(id)->display_name(), "");
}

TEST_F(CustomerServiceTest, AStaleOrForeignUpdateChangesNothing) {
  const CustomerId id = MakeCustomer(a_, "one");
  MakeCustomer(a_, "two");
  const int64_t audits = Audits();
  v1::UpdateCustomerRequest update = UpdateOf(id, "v2");
  update.set_display_name("Lost");
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, update), ReasonIs("ETAG_MISMATCH"));
  update.set_etag("1");
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, update), ReasonIs("INVALID_FIELDS"));
  update.set_etag("v1");
  EXPECT_THAT(AsUser(b_, &Customers::UpdateCustomer, update), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, update, id), ReasonIs("PERMISSION_DENIED"));
  update.clear_display_name();
  update.set_external_id("two");
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, update), ReasonIs("ALREADY_EXISTS"));
  update.set_external_id("");
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, update), ReasonIs("INVALID_FIELDS"));
  EXPECT_OK(AsUser(a_, &Customers::UpdateCustomer, UpdateOf(id, "v1")));
  EXPECT_EQ(Audits(), audits);
  EXPECT_EQ(Get(id)->etag(), "v1");
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(AsUser(a_, &Customers::UpdateCustomer, UpdateOf(id, "x")),
              ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(CustomerServiceTest, EveryChangeTellsSubscribers) {
  v1::CreateCustomerRequest create;
  create.set_external_id("one");
  ASSERT_OK_AND_ASSIGN(const v1::Customer made, AsUser(a_, &Customers::CreateCustomer, create));
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "customer.created");
  v1::SuspendCustomerRequest suspend;
  suspend.set_customer_id(made.customer_id());
  ASSERT_OK(AsUser(a_, &Customers::SuspendCustomer, suspend));
  const auto suspended = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(suspended.type(), "customer.suspended");
  EXPECT_EQ(suspended.sequence(), 2u);
  EXPECT_EQ(suspended.data().fields().at("state").string_value(), "suspended");
  v1::ResumeCustomerRequest resume;
  resume.set_customer_id(made.customer_id());
  ASSERT_OK_AND_ASSIGN(const v1::Customer resumed, AsUser(a_, &Customers::ResumeCustomer, resume));
  EXPECT_EQ(resumed.etag(), "v3");
  EXPECT_EQ(LastEvent<outbox::v1::ChangeEvent>("change").type(), "customer.resumed");
}

TEST_F(CustomerServiceTest, ListsArePagedByKeyAndShowTheTenantsOwn) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) {
    made.push_back(MakeCustomer(a_, "customer-" + std::to_string(i)).ToString());
    clock_.Advance(absl::Milliseconds(1));
  }
  MakeCustomer(b_, "other");
  std::vector<std::string> seen;
  v1::ListCustomersRequest list;
  list.set_page_size(2);
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, AsUser(a_, &Customers::ListCustomers, list));
    ASSERT_LE(page.customers_size(), 2);
    for (const auto& customer : page.customers()) seen.push_back(customer.customer_id());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, made);
  // A token of another list.
  list.set_page_token(FormatPageToken(Uuid(), "domains"));
  EXPECT_THAT(AsUser(a_, &Customers::ListCustomers, list), ReasonIs("INVALID_FIELDS"));
  list.clear_page_token();
  list.set_page_size(-1);
  EXPECT_THAT(AsUser(a_, &Customers::ListCustomers, list), ReasonIs("INVALID_FIELDS"));
}

TEST_F(CustomerServiceTest, ACallForOneCustomerSeesItAndChangesNone) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK_AND_ASSIGN(const auto seen,
                       AsUser(a_, &Customers::ListCustomers, v1::ListCustomersRequest(), one));
  ASSERT_EQ(seen.customers_size(), 1);
  EXPECT_EQ(seen.customers(0).customer_id(), one.ToString());
  v1::GetCustomerRequest get;
  get.set_customer_id(two.ToString());
  EXPECT_THAT(AsUser(a_, &Customers::GetCustomer, get, one), StatusIs(absl::StatusCode::kNotFound));
  v1::CreateCustomerRequest create;
  create.set_external_id("three");
  EXPECT_THAT(AsUser(a_, &Customers::CreateCustomer, create, one), ReasonIs("PERMISSION_DENIED"));
  v1::SuspendCustomerRequest suspend;
  suspend.set_customer_id(one.ToString());
  EXPECT_THAT(AsUser(a_, &Customers::SuspendCustomer, suspend, one), ReasonIs("PERMISSION_DENIED"));
}

}  // namespace
}  // namespace kasbah::tenantdata
