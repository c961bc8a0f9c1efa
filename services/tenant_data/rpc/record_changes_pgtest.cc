// Updates, upserts, restores and purges of single records, and how records were.
#include <thread>

#include "kasbah/tenantdata/v1/records.pb.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/rpc/record_fixture.h"

namespace kasbah::tenantdata {
namespace {

using ::testing::ElementsAre;
using testing::ReasonIs;
using testing::StatusIs;

class RecordChangesTest : public RecordServiceTest {
 protected:
  absl::StatusOr<v1::UpsertRecordResponse> Upsert(
      TenantId tenant, const Values& values, std::optional<CustomerId> customer = std::nullopt) {
    v1::UpsertRecordRequest request;
    request.set_collection("countries");
    request.set_unique_field("alpha_2");
    *request.mutable_values() = ToStruct(values);
    return AsUser(tenant, &Stub::UpsertRecord, request, customer);
  }
  absl::Status Delete(TenantId tenant, const std::string& id) {
    v1::DeleteRecordRequest request;
    request.set_record_id(id);
    return AsUser(tenant, &Stub::DeleteRecord, request).status();
  }
  absl::StatusOr<v1::Record> Restore(TenantId tenant, const std::string& id,
                                     const Values& values = {}, const std::string& etag = "") {
    v1::RestoreRecordRequest request;
    request.set_record_id(id);
    request.set_etag(etag);
    if (!values.empty()) *request.mutable_values() = ToStruct(values);
    return AsUser(tenant, &Stub::RestoreRecord, request);
  }
  absl::Status Purge(TenantId tenant, const std::string& id, const std::string& etag = "",
                     std::optional<CustomerId> customer = std::nullopt) {
    v1::PurgeRecordRequest request;
    request.set_record_id(id);
    request.set_etag(etag);
    return AsUser(tenant, &Stub::PurgeRecord, request, customer).status();
  }
  static std::vector<Violation> ViolationsOf(const absl::Status& status) {
    return DetailsOf(status).violations;
  }
  int64_t Rows(const std::string& table, const std::string& id) {
    return Count(absl::StrCat("tenant_data.", table, " WHERE record_id = '",
                              RecordId::Parse(id)->uuid().ToString(), "'"));
  }
};

TEST_F(RecordChangesTest, AMaskChangesWhatItNamesAndNothingElse) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made,
                       Make(a_, {{"name", "old"}, {"note", "kept"}, {"iban", "sealed"}}));
  v1::UpdateRecordRequest request;
  request.set_record_id(made.record_id());
  request.set_etag(made.etag());
  *request.mutable_values() = ToStruct({{"name", "new"}, {"note", "ignored"}});
  request.mutable_update_mask()->add_paths("values.name");
  request.mutable_update_mask()->add_paths("values.iban");
  ASSERT_OK_AND_ASSIGN(const v1::Record updated, AsUser(a_, &Stub::UpdateRecord, request));
  EXPECT_EQ(TextOf(updated, "name"), "new");
  EXPECT_EQ(TextOf(updated, "note"), "kept");
  EXPECT_EQ(updated.values().fields().count("iban"), 0u);

  request.set_etag("*");
  request.mutable_update_mask()->clear_paths();
  request.mutable_update_mask()->add_paths("*");
  *request.mutable_values() = ToStruct({{"code", "c"}});
  ASSERT_OK_AND_ASSIGN(const v1::Record whole, AsUser(a_, &Stub::UpdateRecord, request));
  EXPECT_EQ(whole.values().fields().size(), 1u);
  EXPECT_EQ(whole.etag(), "v3");

  for (const char* path : {"name", "values.nope", "values.", "record_id", "values.name.x"}) {
    request.mutable_update_mask()->set_paths(0, path);
    const auto refused = AsUser(a_, &Stub::UpdateRecord, request);
    ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS")) << path;
    EXPECT_EQ(ViolationsOf(refused.status()).at(0).field, "update_mask");
  }
  request.clear_update_mask();
  request.set_etag("");
  EXPECT_THAT(AsUser(a_, &Stub::UpdateRecord, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordChangesTest, OfManyWritersWithOneEtagExactlyOneWins) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"name", "n"}}));
  ASSERT_OK(Read(a_, made.record_id()));
  std::atomic<int> won = 0;
  std::atomic<int> stale = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const auto changed = Change(a_, made, ToStruct({{"name", absl::StrCat(i)}}));
      if (changed.ok()) ++won;
      if (ReasonOf(changed.status()) == "ETAG_MISMATCH") ++stale;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(stale, 7);
  EXPECT_EQ(Rows("record_history", made.record_id()), 2);
}

TEST_F(RecordChangesTest, AnUpsertWaitsForTheFieldsIndex) {
  test_->Execute(
      absl::StrCat("INSERT INTO tenant_data.field_indexes "
                   "(tenant_id, field_id, collection_id, state, last_record, started_at) "
                   "SELECT tenant_id, field_id, collection_id, 'building', "
                   "'00000000-0000-0000-0000-000000000000', now() FROM tenant_data.fields "
                   "WHERE key = 'alpha_2' AND tenant_id = '",
                   a_.uuid().ToString(), "'"));
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}}));
  // As one from before the field was unique, which the build has not come to.
  test_->Execute("DELETE FROM tenant_data.record_unique");
  EXPECT_THAT(Upsert(a_, {{"alpha_2", "CH"}}), ReasonIs("INDEX_BUILDING"));
  EXPECT_EQ(Count("tenant_data.records"), 1);
}

TEST_F(RecordChangesTest, UpsertsOfOneValueAtOnceMakeOneRecord) {
  ASSERT_OK(Read(a_, (*Make(a_, {{"name", "warm"}})).record_id()));
  std::atomic<int> created = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 6; ++i) {
    writers.emplace_back([&, i] {
      const auto reply = Upsert(a_, {{"alpha_2", "CH"}, {"note", absl::StrCat(i)}});
      if (!reply.ok()) {
        ++failed;
      } else if (reply->created()) {
        ++created;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(created, 1);
  EXPECT_EQ(Count("tenant_data.records WHERE data->>'alpha_2' = 'CH'"), 1);
  EXPECT_EQ(Count("tenant_data.record_history WHERE data->>'alpha_2' = 'CH'"), 6);
}

TEST_F(RecordChangesTest, AnUpsertChangesWhatIsThereAndKeepsWhatItDoesNotName) {
  ASSERT_OK_AND_ASSIGN(const auto made, Upsert(a_, {{"alpha_2", "CH"}, {"name", "Schweiz"}}));
  EXPECT_TRUE(made.created());
  ASSERT_OK_AND_ASSIGN(const auto again, Upsert(a_, {{"alpha_2", "CH"}, {"note", "n"}}));
  EXPECT_FALSE(again.created());
  EXPECT_EQ(again.record().record_id(), made.record().record_id());
  EXPECT_EQ(TextOf(again.record(), "name"), "Schweiz");
  ASSERT_OK(Delete(a_, made.record().record_id()));
  ASSERT_OK_AND_ASSIGN(const auto anew, Upsert(a_, {{"alpha_2", "CH"}}));
  EXPECT_TRUE(anew.created());
  // Another tenant's value is no business of this one.
  ASSERT_OK_AND_ASSIGN(const auto theirs, Upsert(b_, {{"alpha_2", "CH"}}));
  EXPECT_TRUE(theirs.created());
}

TEST_F(RecordChangesTest, AnUpsertNeedsAUniqueFieldAndItsValue) {
  v1::UpsertRecordRequest request;
  request.set_collection("countries");
  *request.mutable_values() = ToStruct({{"name", "x"}});
  for (const char* field : {"name", "nope"}) {
    request.set_unique_field(field);
    const auto refused = AsUser(a_, &Stub::UpsertRecord, request);
    ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
    EXPECT_EQ(ViolationsOf(refused.status()).at(0).field, "unique_field");
  }
  const auto missing = Upsert(a_, {{"name", "x"}});
  ASSERT_THAT(missing, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(ViolationsOf(missing.status()).at(0).field, "values.alpha_2");
  // A value that another customer has is taken, and nothing more is said.
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK(Upsert(a_, {{"alpha_2", "DE"}}, one));
  const auto taken = Upsert(a_, {{"alpha_2", "DE"}}, two);
  ASSERT_THAT(taken, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(ViolationsOf(taken.status()).at(0).rule, "UNIQUE");
}

TEST_F(RecordChangesTest, ARestoredRecordIsBackWithAllThatFindsIt) {
  ASSERT_OK_AND_ASSIGN(
      const v1::Record made,
      Make(a_, {{"alpha_2", "CH"}, {"name", "n"}, {"iban", "sealed"}, {"passport", "P1"}}));
  ASSERT_OK(Delete(a_, made.record_id()));
  EXPECT_EQ(Rows("record_index", made.record_id()), 0);
  EXPECT_THAT(Read(a_, made.record_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Restore(a_, made.record_id(), {}, "v1"), ReasonIs("ETAG_MISMATCH"));
  EXPECT_THAT(Restore(b_, made.record_id()), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const v1::Record back, Restore(a_, made.record_id(), {}, "v2"));
  EXPECT_EQ(back.etag(), "v3");
  EXPECT_EQ(TextOf(back, "iban"), "sealed");
  EXPECT_EQ(TextOf(back, "passport"), "P1");
  EXPECT_EQ(Rows("record_index", made.record_id()), 3);
  EXPECT_EQ(Rows("record_unique", made.record_id()), 1);
  const auto event = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(event.type(), "record.restored");
  EXPECT_EQ(event.sequence(), 3u);
  EXPECT_THAT(Restore(a_, made.record_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Make(a_, {{"alpha_2", "CH"}}), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordChangesTest, ARestoreReportsAConflictAndMayResolveIt) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made, Make(a_, {{"alpha_2", "CH"}, {"name", "old"}}));
  ASSERT_OK(Delete(a_, made.record_id()));
  ASSERT_OK(Make(a_, {{"alpha_2", "CH"}}));
  const auto refused = Restore(a_, made.record_id());
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(ViolationsOf(refused.status()).at(0).field, "values.alpha_2");
  EXPECT_EQ(ViolationsOf(refused.status()).at(0).rule, "UNIQUE");
  EXPECT_THAT(Read(a_, made.record_id()), ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const v1::Record back, Restore(a_, made.record_id(), {{"alpha_2", "LI"}}));
  EXPECT_EQ(TextOf(back, "alpha_2"), "LI");
  EXPECT_EQ(TextOf(back, "name"), "old");
}

TEST_F(RecordChangesTest, APurgeLeavesNothingButItsEvents) {
  ASSERT_OK_AND_ASSIGN(const v1::Record made,
                       Make(a_, {{"alpha_2", "CH"}, {"note", kCanary}, {"passport", "P"}}));
  EXPECT_THAT(Purge(b_, made.record_id()), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Purge(a_, made.record_id(), "v7"), ReasonIs("ETAG_MISMATCH"));
  ASSERT_OK(Delete(a_, made.record_id()));
  ASSERT_OK(Purge(a_, made.record_id(), "v2"));
  for (const char* table : {"records", "record_history", "record_index", "record_unique"}) {
    EXPECT_EQ(Rows(table, made.record_id()), 0) << table;
  }
  const auto event = LastEvent<outbox::v1::ChangeEvent>("change");
  EXPECT_EQ(event.type(), "record.purged");
  EXPECT_EQ(event.sequence(), 3u);
  EXPECT_EQ(LastEvent<outbox::v1::AuditEvent>("audit").action(), "record.purge");
  EXPECT_THAT(Purge(a_, made.record_id()), ReasonIs("NOT_FOUND"));
  v1::ListRecordHistoryRequest history;
  history.set_record_id(made.record_id());
  EXPECT_THAT(AsUser(a_, &Stub::ListRecordHistory, history), ReasonIs("NOT_FOUND"));
  permissions_.reset(policy::v1::PERMISSION_SUBJECT_MANAGE);
  EXPECT_THAT(Purge(a_, made.record_id()), ReasonIs("PERMISSION_DENIED"));
}

TEST_F(RecordChangesTest, ARecordIsReadAsItWas) {
  ASSERT_OK_AND_ASSIGN(const v1::Record one, Make(a_, {{"name", "one"}, {"iban", "I"}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record two, Change(a_, one, ToStruct({{"name", "two"}})));
  ASSERT_OK(Delete(a_, one.record_id()));
  v1::GetRecordRequest request;
  request.set_record_id(one.record_id());
  *request.mutable_time() = one.update_time();
  ASSERT_OK_AND_ASSIGN(const v1::Record then, AsUser(a_, &Stub::GetRecord, request));
  EXPECT_EQ(then.etag(), "v1");
  EXPECT_EQ(TextOf(then, "name"), "one");
  EXPECT_EQ(TextOf(then, "iban"), "I");
  request.set_version(2);
  ASSERT_OK_AND_ASSIGN(const v1::Record second, AsUser(a_, &Stub::GetRecord, request));
  EXPECT_EQ(TextOf(second, "name"), "two");
  EXPECT_EQ(second.update_time().nanos() / 1000, two.update_time().nanos() / 1000);
  for (const uint64_t version : {3u, 4u, 0u}) {
    request.set_version(version);
    EXPECT_THAT(AsUser(a_, &Stub::GetRecord, request), ReasonIs("NOT_FOUND")) << version;
  }
  *request.mutable_time() = ToTimestamp(absl::FromUnixSeconds(1));
  EXPECT_THAT(AsUser(a_, &Stub::GetRecord, request), ReasonIs("NOT_FOUND"));
  *request.mutable_time() = one.update_time();
  EXPECT_THAT(AsUser(b_, &Stub::GetRecord, request), ReasonIs("NOT_FOUND"));
  request.mutable_time()->set_nanos(-1);
  EXPECT_THAT(AsUser(a_, &Stub::GetRecord, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordChangesTest, ABatchIsReadInOrderAndWhatIsMissingIsNamed) {
  ASSERT_OK_AND_ASSIGN(const v1::Record one, Make(a_, {{"name", "1"}, {"iban", "I"}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record two, Make(a_, {{"name", "2"}, {"iban", "J"}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record foreign, Make(b_, {{"name", "3"}}));
  const std::string absent = RecordId::New(absl::Now()).ToString();
  v1::BatchGetRecordsRequest request;
  for (const std::string& id :
       {two.record_id(), foreign.record_id(), one.record_id(), absent, two.record_id()}) {
    request.add_record_ids(id);
  }
  const int calls = vault_.calls;
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::BatchGetRecords, request));
  EXPECT_EQ(vault_.calls, calls + 1);
  ASSERT_EQ(reply.records_size(), 3);
  EXPECT_EQ(TextOf(reply.records(0), "iban"), "J");
  EXPECT_EQ(TextOf(reply.records(1), "name"), "1");
  EXPECT_EQ(reply.records(2).record_id(), two.record_id());
  EXPECT_THAT(reply.missing(), ElementsAre(foreign.record_id(), absent));
  request.add_record_ids("col_01h455vb4pex5vsknk084sn02q");
  EXPECT_THAT(AsUser(a_, &Stub::BatchGetRecords, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(RecordChangesTest, ACustomersCallReachesNoOtherRecordByAnyMethod) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  ASSERT_OK_AND_ASSIGN(const v1::Record theirs, Make(a_, {{"alpha_2", "AA"}}, "", one));
  const std::string& id = theirs.record_id();
  v1::GetRecordRequest get;
  get.set_record_id(id);
  get.set_version(1);
  EXPECT_THAT(AsUser(a_, &Stub::GetRecord, get, two), ReasonIs("NOT_FOUND"));
  v1::BatchGetRecordsRequest batch;
  batch.add_record_ids(id);
  EXPECT_EQ((*AsUser(a_, &Stub::BatchGetRecords, batch, two)).missing_size(), 1);
  v1::UpdateRecordRequest update;
  update.set_record_id(id);
  update.set_etag("*");
  *update.mutable_values() = ToStruct({{"note", "x"}});
  EXPECT_THAT(AsUser(a_, &Stub::UpdateRecord, update, two), ReasonIs("NOT_FOUND"));
  v1::DeleteRecordRequest remove;
  remove.set_record_id(id);
  EXPECT_THAT(AsUser(a_, &Stub::DeleteRecord, remove, two), ReasonIs("NOT_FOUND"));
  EXPECT_THAT(Purge(a_, id, "", two), ReasonIs("NOT_FOUND"));
  v1::ListRecordHistoryRequest history;
  history.set_record_id(id);
  EXPECT_THAT(AsUser(a_, &Stub::ListRecordHistory, history, two), ReasonIs("NOT_FOUND"));
  ASSERT_OK(Delete(a_, id));
  v1::RestoreRecordRequest restore;
  restore.set_record_id(id);
  EXPECT_THAT(AsUser(a_, &Stub::RestoreRecord, restore, two), ReasonIs("NOT_FOUND"));
  EXPECT_OK(AsUser(a_, &Stub::RestoreRecord, restore, one));
}

}  // namespace
}  // namespace kasbah::tenantdata
