#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

TEST_F(TenantDataTest, ADefinitionReadsBackByKeyAndById) {
  Definitions definitions(*database_, clock_);
  ASSERT_OK_AND_ASSIGN(const auto by_key, definitions.Current(Call(a_), "countries"));
  ASSERT_OK_AND_ASSIGN(const auto by_id,
                       definitions.Current(Call(a_), rules_a_->collection_id().ToString()));
  ASSERT_OK_AND_ASSIGN(const auto version,
                       definitions.Version(Call(a_), rules_a_->collection_id(), 1));
  for (const auto& rules : {by_key, by_id, version}) {
    EXPECT_EQ(rules->collection_id(), rules_a_->collection_id());
    ASSERT_EQ(rules->fields().size(), 8u);
    EXPECT_EQ(rules->fields()[0].definition.key, "alpha_2");
    EXPECT_TRUE(rules->fields()[0].definition.unique);
    EXPECT_EQ(rules->fields()[2].definition.type, FieldType::kInteger);
    EXPECT_TRUE(rules->fields()[4].definition.sealed);
  }
}

TEST_F(TenantDataTest, AnotherTenantsDefinitionIsAbsentCachedOrNot) {
  Definitions definitions(*database_, clock_);
  const std::string id = rules_a_->collection_id().ToString();
  EXPECT_THAT(definitions.Current(Call(b_), id), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK(definitions.Current(Call(a_), id));
  EXPECT_THAT(definitions.Current(Call(b_), id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(definitions.Version(Call(b_), rules_a_->collection_id(), 1),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(definitions.Current(Call(a_), "nope"), ReasonIs("NOT_FOUND"));
}

TEST_F(TenantDataTest, ACachedDefinitionCostsNoQueryForFiveSeconds) {
  Definitions definitions(*database_, clock_);
  ASSERT_OK_AND_ASSIGN(const auto first, definitions.Current(Call(a_), "countries"));
  ASSERT_OK_AND_ASSIGN(const auto cached, definitions.Current(Call(a_), "countries"));
  EXPECT_EQ(first, cached);
  clock_.Advance(absl::Seconds(5));
  ASSERT_OK_AND_ASSIGN(const auto fresh, definitions.Current(Call(a_), "countries"));
  EXPECT_NE(first, fresh);
}

TEST_F(TenantDataTest, WritesHaveTheLastDefinitionAtHandHoweverOld) {
  Definitions definitions(*database_, clock_);
  EXPECT_EQ(definitions.FindForWrite(a_, "countries"), nullptr);
  ASSERT_OK_AND_ASSIGN(const auto read, definitions.Current(Call(a_), "countries"));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(definitions.FindForWrite(a_, "countries"), read);
  EXPECT_EQ(definitions.FindForWrite(b_, "countries"), nullptr);
  test_->Execute("UPDATE tenant_data.collections SET deleted_at = now()");
  EXPECT_THAT(definitions.Current(Call(a_), "countries"), ReasonIs("NOT_FOUND"));
  EXPECT_EQ(definitions.FindForWrite(a_, "countries"), nullptr);
}

TEST_F(TenantDataTest, AKeyIsTakenOnceInATenant) {
  const CallContext call = Call(a_);
  CollectionDefinition again = rules_a_->collection();
  again.id = CollectionId::New(absl::Now());
  EXPECT_THAT(database_->WithTenant(call,
                                    [&](postgres::Transaction& tx) -> absl::Status {
                                      collections_.Insert(tx, call, again);
                                      return Audit(tx, call, "collection.create");
                                    }),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(TenantDataTest, ChoicesAndBoundsReadBack) {
  CollectionDefinition collection;
  collection.id = CollectionId::New(absl::Now());
  collection.key = "kinds";
  collection.created = clock_.Now();
  FieldDefinition kind = Field("kind", FieldType::kChoice, false, false, false);
  kind.choices = {"a \"b\"", "c,d", "{}"};
  FieldDefinition price = Field("price", FieldType::kDecimal, false, false, false);
  price.min = -5;
  price.scale = 3;
  collection.fields = {kind, price};
  const CallContext call = Call(a_);
  ASSERT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    collections_.Insert(tx, call, collection);
    return Audit(tx, call, "collection.create");
  }));
  ASSERT_OK_AND_ASSIGN(const std::vector<CollectionDefinition> all,
                       database_->WithTenant(call, [&](postgres::Transaction& tx) {
                         return collections_.List(tx, call, "", 200, false);
                       }));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].fields[0].choices, kind.choices);
  EXPECT_EQ(all[1].fields[1].min, -5);
  EXPECT_EQ(all[1].fields[1].max, std::nullopt);
  EXPECT_EQ(all[1].fields[1].scale, 3);
}

}  // namespace
}  // namespace kasbah::tenantdata
