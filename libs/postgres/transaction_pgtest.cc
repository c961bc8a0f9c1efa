#include "libs/postgres/notes_fixture.h"

namespace kasbah::postgres {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

TEST_F(NotesTest, AWriteWithoutAnAuditEventIsNotCommitted) {
  const Uuid id = NewId();
  const auto write = [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, id, "x");
    return absl::OkStatus();
  };
  const absl::Status status = database_->WithTenant(Call(a_), write);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(ReasonOf(status), "");
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "0");
  // Nor when it was sent already to read what it returned.
  EXPECT_THAT(database_->WithTenant(Call(a_),
                                    [&](Transaction& tx) {
                                      return tx.Run(kInsertNote, a_, id, "x").Await().status();
                                    }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "0");
  EXPECT_OK(database_->WithTenantUnaudited(Call(a_), UnauditedToken::ForBookkeeping(), write));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "1");
}

TEST_F(NotesTest, AnErrorOfTheBodyRollsBackWhatWasSent) {
  const absl::Status status = database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, NewId(), "x");
    tx.MarkAudited();
    const auto rows = tx.Run(kAllNotes).Await();
    EXPECT_TRUE(rows.ok() && rows->size() == 1);
    return Error(absl::StatusCode::kFailedPrecondition, "CHANGED_MY_MIND", "no");
  });
  EXPECT_THAT(status, ReasonIs("CHANGED_MY_MIND"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "0");
  EXPECT_OK(Insert(a_, NewId(), "the connection serves on"));
}

TEST_F(NotesTest, ARequirementThatFailsTakesItsEventWithIt) {
  constexpr Statement kUpdate{"test.update_note",
                              "WITH changed AS (UPDATE vault.notes SET body = $4, version = "
                              "version + 1 WHERE tenant_id = $1 "
                              "AND note_id = $2 AND version = $3 RETURNING version) "
                              "SELECT core.require(EXISTS (SELECT FROM changed), 'ETAG_MISMATCH')",
                              Access::kWrite};
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "one"));
  const auto update = [&](int version) {
    return database_->WithTenant(Call(a_), [&](Transaction& tx) {
      tx.Run(kInsertEvent, a_, Bytes{"updated"});
      tx.MarkAudited();
      tx.Run(kUpdate, a_, id, version, "two");
      return absl::OkStatus();
    });
  };
  const absl::Status stale = update(7);
  EXPECT_THAT(stale, StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(stale, ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox"), "1");
  EXPECT_OK(update(1));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.outbox"), "2");
}

TEST_F(NotesTest, UniqueViolationsAreAlreadyExists) {
  const Uuid id = NewId();
  ASSERT_OK(Insert(a_, id, "canary-7f3a"));
  const absl::Status status = Insert(a_, id, "canary-7f3a");
  EXPECT_THAT(status, ReasonIs("ALREADY_EXISTS"));
  EXPECT_EQ(status.ToString().find("canary"), std::string::npos);
  EXPECT_EQ(status.ToString().find("notes"), std::string::npos);
}

TEST_F(NotesTest, TextWithAZeroCharacterIsTheCallersMistake) {
  EXPECT_THAT(Insert(a_, NewId(), std::string_view("a\0b", 3)), ReasonIs("INVALID_TEXT"));
}

TEST_F(NotesTest, AStatementThatWritesCannotCallItselfARead) {
  constexpr Statement kLiar{
      "test.liar", "WITH d AS (DELETE FROM vault.notes RETURNING 1) SELECT count(*) FROM d"};
  ASSERT_OK(Insert(a_, NewId(), "x"));
  EXPECT_THAT(database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(kLiar); }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.notes"), "1");
}

TEST_F(NotesTest, EveryTypeComesBackAsItWent) {
  constexpr Statement kEcho{"test.echo",
                            "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"};
  const Uuid id = NewId();
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const std::string bytes("\0\xff'\\", 4);
  const std::vector<std::optional<std::string>> texts = {"a", std::nullopt, ""};
  ASSERT_OK_AND_ASSIGN(const Result rows, database_->WithTenant(Call(a_), [&](Transaction& tx) {
    return tx.Run(kEcho, true, int64_t{-5}, 2.5, "héllo", id, Bytes{bytes}, Json{R"({"a": 1})"},
                  time, std::optional<std::string>(), texts, std::vector<Uuid>{id},
                  absl::InfiniteFuture());
  }));
  const Row row = rows[0];
  EXPECT_TRUE(row.Get<bool>(0));
  EXPECT_EQ(row.Get<int64_t>(1), -5);
  EXPECT_EQ(row.Get<double>(2), 2.5);
  EXPECT_EQ(row.Get<std::string>(3), "héllo");
  EXPECT_EQ(row.Get<Uuid>(4), id);
  EXPECT_EQ(row.Get<std::string>(5), bytes);
  EXPECT_EQ(row.Get<std::string>(6), R"({"a": 1})");
  EXPECT_EQ(row.Get<absl::Time>(7), time);
  EXPECT_EQ(row.Get<std::optional<std::string>>(8), std::nullopt);
  EXPECT_EQ(row.Get<std::vector<std::optional<std::string>>>(9), texts);
  EXPECT_EQ(row.Get<std::vector<Uuid>>(10), std::vector<Uuid>{id});
  EXPECT_EQ(row.Get<absl::Time>(11), absl::InfiniteFuture());
}

TEST_F(NotesTest, ManyLargeStatementsAndResultsDoNotBlockEachOther) {
  constexpr Statement kRepeat{"test.repeat", "SELECT repeat($1, 100)"};
  const std::string text(20'000, 'x');
  const auto total = database_->WithTenant(Call(a_), [&](Transaction& tx) {
    std::vector<Pending<Result>> all;
    for (int i = 0; i < 50; ++i) all.push_back(tx.Run(kRepeat, text));
    return tx.AfterCommit([all]() -> absl::StatusOr<size_t> {
      size_t bytes = 0;
      for (const auto& one : all) bytes += (*one.Take())[0].Get<std::string>(0).size();
      return bytes;
    });
  });
  EXPECT_EQ(total.value_or(0), 100'000'000u);
}

// One round trip: while the body runs the server has heard nothing yet, so scope, statements and
// Sync leave together after it.
TEST_F(NotesTest, WithoutAwaitNothingIsSentBeforeTheBodyReturns) {
  const std::string backends =
      "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasbah_vault' AND state <> 'idle'";
  std::string active;
  ASSERT_OK(database_->WithTenant(Call(a_), [&](Transaction& tx) {
    tx.Run(kInsertNote, a_, NewId(), "x");
    tx.MarkAudited();
    active = test_->QueryValue(backends);
    return absl::OkStatus();
  }));
  EXPECT_EQ(active, "0");
}

TEST_F(NotesTest, HooksRunAfterACommitAndOnlyThen) {
  int committed = 0;
  const auto run = [&](absl::Status end) {
    return database_->WithTenant(Call(a_), [&, end](Transaction& tx) {
      tx.OnCommit([&] { ++committed; });
      tx.Run(kAllNotes);
      return end;
    });
  };
  EXPECT_FALSE(run(absl::InternalError("x")).ok());
  EXPECT_EQ(committed, 0);
  EXPECT_OK(run(absl::OkStatus()));
  EXPECT_EQ(committed, 1);
}

TEST_F(NotesTest, AComposedQueryBindsItsValuesAndReadsAlone) {
  const std::string evil = "'; DROP TABLE vault.notes; --";
  ASSERT_OK(Insert(a_, NewId(), evil));
  ASSERT_OK(Insert(a_, NewId(), "other"));
  ASSERT_OK(Insert(b_, NewId(), evil));
  const auto count = [&](const std::string& body) {
    return database_->WithTenant(Call(a_), [&](Transaction& tx) {
      ComposedQuery query;
      query.Add("SELECT count(*) FROM vault.notes WHERE tenant_id = ").Value(a_);
      query.Add(" AND body = ").Value(body);
      return tx.Run(std::move(query)).Map([](const Result& rows) {
        return rows[0].Get<int64_t>(0);
      });
    });
  };
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t found, count(evil));
    EXPECT_EQ(found, 1);
  }
  ComposedQuery unscoped;
  unscoped.Add("SELECT count(*) FROM vault.notes");
  ASSERT_OK_AND_ASSIGN(const Result all, database_->WithTenant(Call(a_), [&](Transaction& tx) {
    return tx.Run(unscoped);
  }));
  EXPECT_EQ(all[0].Get<int64_t>(0), 2);
  ComposedQuery writes;
  writes.Add("DELETE FROM vault.notes");
  EXPECT_THAT(database_->WithTenant(Call(a_), [&](Transaction& tx) { return tx.Run(writes); }),
              StatusIs(absl::StatusCode::kInternal));
}

// Of as many conditions.
ComposedQuery ShapeOf(int conditions) {
  ComposedQuery query;
  query.Add("SELECT count(*) FROM vault.notes WHERE body = ").Value(std::string("x"));
  for (int i = 1; i < conditions; ++i) query.Add(" OR body = ").Value(std::string("y"));
  return query;
}

TEST_F(NotesTest, AShapeIsPreparedOnceAndPlannedForAllValuesByIndexes) {
  constexpr Statement kShapes{
      "test.shapes",
      "SELECT count(*), coalesce(sum(generic_plans), 0)::bigint, coalesce(sum(custom_plans), 0)::"
      "bigint FROM pg_prepared_statements WHERE name LIKE 'composed.%'"};
  constexpr Statement kSettings{"test.settings",
                                "SELECT concat_ws(' ', current_setting('plan_cache_mode'), "
                                "current_setting('enable_seqscan'), current_setting('jit'))"};
  const auto run = [&](auto body) { return *database_->WithTenant(Call(a_), body); };
  for (int i = 0; i < 3; ++i) {
    run([&](Transaction& tx) {
      tx.Run(ShapeOf(1));
      tx.Run(ShapeOf(2));
      return tx.Run(ShapeOf(1));
    });
  }
  const auto shapes = run([&](Transaction& tx) { return tx.Run(kShapes); });
  EXPECT_EQ(shapes[0].template Get<int64_t>(0), 2);
  EXPECT_EQ(shapes[0].template Get<int64_t>(1), 9);
  EXPECT_EQ(shapes[0].template Get<int64_t>(2), 0);
  const auto within = run([&](Transaction& tx) {
    tx.Run(ShapeOf(1));
    return tx.Run(kSettings);
  });
  EXPECT_EQ(within[0].template Get<std::string>(0), "force_generic_plan off off");
  const auto after = run([&](Transaction& tx) { return tx.Run(kSettings); });
  EXPECT_EQ(after[0].template Get<std::string>(0).substr(0, 7), "auto on");
}

TEST_F(NotesTest, OfManyShapesAConnectionKeepsSoMuch) {
  constexpr Statement kShapes{"test.shapes",
                              "SELECT sum(length(statement)) FROM pg_prepared_statements "
                              "WHERE name LIKE 'composed.%'"};
  ASSERT_OK(Insert(a_, NewId(), "x"));
  int64_t most = 0;
  for (int conditions = 1; conditions <= 300; ++conditions) {
    ASSERT_OK_AND_ASSIGN(const Result kept, database_->WithTenant(Call(a_), [&](Transaction& tx) {
      tx.Run(ShapeOf(conditions));
      return tx.Run(kShapes);
    }));
    most = std::max(most, kept[0].Get<int64_t>(0));
    ASSERT_OK_AND_ASSIGN(const Result first, database_->WithTenant(Call(a_), [&](Transaction& tx) {
      return tx.Run(ShapeOf(1));
    }));
    EXPECT_EQ(first[0].Get<int64_t>(0), 1) << conditions;
  }
  EXPECT_GT(most, 120 << 10);
  EXPECT_LT(most, 140 << 10);
}

TEST_F(NotesTest, AShapeThatWasNotPreparedInVainIsPreparedTheNextTime) {
  constexpr Statement kFails{"test.fails", "SELECT core.require(false, 'NO')"};
  ASSERT_OK(Insert(a_, NewId(), "x"));
  EXPECT_THAT(database_->WithTenant(Call(a_),
                                    [&](Transaction& tx) {
                                      tx.Run(kFails);
                                      return tx.Run(ShapeOf(1));
                                    }),
              ReasonIs("NO"));
  ASSERT_OK_AND_ASSIGN(const Result found, database_->WithTenant(Call(a_), [&](Transaction& tx) {
    return tx.Run(ShapeOf(1));
  }));
  EXPECT_EQ(found[0].Get<int64_t>(0), 1);
}

}  // namespace
}  // namespace kasbah::postgres
