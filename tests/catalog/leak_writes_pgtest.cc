// What a tenant, or one of its customers, might write into another's rows, tried against every
// tenant table as each role that may write it. That a right is missing counts where it is.

#include <gmock/gmock.h>

#include "tests/catalog/leak_fixture.h"

namespace kasbah {
namespace {

using ::testing::HasSubstr;

constexpr char kRefused[] = "violates row-level security policy";

using LeakWrites = LeakMatrix;

TEST_F(LeakWrites, NoRowIsMadeForAnotherTenant) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.may_insert) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    ++tried;
    database_->Execute("DELETE FROM " + table.name);
    EXPECT_THAT(As(table, Insert(table, b_, Quoted(kCustomer))), HasSubstr(kRefused));
  }
  EXPECT_GT(tried, 80);
}

TEST_F(LeakWrites, NoRowIsGivenToAnotherTenant) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.may_update) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    const std::string given =
        As(table, absl::StrCat("UPDATE ", table.name, " SET tenant_id = '", b_, "'"));
    if (table.may_update_tenant) {
      ++tried;
      EXPECT_THAT(given, HasSubstr(kRefused));
    } else {
      EXPECT_THAT(given, HasSubstr("permission denied for table"));
    }
  }
  EXPECT_GT(tried, 40);
}

TEST_F(LeakWrites, ACustomerGivesNoRowToAnotherNorToNobody) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.has_customer || !table.may_update_customer) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    ++tried;
    const std::string update = absl::StrCat("UPDATE ", table.name, " SET customer_id = ");
    EXPECT_THAT(As(table, update + Quoted(kOther), kCustomer), HasSubstr(kRefused));
    EXPECT_THAT(As(table, update + "NULL", kCustomer), HasSubstr(kRefused));
  }
  EXPECT_GT(tried, 10);
}

TEST_F(LeakWrites, ACustomerMakesNoRowForAnotherNorForNobody) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.has_customer || !table.may_insert) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    ++tried;
    database_->Execute("DELETE FROM " + table.name);
    EXPECT_THAT(As(table, Insert(table, a_, Quoted(kOther)), kCustomer), HasSubstr(kRefused));
    EXPECT_THAT(As(table, Insert(table, a_, "NULL"), kCustomer), HasSubstr(kRefused));
    EXPECT_EQ(As(table, Insert(table, a_, Quoted(kCustomer)), kCustomer), "1");
  }
  EXPECT_GT(tried, 10);
}

TEST_F(LeakWrites, ACustomersRowsAreNotAnothersToChange) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    if (!table.has_customer) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    if (const Column* column = table.Updatable()) {
      ++tried;
      const std::string update =
          absl::StrCat("UPDATE ", table.name, " SET ", column->name, " = ", column->value);
      EXPECT_EQ(As(table, update, kOther), "0");
      EXPECT_EQ(As(table, update, kCustomer), "1");
    }
    if (table.may_delete) {
      ++tried;
      EXPECT_EQ(As(table, "DELETE FROM " + table.name, kOther), "0");
      EXPECT_EQ(As(table, "DELETE FROM " + table.name, kCustomer), "1");
    }
  }
  EXPECT_GT(tried, 20);
}

// An insertion that becomes an update where the key is taken.
TEST_F(LeakWrites, AKeyOfAnotherTenantIsNotUpsertedOver) {
  int tried = 0;
  for (const TenantTable& table : tables_) {
    const Column* column = table.Updatable();
    if (!table.may_insert || !table.may_select || column == nullptr) continue;
    SCOPED_TRACE(absl::StrCat(table.name, " ", table.role));
    ++tried;
    EXPECT_THAT(As(table, absl::StrCat(Insert(table, b_, Quoted(kCustomer)), " ON CONFLICT ON ",
                                       "CONSTRAINT ", table.primary_key, " DO UPDATE SET ",
                                       column->name, " = ", column->value)),
                HasSubstr(kRefused));
  }
  EXPECT_GT(tried, 40);
}

}  // namespace
}  // namespace kasbah
