#include "libs/postgres/notes_fixture.h"

namespace kasbah::postgres {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

TEST_F(NotesTest, ATenantReadsItsRowsAndNoOthers) {
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "of a"));
  ASSERT_OK(Insert(b_, NewId(), "of b"));
  EXPECT_EQ(Get(a_, id).value_or(""), "of a");
  EXPECT_THAT(Get(b_, id), ReasonIs("NOT_FOUND"));
}

TEST_F(NotesTest, WithoutItsOwnConditionAStatementStillSeesNothingForeign) {
  ASSERT_OK(Insert(a_, NewId(), "of a"));
  ASSERT_OK(Insert(b_, NewId(), "of b"));
  ASSERT_OK_AND_ASSIGN(const Result rows, database_->WithTenant(Call(b_), [](Transaction& tx) {
    return tx.Run(kAllNotes);
  }));
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].Get<TenantId>(0), b_);
}

TEST_F(NotesTest, ARowOfAnotherTenantCannotBeWritten) {
  const absl::Status status = database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, b_, NewId(), "smuggled");
    tx.MarkAudited();
    return absl::OkStatus();
  });
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(ReasonOf(status), "");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "0");
}

TEST_F(NotesTest, TheScopeIsGoneAfterTheTransaction) {
  ASSERT_OK(Insert(a_, NewId(), "of a"));
  // A door of one connection, which enters no tenant by itself.
  PoolOptions options = test_->Pool("kasbah_vault");
  options.size = 1;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  ASSERT_OK_AND_ASSIGN(const auto door, Door::Open(options, DoorToken::Relay(), deadline));
  constexpr Statement kEnter{"test.enter", "SELECT core.enter($1, 'all')"};
  constexpr Statement kScope{
      "test.scope", "SELECT current_setting('kasbah.tenant', true), count(*) FROM vault.notes"};
  ASSERT_OK_AND_ASSIGN(const Result inside, door->Run(deadline, [&](Transaction& tx) {
    tx.Run(kEnter, a_);
    return tx.Run(kScope);
  }));
  EXPECT_EQ(inside[0].Get<int64_t>(1), 1);
  ASSERT_OK_AND_ASSIGN(const Result after,
                       door->Run(deadline, [&](Transaction& tx) { return tx.Run(kScope); }));
  EXPECT_EQ(after[0].Get<std::string>(0), "");
  EXPECT_EQ(after[0].Get<int64_t>(1), 0);
}

TEST_F(NotesTest, ASecondTenantInATransactionIsRefused) {
  constexpr Statement kEnterAgain{"test.enter_again", "SELECT core.enter($1, 'all')"};
  const absl::Status status =
      database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(kEnterAgain, b_); })
          .status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
}

TEST_F(NotesTest, SetConfigIsNotTheServicesToCall) {
  constexpr Statement kSetConfig{"test.set_config",
                                 "SELECT set_config('kasbah.tenant', $1, true) FROM vault.notes"};
  const std::string other = b_.uuid().ToString();
  EXPECT_THAT(
      database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(kSetConfig, other); }),
      StatusIs(absl::StatusCode::kInternal));
}

// The extended protocol takes one statement at a time, whichever way it comes.
TEST_F(NotesTest, ASecondStatementBehindTheFirstIsRefused) {
  ASSERT_OK(Insert(a_, NewId(), "of a"));
  ASSERT_OK(Insert(b_, NewId(), "of b"));
  constexpr Statement kStacked{"test.stacked", "SELECT 1; SET kasbah.tenant = ''"};
  EXPECT_THAT(database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(kStacked); }),
              StatusIs(absl::StatusCode::kInternal));
  const auto composed = database_->WithTenant(Call(a_), [](Transaction& tx) {
    ComposedQuery query;
    query.Add("SELECT 1; SET kasbah.tenant = ''");
    return tx.Run(std::move(query));
  });
  EXPECT_THAT(composed, StatusIs(absl::StatusCode::kInternal));
  // With text of a caller's as a value it is text.
  const auto value = database_->WithTenant(Call(a_), [](Transaction& tx) {
    ComposedQuery query;
    query.Add("SELECT ").Value(std::string("1'; SET kasbah.tenant = ''; --"));
    return tx.Run(std::move(query));
  });
  ASSERT_OK(value.status());
  EXPECT_EQ((*value)[0].Get<std::string>(0), "1'; SET kasbah.tenant = ''; --");
}

// The trap of PostgreSQL's own suite: a function so cheap that the planner would run it on every
// row before the policy, if it were allowed to.
TEST_F(NotesTest, ALeakyFunctionNeverSeesAForeignRow) {
  test_->Execute(R"sql(
    CREATE FUNCTION vault.f_leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
    $$ BEGIN IF $1 LIKE 'of b%' THEN RAISE EXCEPTION 'leaked'; END IF; RETURN true; END $$)sql");
  ASSERT_OK(Insert(a_, NewId(), "of a"));
  ASSERT_OK(Insert(b_, NewId(), "of b"));
  constexpr Statement kLeak{"test.leak", "SELECT body FROM vault.notes WHERE vault.f_leak(body)"};
  ASSERT_OK_AND_ASSIGN(const Result rows, database_->WithTenant(Call(a_), [&](Transaction& tx) {
    return tx.Run(kLeak);
  }));
  EXPECT_EQ(rows.size(), 1);
}

TEST_F(NotesTest, ACustomerScopeSeesItsOwnRowsOnly) {
  const CustomerId mine = CustomerId::New(absl::Now());
  const CustomerId other = CustomerId::New(absl::Now());
  constexpr Statement kInsertOrder{
      "test.insert_order",
      "INSERT INTO vault.orders (tenant_id, order_id, customer_id) SELECT $1, gen_random_uuid(), c "
      "FROM unnest($2) c",
      Access::kWrite};
  constexpr Statement kOrders{"test.orders", "SELECT customer_id FROM vault.orders"};
  ASSERT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertOrder, a_, std::vector<CustomerId>{mine, other, other});
    tx.MarkAudited();
    return absl::OkStatus();
  }));
  const auto seen = [&](std::optional<CustomerId> customer) {
    CallContext call = Call(a_);
    call.customer = customer;
    const auto rows = database_->WithTenant(call, [&](Transaction& tx) { return tx.Run(kOrders); });
    return rows.ok() ? rows->size() : -1;
  };
  EXPECT_EQ(seen(std::nullopt), 3);
  EXPECT_EQ(seen(mine), 1);
  EXPECT_EQ(seen(CustomerId::New(absl::Now())), 0);
}

TEST_F(NotesTest, ASuspendedTenantIsRefusedUntilItIsResumed) {
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "x"));
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Get(a_, id), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Insert(a_, NewId(), "y"), StatusIs(absl::StatusCode::kPermissionDenied));
  // A transaction that runs nothing is refused as well.
  EXPECT_THAT(database_->WithTenant(Call(a_), [](Transaction&) { return absl::OkStatus(); }),
              ReasonIs("TENANT_SUSPENDED"));
  EXPECT_OK(database_->WithTenantInAnyState(Call(a_), AnyStateToken::ForLifecycle(),
                                            [](Transaction& tx) { return tx.Run(kAllNotes); }));
  test_->SetTenantState(a_, "active");
  EXPECT_OK(Get(a_, id));
}

TEST_F(NotesTest, AClosedTenantIsRefusedWithAReasonOfItsOwn) {
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "x"));
  test_->SetTenantState(a_, "closed");
  EXPECT_THAT(Get(a_, id), ReasonIs("TENANT_CLOSED"));
  EXPECT_THAT(Insert(a_, NewId(), "y"), StatusIs(absl::StatusCode::kPermissionDenied));
  // What it kept can still be exported and erased.
  EXPECT_OK(database_->WithTenantInAnyState(Call(a_), AnyStateToken::ForErasure(),
                                            [](Transaction& tx) { return tx.Run(kAllNotes); }));
}

TEST_F(NotesTest, ATenantThatDoesNotExistIsNotFound) {
  EXPECT_THAT(Get(TenantId::New(absl::Now()), NewId()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Get(TenantId(), NewId()), ReasonIs("NOT_FOUND"));
}

}  // namespace
}  // namespace kasbah::postgres
