#include <thread>

#include "services/tenant_data/store/record_writer.h"
#include "services/tenant_data/store/tenant_data_fixture.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

RequestKey Key(const std::string& digest) {
  return {*Uuid::Parse("0190a2c4-0000-4000-8000-000000000001"), digest};
}

TEST_F(TenantDataTest, ACreatedRecordReadsBackWithItsHistoryIndexAndEvents) {
  const int64_t audits = Audits();
  ASSERT_OK_AND_ASSIGN(
      const RecordId id,
      Create(a_,
             {{"alpha_2", "CH"}, {"name", "Schweiz"}, {"population", "8700000"}, {"note", "n"}}));
  ASSERT_OK_AND_ASSIGN(const StoredRecord record, Get(Call(a_), id));
  EXPECT_EQ(record.version, 1u);
  EXPECT_EQ(record.created, clock_.Now());
  EXPECT_EQ(test_->QueryValue("SELECT data->>'name' FROM tenant_data.records"), "Schweiz");
  EXPECT_EQ(Count("tenant_data.record_history WHERE version = 1 AND change = 'created'"), 1);
  EXPECT_EQ(Count("tenant_data.record_index"), 3);
  EXPECT_EQ(Count("tenant_data.record_unique"), 1);
  EXPECT_EQ(Audits(), audits + 1);
  EXPECT_EQ(Changes(), 1);
  const auto audit = LastEvent<outbox::v1::AuditEvent>("audit");
  EXPECT_EQ(audit.action(), "record.create");
  EXPECT_EQ(audit.target().id(), id.ToString());
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "record.created");
  EXPECT_EQ(change.sequence(), 1u);
  EXPECT_EQ(change.data().fields().at("values").struct_value().fields().at("name").string_value(),
            "Schweiz");
}

TEST_F(TenantDataTest, SealedValuesReachNoColumnAndNoEventInTheClear) {
  ASSERT_OK_AND_ASSIGN(const RecordId id,
                       Create(a_, {{"name", "x"}, {"iban", "canary-plaintext"}}));
  ASSERT_OK_AND_ASSIGN(const StoredRecord record, Get(Call(a_), id));
  ASSERT_OK_AND_ASSIGN(const SealedValues sealed, UnpackSealed(record.sealed));
  EXPECT_EQ(sealed.at(rules_a_->Find("iban")->definition.id), "ciphertext-bytes");
  EXPECT_EQ(Count("tenant_data.record_history WHERE sealed IS NOT NULL"), 1);
  for (const char* table : {"records", "record_history", "record_index", "outbox"}) {
    EXPECT_EQ(Count(absl::StrCat("tenant_data.", table,
                                 " t WHERE position('canary' IN t::text) > 0 "
                                 "OR position(encode('canary', 'hex') IN t::text) > 0")),
              0)
        << table;
  }
}

TEST_F(TenantDataTest, AForeignRecordAnswersLikeAnAbsentOne) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"name", "of a"}}));
  const absl::Status foreign = Get(Call(b_), id).status();
  EXPECT_THAT(foreign, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(foreign, Get(Call(b_), RecordId::New(absl::Now())).status());
  const int64_t events = Audits() + Changes();
  EXPECT_EQ(writer().Delete(Call(b_), id, std::nullopt),
            writer().Delete(Call(b_), RecordId::New(absl::Now()), std::nullopt));
  EXPECT_EQ(writer().Delete(Call(b_), id, 1),
            writer().Delete(Call(b_), RecordId::New(absl::Now()), 1));
  EXPECT_THAT(SetNote(b_, id, 1, "taken over"), ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_OK(Get(Call(a_), id));
}

TEST_F(TenantDataTest, WithoutTheStatementsTenantConditionNothingForeignIsSeen) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"alpha_2", "CH"}}));
  constexpr postgres::Statement kUnscoped[] = {
      {"test.records", "SELECT 1 FROM tenant_data.records WHERE record_id = $1"},
      {"test.history", "SELECT 1 FROM tenant_data.record_history WHERE record_id = $1"},
      {"test.index", "SELECT 1 FROM tenant_data.record_index WHERE record_id = $1"},
      {"test.unique", "SELECT 1 FROM tenant_data.record_unique WHERE record_id = $1"}};
  for (const postgres::Statement& statement : kUnscoped) {
    const auto rows = [&](TenantId tenant) {
      return database_
          ->WithTenant(Call(tenant),
                       [&](postgres::Transaction& tx) { return tx.Run(statement, id); })
          ->size();
    };
    EXPECT_EQ(rows(a_), 1) << statement.name;
    EXPECT_EQ(rows(b_), 0) << statement.name;
  }
}

TEST_F(TenantDataTest, ARecordWithoutAnEventIsNotCommitted) {
  const CallContext call = Call(a_);
  const absl::Status status =
      database_->WithTenant(call, [&](postgres::Transaction& tx) -> absl::Status {
        StoredRecord record;
        record.id = RecordId::New(absl::Now());
        record.collection = rules_a_->collection_id();
        record.data = "{}";
        record.created = record.updated = clock_.Now();
        records_.Insert(tx, call, record);
        return absl::OkStatus();
      });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Count("tenant_data.records"), 0);
}

TEST_F(TenantDataTest, AStaleEtagChangesNothingAndLeavesNoEvent) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"note", "one"}}));
  ASSERT_OK(SetNote(a_, id, 1, "two"));
  const int64_t events = Audits() + Changes();
  const absl::Status stale = SetNote(a_, id, 1, "three");
  EXPECT_THAT(stale, StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(stale, ReasonIs("ETAG_MISMATCH"));
  EXPECT_THAT(writer().Delete(Call(a_), id, 1), ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(test_->QueryValue("SELECT data->>'note' FROM tenant_data.records"), "two");
  EXPECT_EQ(Count("tenant_data.record_history"), 2);
}

TEST_F(TenantDataTest, OfConcurrentUpdatesOneWins) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"note", "start"}}));
  const int64_t changes = Changes();
  std::vector<absl::Status> results(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = SetNote(a_, id, 1, absl::StrCat("by ", i)); });
  }
  for (std::thread& thread : threads) thread.join();
  int won = 0;
  for (const absl::Status& status : results) {
    won += status.ok();
    if (!status.ok()) {
      EXPECT_THAT(status, ReasonIs("ETAG_MISMATCH"));
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(Changes(), changes + 1);
  EXPECT_EQ(Count("tenant_data.record_history"), 2);
}

TEST_F(TenantDataTest, ATakenUniqueValueIsRefusedWithItsPathAndLeavesNothing) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}));
  const int64_t events = Audits() + Changes();
  const absl::Status taken = Create(a_, {{"alpha_2", "CH"}, {"name", "again"}}).status();
  EXPECT_THAT(taken, StatusIs(absl::StatusCode::kInvalidArgument));
  const std::vector<Violation> violations = DetailsOf(taken).violations;
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "values.alpha_2");
  EXPECT_EQ(violations[0].rule, "UNIQUE");
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(Count("tenant_data.records"), 1);
  EXPECT_EQ(Count("tenant_data.record_index"), 1);
}

TEST_F(TenantDataTest, UniqueValuesOfTenantsDoNotMeet) {
  EXPECT_OK(Create(a_, {{"alpha_2", "CH"}}));
  EXPECT_OK(Create(b_, {{"alpha_2", "CH"}}));
}

TEST_F(TenantDataTest, OfConcurrentCreatesWithOneValueOneWins) {
  std::vector<absl::Status> results(8);
  std::vector<std::thread> threads;
  for (absl::Status& result : results) {
    threads.emplace_back([&] { result = Create(a_, {{"alpha_2", "DE"}}).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  int won = 0;
  for (const absl::Status& status : results) {
    won += status.ok();
    if (!status.ok()) {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(Count("tenant_data.records"), 1);
}

TEST_F(TenantDataTest, AnUpdateMovesIndexAndUniqueValues) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"alpha_2", "CH"}, {"name", "old"}}));
  ASSERT_OK_AND_ASSIGN(const RecordId other, Create(a_, {{"alpha_2", "DE"}}));
  const auto rename = [&](RecordId record, const std::string& code) {
    Validation checked = ValidateChange(*rules_a_, {}, {}, ToStruct({{"alpha_2", code}}));
    return writer().Update(Call(a_), *rules_a_,
                           {record,
                            1,
                            std::nullopt,
                            std::move(checked.valid),
                            "",
                            {rules_a_->Find("alpha_2")->definition.id}});
  };
  EXPECT_THAT(rename(other, "CH"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(rename(id, "FR"));
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_text = 'FR'"), 1);
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_text = 'CH'"), 0);
  EXPECT_EQ(Count("tenant_data.record_index WHERE v_text = 'old'"), 1);
  // Free again.
  EXPECT_OK(Create(a_, {{"alpha_2", "CH"}}));
}

TEST_F(TenantDataTest, ADeletedRecordLeavesEveryResultAndKeepsItsHistory) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"alpha_2", "CH"}, {"note", "one"}}));
  ASSERT_OK(SetNote(a_, id, 1, "two"));
  ASSERT_OK(writer().Delete(Call(a_), id, 2));
  EXPECT_THAT(Get(Call(a_), id), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(writer().Delete(Call(a_), id, std::nullopt), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(SetNote(a_, id, 3, "back"), ReasonIs("ETAG_MISMATCH"));
  EXPECT_EQ(Count("tenant_data.record_index"), 0);
  EXPECT_EQ(Count("tenant_data.record_unique"), 0);
  const CallContext call = Call(a_);
  ASSERT_OK_AND_ASSIGN(const Window<StoredVersion> past,
                       database_->WithTenant(call, [&](postgres::Transaction& tx) {
                         return records_.History(tx, call, id, 100, 10);
                       }));
  const std::vector<StoredVersion>& versions = past.rows;
  EXPECT_FALSE(past.is_cut);
  ASSERT_EQ(versions.size(), 3u);
  EXPECT_EQ(versions[0].change, "deleted");
  EXPECT_EQ(versions[0].version, 3u);
  EXPECT_EQ(versions[1].change, "updated");
  EXPECT_EQ(versions[2].change, "created");
  EXPECT_EQ(versions[2].actor_id, "key_test");
  EXPECT_EQ(versions[2].request_id, "req-1");
  EXPECT_NE(versions[2].data.find("one"), std::string::npos);
  const auto change = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(change.type(), "record.deleted");
  EXPECT_EQ(change.sequence(), 3u);
  EXPECT_EQ(change.data().fields().at("collection").string_value(), "countries");
}

TEST_F(TenantDataTest, ARequestIdMakesOneRecord) {
  const NewRecord first = Record(*rules_a_, {{"alpha_2", "CH"}});
  const NewRecord second = Record(*rules_a_, {{"alpha_2", "CH"}});
  ASSERT_OK_AND_ASSIGN(const Created made, writer().Create(Call(a_), *rules_a_, first, Key("d1")));
  EXPECT_FALSE(made.replayed);
  const int64_t events = Audits() + Changes();
  ASSERT_OK_AND_ASSIGN(const Created again,
                       writer().Create(Call(a_), *rules_a_, second, Key("d1")));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(Audits() + Changes(), events);
  const auto reused = writer().Create(Call(a_), *rules_a_, second, Key("d2"));
  EXPECT_THAT(reused, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(reused, ReasonIs("REQUEST_ID_REUSED"));
  // Another tenant's request ids are its own.
  EXPECT_OK(writer().Create(Call(b_), *rules_b_, Record(*rules_b_, {}), Key("d3")));
}

TEST_F(TenantDataTest, ARefusedCreateLeavesItsRequestIdFree) {
  ASSERT_OK(Create(a_, {{"alpha_2", "CH"}}));
  EXPECT_THAT(
      writer().Create(Call(a_), *rules_a_, Record(*rules_a_, {{"alpha_2", "CH"}}), Key("d1")),
      StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(
      writer().Create(Call(a_), *rules_a_, Record(*rules_a_, {{"alpha_2", "DE"}}), Key("d2")));
}

TEST_F(TenantDataTest, RequestsAreForgottenAfterADay) {
  ASSERT_OK(writer().Create(Call(a_), *rules_a_, Record(*rules_a_, {}), Key("d1")));
  clock_.Advance(absl::Hours(25));
  RequestKey other = Key("d2");
  other.id = *Uuid::Parse("0190a2c4-0000-4000-8000-000000000002");
  ASSERT_OK(writer().Create(Call(a_), *rules_a_, Record(*rules_a_, {}), other));
  EXPECT_EQ(Count("tenant_data.requests"), 1);
}

TEST_F(TenantDataTest, ASuspendedTenantReadsAndWritesNothing) {
  ASSERT_OK_AND_ASSIGN(const RecordId id, Create(a_, {{"note", "x"}}));
  test_->SetTenantState(a_, "suspended");
  EXPECT_THAT(Get(Call(a_), id), ReasonIs("TENANT_SUSPENDED"));
  EXPECT_THAT(Create(a_, {{"note", "y"}}), ReasonIs("TENANT_SUSPENDED"));
}

}  // namespace
}  // namespace kasbah::tenantdata
