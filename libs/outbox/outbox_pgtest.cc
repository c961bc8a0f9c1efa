#include "libs/base/status_macros.h"
#include "libs/outbox/outbox_fixture.h"

namespace kasbah::outbox {
namespace {

using testing::StatusIs;

TEST_F(OutboxTest, AnEventIsCommittedWithItsChangeOrNotAtAll) {
  constexpr postgres::Statement kInsert{
      "test.insert", "INSERT INTO vault.notes (tenant_id, note_id) VALUES ($1, $2)",
      postgres::Access::kWrite};
  const Uuid id = Uuid::V7(absl::Now());
  const auto insert = [&] {
    const CallContext call = Call();
    return database_->WithTenant(call, [&](postgres::Transaction& tx) {
      tx.Run(kInsert, call.tenant, id);
      return outbox_->AppendAudit(tx, call,
                                  Succeeded(call, Clock::Real(), "note.create", {"note", "1", ""}));
    });
  };
  EXPECT_OK(insert());
  EXPECT_EQ(Waiting(), "1");
  EXPECT_THAT(insert(), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Waiting(), "1");
}

TEST_F(OutboxTest, SeveralEventsKeepTheirOrder) {
  const CallContext call = Call();
  std::vector<v1::AuditEvent> events;
  for (int i = 0; i < 50; ++i) {
    events.push_back(
        Succeeded(call, Clock::Real(), "note.create", {"note", std::to_string(i), ""}));
  }
  ASSERT_OK(database_->WithTenant(
      call, [&](postgres::Transaction& tx) { return outbox_->AppendAudits(tx, call, events); }));
  for (int i = 0; i < 50; ++i) {
    const std::string stored =
        test_->QueryValue("SELECT encode(payload, 'escape') FROM vault.outbox ORDER BY id OFFSET " +
                          std::to_string(i) + " LIMIT 1");
    EXPECT_NE(stored.find(events[static_cast<size_t>(i)].event_id()), std::string::npos);
  }
}

TEST_F(OutboxTest, WhatIsNamedLikeASecretIsNotStored) {
  const CallContext call = Call();
  v1::AuditEvent audit = Succeeded(call, Clock::Real(), "note.create", {"note", "1", ""},
                                   {{"api_token", "hunter2"}, {"size", "3"}});
  v1::ChangeEvent change = Change(call, Clock::Real(), "note.created", "1", 1);
  auto& fields = *change.mutable_data()->mutable_fields();
  fields["title"].set_string_value("kept");
  (*fields["env"].mutable_struct_value()->mutable_fields())["db_password"].set_string_value(
      "hunter2");
  ASSERT_OK(database_->WithTenant(call, [&](postgres::Transaction& tx) {
    RETURN_IF_ERROR(outbox_->AppendAudit(tx, call, audit));
    return outbox_->AppendChange(tx, call, change);
  }));
  const std::string stored = test_->QueryValue(
      "SELECT string_agg(encode(payload, 'escape'), '|' ORDER BY id) FROM vault.outbox");
  EXPECT_EQ(stored.find("hunter2"), std::string::npos);
  EXPECT_NE(stored.find("stripped"), std::string::npos);
  EXPECT_NE(stored.find("/api_token"), std::string::npos);
  EXPECT_NE(stored.find("kept"), std::string::npos);
}

TEST_F(OutboxTest, AnEventThatIsIncompleteOrTooLargeIsRefusedWithItsChange) {
  const CallContext call = Call();
  const v1::AuditEvent good = Succeeded(call, Clock::Real(), "note.create", {"note", "1", ""});
  v1::AuditEvent no_action = good;
  no_action.clear_action();
  v1::AuditEvent no_actor = good;
  no_actor.mutable_actor()->clear_id();
  v1::AuditEvent no_id = good;
  no_id.clear_event_id();
  v1::AuditEvent large = good;
  large.set_user_agent(std::string(1 << 20, 'x'));
  for (const v1::AuditEvent& event : {no_action, no_actor, no_id, large}) {
    EXPECT_THAT(
        database_->WithTenant(
            call, [&](postgres::Transaction& tx) { return outbox_->AppendAudit(tx, call, event); }),
        StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(Waiting(), "0");
}

TEST_F(OutboxTest, AChangeEventDoesNotStandInForAnAuditEvent) {
  const CallContext call = Call();
  EXPECT_THAT(database_->WithTenant(call,
                                    [&](postgres::Transaction& tx) {
                                      return outbox_->AppendChange(
                                          tx, call,
                                          Change(call, Clock::Real(), "note.created", "1", 1));
                                    }),
              StatusIs(absl::StatusCode::kInternal));
}

TEST_F(OutboxTest, TheServiceCannotReadOrDeleteWhatItAppended) {
  ASSERT_OK(Append("note.create"));
  constexpr postgres::Statement kRead{"test.read", "SELECT payload FROM vault.outbox"};
  EXPECT_THAT(
      database_->WithTenant(Call(), [&](postgres::Transaction& tx) { return tx.Run(kRead); }),
      StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace kasbah::outbox
