#include <functional>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/base/status_macros.h"
#include "services/tenant_data/store/definition_writer.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

class DefinitionWriterTest : public TenantDataTest {
 protected:
  absl::StatusOr<CollectionDefinition> Current(const std::string& name) {
    const CallContext call = Call(a_);
    return database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return collections_.Get(tx, call, name); });
  }
  absl::StatusOr<CollectionDefinition> Changed(
      const std::string& key, const std::function<void(FieldDefinition&)>& change) {
    ASSIGN_OR_RETURN(CollectionDefinition collection, Current("countries"));
    for (FieldDefinition& field : collection.fields) {
      if (field.key == key) change(field);
    }
    return collection;
  }
  absl::StatusOr<DefinitionUpdate> Update(const CollectionDefinition& asked) {
    return DefinitionWriter(*database_, outbox_, Clock::Real())
        .Update(Call(a_), asked.key, asked.revision, asked, /*validate_only=*/false);
  }

  // A look at the records of a change of "note", and whatever happens before the second one.
  uint64_t BreakingAfter(const std::function<void(FieldDefinition&)>& change,
                         const std::function<void()>& meanwhile) {
    const absl::StatusOr<uint64_t> breaking = LookTwice(change, meanwhile);
    EXPECT_OK(breaking);
    return breaking.value_or(0);
  }
  absl::StatusOr<uint64_t> LookTwice(const std::function<void(FieldDefinition&)>& change,
                                     const std::function<void()>& meanwhile) {
    ASSIGN_OR_RETURN(const CollectionDefinition current, Current("countries"));
    ASSIGN_OR_RETURN(CollectionDefinition asked, Changed("note", change));
    const DefinitionChange plan = PlanChange(current, std::move(asked), absl::Now());
    ASSIGN_OR_RETURN(const auto check, DefinitionCheck::Create(builds_, plan));
    const CallContext call = Call(a_);
    RETURN_IF_ERROR(database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return check->Look(tx, call); }));
    EXPECT_EQ(check->found().breaking(), 0u);
    meanwhile();
    RETURN_IF_ERROR(database_->WithTenant(
        call, [&](postgres::Transaction& tx) { return check->LookAgain(tx, call); }));
    return check->found().breaking();
  }

  IndexBuildStore builds_;
};

constexpr postgres::Statement kInsert{
    "test.insert",
    "INSERT INTO tenant_data.records (tenant_id, record_id, collection_id, schema_version, "
    "version, data, created_at, updated_at) "
    "VALUES ($1, gen_random_uuid(), $2, 1, 1, '{\"note\": \"long\"}', $3, $3)",
    postgres::Access::kWrite};
constexpr auto kAtMostThree = [](FieldDefinition& field) { field.max = 3; };
constexpr auto kUnique = [](FieldDefinition& field) { field.unique = true; };

TEST_F(DefinitionWriterTest, WritersDoNotWaitForAChangeThatRecordsBreak) {
  ASSERT_OK(Create(a_, {{"note", "too long"}}));
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition asked, Changed("note", kAtMostThree));
  const CallContext call = Call(a_);
  // A writer that is not done holds the definition; looking through the records does not mind it.
  ASSERT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    collections_.WriteUnder(tx, call, rules_a_->collection_id(), 1);
    RETURN_IF_ERROR(collections_.Names(tx, call).Await().status());
    EXPECT_THAT(Update(asked), ReasonIs("RECORDS_BREAK_DEFINITION"));
    return absl::OkStatus();
  }));
}

TEST_F(DefinitionWriterTest, WhatIsWrittenBetweenTheLooksIsLookedAt) {
  ASSERT_OK_AND_ASSIGN(const RecordId old, Create(a_, {{"note", "old"}}));
  ASSERT_OK(Create(a_, {{"note", "two"}}));
  EXPECT_EQ(BreakingAfter(kAtMostThree, [&] { EXPECT_OK(Create(a_, {{"note", "long"}})); }), 1u);
  test_->Execute("DELETE FROM tenant_data.records WHERE data->>'note' = 'long'");
  EXPECT_EQ(BreakingAfter(kAtMostThree, [&] { EXPECT_OK(SetNote(a_, old, 1, "longer")); }), 1u);
}

TEST_F(DefinitionWriterTest, AWriterThatBeganBeforeTheFirstLookIsLookedAt) {
  const CallContext call = Call(a_);
  absl::Notification written;
  absl::Notification looked;
  std::thread writer([&] {
    EXPECT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
      const absl::Status inserted =
          tx.Run(kInsert, a_, rules_a_->collection_id(), absl::Now() - absl::Hours(1))
              .Await()
              .status();
      written.Notify();
      looked.WaitForNotification();
      RETURN_IF_ERROR(inserted);
      return Audit(tx, call, "record.create");
    }));
  });
  written.WaitForNotification();
  EXPECT_EQ(BreakingAfter(kAtMostThree,
                          [&] {
                            looked.Notify();
                            writer.join();
                          }),
            1u);
}

TEST_F(DefinitionWriterTest, AWriterThatTheChangeWaitsForIsLookedAt) {
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition asked, Changed("note", kAtMostThree));
  const CallContext call = Call(a_);
  absl::StatusOr<DefinitionUpdate> updated;
  std::thread changing;
  // It writes under the definition as it was, until after every look that waits for nobody.
  EXPECT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
    collections_.WriteUnder(tx, call, rules_a_->collection_id(), 1);
    RETURN_IF_ERROR(tx.Run(kInsert, a_, rules_a_->collection_id(), absl::Now()).Await().status());
    changing = std::thread([&] { updated = Update(asked); });
    EXPECT_TRUE(test_->AwaitBlocked(1));
    return Audit(tx, call, "record.create");
  }));
  changing.join();
  EXPECT_THAT(updated, ReasonIs("RECORDS_BREAK_DEFINITION"));
}

TEST_F(DefinitionWriterTest, UniqueValuesMayChangeHandsBetweenTheLooks) {
  ASSERT_OK_AND_ASSIGN(const RecordId one, Create(a_, {{"note", "x"}}));
  ASSERT_OK_AND_ASSIGN(const RecordId two, Create(a_, {{"note", "y"}}));
  EXPECT_EQ(BreakingAfter(kUnique,
                          [&] {
                            EXPECT_OK(SetNote(a_, one, 1, "z"));
                            EXPECT_OK(SetNote(a_, two, 1, "x"));
                          }),
            0u);
  // One that was deleted meanwhile does not have its value any more.
  EXPECT_EQ(BreakingAfter(kUnique,
                          [&] {
                            EXPECT_OK(writer().Delete(Call(a_), two, std::nullopt));
                            EXPECT_OK(SetNote(a_, one, 2, "x"));
                          }),
            0u);
  ASSERT_OK(Create(a_, {{"note", "w"}}));
  EXPECT_EQ(BreakingAfter(kUnique, [&] { EXPECT_OK(Create(a_, {{"note", "w"}})); }), 1u);
}

TEST_F(DefinitionWriterTest, AFieldGoesOnReferringToADeletedCollection) {
  const CallContext call = Call(a_);
  DefinitionWriter writer(*database_, outbox_, Clock::Real());
  CollectionDefinition owners;
  owners.key = "owners";
  owners.fields = {Field("name", FieldType::kText, false, false, false)};
  ASSERT_OK_AND_ASSIGN(const CollectionDefinition made, writer.Create(call, owners));
  CollectionDefinition pets;
  pets.key = "pets";
  pets.fields = {Field("owner", FieldType::kReference, false, false, false)};
  pets.fields[0].reference_name = "owners";
  ASSERT_OK(writer.Create(call, pets));
  ASSERT_OK(writer.Delete(call, "owners", made.revision, /*with_records=*/false));

  for (const std::string& name : {std::string("owners"), made.id.ToString()}) {
    ASSERT_OK_AND_ASSIGN(CollectionDefinition asked, Current("pets"));
    asked.fields[0].reference_name = name;
    asked.fields[0].display_name = "Owner, by " + name;
    EXPECT_OK(Update(asked));
  }
  // Nothing new refers to it.
  ASSERT_OK_AND_ASSIGN(CollectionDefinition more, Current("pets"));
  more.fields[0].reference_name = "owners";
  more.fields.push_back(more.fields[0]);
  more.fields[1].key = "keeper";
  EXPECT_THAT(Update(more), testing::StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace kasbah::tenantdata
