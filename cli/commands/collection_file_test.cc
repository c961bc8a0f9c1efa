#include "cli/commands/collection_file.h"

#include <gtest/gtest.h>

namespace kasbah::cli {
namespace {

TEST(ParseCollection, TypesHaveShortNames) {
  const auto request = ParseCollection(
      R"({"key":"c","fields":[{"key":"a","type":"text","min":2,"pattern":"[A-Z]+"},
                              {"key":"b","type":"FIELD_TYPE_DATE","sealed":true}]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->fields(0).type(), tenantdata::v1::FIELD_TYPE_TEXT);
  EXPECT_EQ(request->fields(0).min(), 2);
  EXPECT_EQ(request->fields(1).type(), tenantdata::v1::FIELD_TYPE_DATE);
  EXPECT_TRUE(request->fields(1).sealed());
}

TEST(ParseCollectionUpdate, TakesWhatGetShows) {
  const auto request = ParseCollectionUpdate(
      R"({"collection_id":"col_x","key":"c","display_name":"C","schema_version":3,"etag":"v4",
          "create_time":"2026-01-01T00:00:00Z","retired_fields":["b"],
          "groups":[{"group_id":"fgr_x","key":"g","position":0,"fields":["a"]}],
          "fields":[{"field_id":"fld_x","key":"a","type":"FIELD_TYPE_MULTI_CHOICE",
                     "choices":["x"],"group":"g","default_value":["x"],
                     "index_state":"INDEX_STATE_READY"}]})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->etag(), "v4");
  EXPECT_EQ(request->groups(0).key(), "g");
  EXPECT_EQ(request->fields(0).default_value().list_value().values(0).string_value(), "x");
  EXPECT_FALSE(ParseCollectionUpdate("[]").ok());
}

TEST(ParseCollection, MistakesNameTheirMember) {
  const auto type = ParseCollection(R"({"key":"c","fields":[{"key":"a","type":"string"}]})");
  ASSERT_FALSE(type.ok());
  EXPECT_NE(std::string(type.status().message()).find("fields[0].type"), std::string::npos);
  const auto unknown =
      ParseCollection(R"({"key":"c","fields":[{"key":"a","type":"text","uniq":true}]})");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(std::string(unknown.status().message()).find("uniq"), std::string::npos);
  EXPECT_FALSE(ParseCollection("{}").ok());
  EXPECT_FALSE(ParseCollection("[").ok());
}

}  // namespace
}  // namespace kasbah::cli
