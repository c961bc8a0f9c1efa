#include <algorithm>

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

  // Records 0, 1, … as notes: even ones of one customer, odd ones of the other; every third is of
  // `x`, the others of `y`, and population falls as they rise.
  void MakeMany(int64_t count) {
    const std::string tenant = absl::StrCat("'", a_.uuid().ToString(), "'::uuid");
    test_->Execute(
        absl::StrCat("CREATE TABLE public.many AS SELECT n, ('01900000-0000-7000-8000-' || "
                     "lpad(to_hex(n), 12, '0'))::uuid AS id, CASE n % 2 WHEN 0 THEN '",
                     one_.uuid().ToString(), "'::uuid ELSE '", two_.uuid().ToString(),
                     "'::uuid END AS customer FROM generate_series(0, ", count - 1, ") n"));
    test_->Execute(absl::StrCat(
        "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, customer_id, "
        "schema_version, version, data, created_at, updated_at) SELECT ",
        tenant, ", id, '", rules_a_->collection_id().uuid().ToString(),
        "', customer, 1, 1, jsonb_build_object('note', n::text), now(), now() FROM public.many"));
    for (const auto& [key, column, value] :
         {std::tuple("name", "v_text", "CASE n % 3 WHEN 0 THEN 'x' ELSE 'y' END"),
          std::tuple("population", "v_int", "-n")}) {
      test_->Execute(absl::StrCat(
          "INSERT INTO tenant_data.record_index (tenant_id, record_id, customer_id, field_id, ",
          column, ") SELECT ", tenant, ", id, customer, '",
          rules_a_->Find(key)->definition.id.uuid().ToString(), "', ", value, " FROM public.many"));
    }
  }

  // All of a list in such pages, as notes.
  std::vector<int64_t> Notes(const CallContext& call, const Listing& listing, int64_t limit) {
    std::vector<int64_t> notes;
    Cursor after;
    while (true) {
      const ListedPage page = *database_->WithTenant(call, [&](postgres::Transaction& tx) {
        return RecordList().Page(tx, call, listing, after, limit);
      });
      for (const ListedRecord& listed : page.records) {
        const auto values = *ParseFlatObject(listed.record.data);
        notes.push_back(std::stoll(values.fields().at("note").string_value()));
      }
      if (!page.looked_to && static_cast<int64_t>(page.records.size()) < limit) return notes;
      after = page.looked_to ? *page.looked_to : page.records.back().cursor;
    }
  }
  // The customer's lists, whether it asks itself or its tenant does.
  void ExpectListsOfOne(int64_t count) {
    MakeMany(count);
    std::vector<int64_t> all;
    std::vector<int64_t> x;
    for (int64_t n = 0; n < count; n += 2) {
      all.push_back(n);
      if (n % 3 == 0) x.push_back(n);
    }
    for (const auto& [filter, expected] :
         {std::pair("", all), std::pair("name = \"x\"", x), std::pair("NOT name = \"y\"", x),
          std::pair("name <= \"x\" AND name:*", x),
          std::pair("name = \"x\" OR population > 0", x)}) {
      for (const std::string order : {"", "population desc", "population"}) {
        const Listing listing{rules_a_->collection_id(), *ParseFilter(*rules_a_, filter),
                              *ParseOrder(*rules_a_, order), one_};
        std::vector<int64_t> ordered = expected;
        if (order == "population") std::reverse(ordered.begin(), ordered.end());
        for (const int64_t limit : {100, 1000}) {
          EXPECT_EQ(Notes(Call(a_), listing, limit), ordered) << filter << order;
          EXPECT_EQ(Notes(Call(a_, one_), listing, limit), ordered) << filter << order;
        }
        const CallContext call = Call(a_);
        EXPECT_EQ(*database_->WithTenant(call,
                                         [&](postgres::Transaction& tx) {
                                           return RecordList().Count(tx, call, listing);
                                         }),
                  static_cast<int64_t>(expected.size()));
      }
    }
  }

  CustomerId one_;
  CustomerId two_;
};

TEST_F(CustomerScopeTest, ListsOfASmallCustomerAreOfItsRecordsAlone) { ExpectListsOfOne(300); }

TEST_F(CustomerScopeTest, ListsOfALargeCustomerAreOfItsRecordsAlone) {
  ExpectListsOfOne(2 * kSmallCustomer + 600);
}

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
