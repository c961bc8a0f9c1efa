#include "cli/commands/records_show.h"

#include <gtest/gtest.h>

#include "kasbah/tenantdata/v1/records.pb.h"

namespace kasbah::cli {
namespace {

TEST(DescribeNotShown, SaysWhichValuesOfHowManyRecordsAreMissingAndWhy) {
  tenantdata::v1::ListRecordsResponse page;
  for (const char* field : {"values.iban", "values.iban", "values.note"}) {
    auto* missing = page.add_records()->add_unavailable();
    missing->set_field(field);
    missing->set_reason("VAULT_UNAVAILABLE");
  }
  EXPECT_EQ(DescribeNotShown(page.records()),
            "not shown: iban (VAULT_UNAVAILABLE) of 2 records\n"
            "not shown: note (VAULT_UNAVAILABLE) of 1 record\n");
}

TEST(DescribeNotShown, IsSilentWhereAllIsThere) {
  tenantdata::v1::ListRecordsResponse page;
  page.add_records();
  EXPECT_EQ(DescribeNotShown(page.records()), "");
}

}  // namespace
}  // namespace kasbah::cli
