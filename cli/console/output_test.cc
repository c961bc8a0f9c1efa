#include "cli/console/output.h"

#include <gtest/gtest.h>

#include "kasbah/auth/v1/auth.pb.h"
#include "kasbah/tenantdata/v1/tenants.pb.h"
#include "kasbah/vault/v1/secrets.pb.h"

namespace kasbah::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"ID", "NAME"});
  table.Add({"1", "Åland"});
  table.Add({"1000", "x"});
  EXPECT_EQ(table.ToString(), "ID    NAME\n1     Åland\n1000  x\n");
}

TEST(Table, ControlCharactersOfValuesDoNotReachTheTerminal) {
  Table table({"NAME"});
  table.Add({"a\033[31mb\nc"});
  EXPECT_EQ(table.ToString(), "NAME\na?[31mb?c\n");
}

TEST(Table, AnEmptyCellIsADash) {
  Table table({"ID", "NAME"});
  table.Add({"1", ""});
  EXPECT_EQ(table.ToString(), "ID  NAME\n1   -\n");
}

TEST(Cells, FieldsStandInTheSameOrderInEveryRow) {
  google::protobuf::Struct values;
  for (const char* name : {"b", "c", "a"}) (*values.mutable_fields())[name].set_number_value(1);
  EXPECT_EQ(ToCell(values), R"({"a":1,"b":1,"c":1})");
}

TEST(Enums, NamesLoseTheirTypes) {
  EXPECT_EQ(EnumName(*tenantdata::v1::LifecycleState_descriptor(), 2), "suspended");
  EXPECT_EQ(EnumName(*vault::v1::SecretVersion::State_descriptor(), 1), "enabled");
  EXPECT_EQ(EnumName(*vault::v1::SecretVersion::State_descriptor(), 99), "99");
  EXPECT_EQ(EnumNumber(*auth::v1::Role_descriptor(), "viewer"), auth::v1::ROLE_VIEWER);
  EXPECT_EQ(EnumNumber(*auth::v1::Role_descriptor(), "unspecified"), -1);
  EXPECT_EQ(EnumNames(*auth::v1::Role_descriptor()), "owner, admin, member, viewer");
}

TEST(Cells, TimesAreUtc) {
  google::protobuf::Timestamp time;
  time.set_seconds(1714566600);
  EXPECT_EQ(ToCell(time, true), "2024-05-01 12:30:00Z");
  EXPECT_EQ(ToCell(time, false), "-");
}

}  // namespace
}  // namespace kasbah::cli
