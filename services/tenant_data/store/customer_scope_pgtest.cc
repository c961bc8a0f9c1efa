#include "services/tenant_data/store/record_list.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

class CustomerScopeTest : public TenantDataTest {
 protected:
  void SetUp() override {
    TenantDataTest::SetUp();
    one_ = MakeCustomer(a_, "one");
    two_ = MakeCustomer(a_, "two");
  }

  void SetSuspended(CustomerId customer, bool suspended) {
    const CallContext call = Call(a_);
    ASSERT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
      auto found = customers_.Get(tx, call, customer).Await();
      if (!found.ok()) return found.status();
      found->suspended = suspended;
      customers_.Save(tx, call, *found);
      return Audit(tx, call, "customer.suspend");
    }));
  }

  std::vector<ListedRecord> List(const CallContext& call, const std::string& filter) {
    const Listing listing{rules_a_->collection_id(), *ParseFilter(*rules_a_, filter), Order()};
    return database_
        ->WithTenant(call,
                     [&](postgres::Transaction& tx) {
                       return RecordList().Page(tx, call, listing, Cursor(), 100);
                     })
        ->records;
  }

  CustomerId one_;
  CustomerId two_;
};

TEST_F(CustomerScopeTest, ACallForACustomerSeesItsRecordsAndNoOthers) {
  ASSERT_OK_AND_ASSIGN(const RecordId mine, Create(a_, {{"name", "n"}}, one_));
  ASSERT_OK_AND_ASSIGN(const RecordId theirs, Create(a_, {{"name", "n"}}, two_));
  ASSERT_OK_AND_ASSIGN(const RecordId nobodys, Create(a_, {{"name", "n"}}));
  EXPECT_OK(Get(Call(a_, one_), mine));
  EXPECT_THAT(Get(Call(a_, one_), theirs), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Get(Call(a_, one_), nobodys), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(Get(Call(a_), theirs));
  EXPECT_EQ(List(Call(a_, one_), "").size(), 1u);
  EXPECT_EQ(List(Call(a_), "").size(), 3u);
  const std::string by_name = "name = \"n\"";
  EXPECT_EQ(List(Call(a_, one_), by_name).size(), 1u);
  EXPECT_EQ(List(Call(a_), by_name).size(), 3u);
  EXPECT_THAT(writer().Delete(Call(a_, one_), theirs, std::nullopt),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CustomerScopeTest, ASuspendedCustomersCallsAreRefused) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"note", "n"}}, one_));
  SetSuspended(one_, true);
  EXPECT_THAT(Get(Call(a_, one_), id), ReasonIs("CUSTOMER_SUSPENDED"));
  EXPECT_THAT(writer().Delete(Call(a_, one_), id, std::nullopt), ReasonIs("CUSTOMER_SUSPENDED"));
  EXPECT_THAT(Create(a_, {{"note", "n"}}, one_), ReasonIs("CUSTOMER_SUSPENDED"));
  // The tenant itself still sees the record, and other customers are not touched.
  EXPECT_OK(Get(Call(a_), id));
  EXPECT_OK(Create(a_, {{"note", "n"}}, two_));
  // Whatever it would do.
  EXPECT_THAT(database_->WithTenant(Call(a_, one_), [](auto&) { return absl::OkStatus(); }),
              ReasonIs("CUSTOMER_SUSPENDED"));
  SetSuspended(one_, false);
  EXPECT_OK(Get(Call(a_, one_), id));
}

TEST_F(CustomerScopeTest, RecordsOfAnUnknownOrForeignCustomerAreRefused) {
  EXPECT_THAT(Create(a_, {{"note", "n"}}, CustomerId::New(absl::Now())),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Create(b_, {{"note", "n"}}, one_), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Count("tenant_data.records"), 0);
}

TEST_F(CustomerScopeTest, AUniqueValueOfAnotherCustomerIsTakenThoughUnseen) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}, one_));
  const NewRecord record = Record(*rules_a_, {{"alpha_2", "CH"}}, two_);
  const auto created = writer().Create(Call(a_, two_), *rules_a_, record, std::nullopt);
  ASSERT_THAT(created, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(DetailsOf(created.status()).violations.at(0).field, "values.alpha_2");
}

TEST_F(CustomerScopeTest, ExternalIdsAreUniqueInATenant) {
  const CallContext call = Call(a_);
  const absl::Status again = database_->WithTenant(call, [&](postgres::Transaction& tx) {
    customers_.Insert(tx, call, {CustomerId::New(absl::Now()), "one", "", false, clock_.Now(), 1});
    return Audit(tx, call, "customer.create");
  });
  EXPECT_THAT(again, StatusIs(absl::StatusCode::kAlreadyExists));
  MakeCustomer(b_, "one");
}

}  // namespace
}  // namespace kasbah::tenantdata
