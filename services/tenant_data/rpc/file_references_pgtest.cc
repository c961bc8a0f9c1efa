// Values that name files: what they can name, and what holds a file in its place.
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "kasbah/tenantdata/v1/collections.pb.h"
#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/objects/folder_store.h"
#include "services/tenant_data/rpc/collection_service_fixture.h"
#include "services/tenant_data/rpc/file_service.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using Files = v1::FileService::Stub;
using Stub = v1::RecordService::Stub;

class FileReferencesTest : public CollectionServiceTest {
 protected:
  void SetUp() override {
    CollectionServiceTest::SetUp();
    ASSERT_OK(MakeCollection("contracts", {Described("scan", v1::FIELD_TYPE_FILE),
                                           Described("copy", v1::FIELD_TYPE_FILE),
                                           Described("name", v1::FIELD_TYPE_TEXT)}));
  }
  void TearDown() override {
    CollectionServiceTest::TearDown();
    std::filesystem::remove_all(directory_);
  }
  std::vector<grpc::Service*> MoreServices(rpc::Pipeline& pipeline) override {
    directory_ = ::testing::TempDir() + "/references.XXXXXX";
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    objects_ = *objects::FolderStore::Create(directory_ + "/files");
    detector_ = *TypeDetector::Create();
    keys_ = std::make_unique<DataKeys>(vault_channel_);
    parts_.emplace(
        FileParts{*database_, outbox_, *objects_, *keys_, *detector_, {}, Clock::Real()});
    removal_ = std::make_unique<FileRemoval>(*parts_);
    files_ = std::make_unique<FileService>(pipeline, *parts_, *removal_, transients_);
    return {files_.get()};
  }

  // As an upload leaves it.
  std::string File(TenantId tenant, const std::string& state = "stored",
                   std::optional<CustomerId> customer = std::nullopt) {
    const FileId id = FileId::New(absl::Now());
    const std::string owner = customer ? StrCat("'", customer->uuid().ToString(), "'") : "NULL";
    test_->Execute(absl::StrCat(
        "INSERT INTO tenant_data.files (tenant_id, file_id, customer_id, name, content_type, "
        "size, sha256, state, data_key, creator_kind, creator_id, created_at, due_at) VALUES ('",
        tenant.uuid().ToString(), "', '", id.uuid().ToString(), "', ", owner,
        ", '', 'text/plain', 1, '\\x00', '", state, "', ", state == "deleted" ? "NULL" : "'\\x00'",
        ", 'user', 'x', now(), ", state == "stored" ? "NULL" : "now()", ")"));
    return id.ToString();
  }
  absl::StatusOr<v1::Record> Contract(const Values& values, const std::string& customer = "") {
    return Make(ToStruct(values), "contracts", customer);
  }
  absl::Status Delete(const std::string& id, std::optional<CustomerId> customer = std::nullopt) {
    v1::DeleteFileRequest request;
    request.set_file_id(id);
    return AsUser(a_, &Files::DeleteFile, request, customer).status();
  }
  static std::string RuleOf(const absl::Status& status) {
    const std::vector<Violation> violations = DetailsOf(status).violations;
    return violations.empty() ? status.ToString()
                              : StrCat(violations[0].field, " ", violations[0].rule);
  }
  int64_t References() { return Count("tenant_data.file_references"); }

  std::string directory_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<TypeDetector> detector_;
  std::unique_ptr<DataKeys> keys_;
  std::optional<FileParts> parts_;
  std::unique_ptr<FileRemoval> removal_;
  TransientFiles transients_{{}, Clock::Real()};
  std::unique_ptr<FileService> files_;
};

TEST_F(FileReferencesTest, NameStoredFilesOfTheTenantAndTheCustomerAlone) {
  const CustomerId one = MakeCustomer(a_, "one");
  const CustomerId two = MakeCustomer(a_, "two");
  const std::string shared = File(a_);
  const std::string of_one = File(a_, "stored", one);
  const std::string absent = FileId::New(absl::Now()).ToString();
  const int64_t events = Audits() + Changes();
  for (const std::string& id :
       {absent, File(b_), File(a_, "pending"), File(a_, "deleted"), File(a_, "stored", two)}) {
    const auto refused = Contract({{"scan", id}}, one.ToString());
    EXPECT_EQ(RuleOf(refused.status()), "values.scan REFERENCE") << id;
    EXPECT_EQ(refused.status().message(),
              Contract({{"scan", absent}}, one.ToString()).status().message());
  }
  // A record of nobody's does not name a customer's file.
  EXPECT_EQ(RuleOf(Contract({{"scan", of_one}}).status()), "values.scan REFERENCE");
  EXPECT_EQ(Audits() + Changes(), events);
  EXPECT_EQ(References(), 0);
  EXPECT_OK(Contract({{"scan", of_one}, {"copy", of_one}}, one.ToString()));
  EXPECT_OK(Contract({{"scan", shared}}, one.ToString()));
  ASSERT_OK_AND_ASSIGN(const v1::Record record, Contract({{"scan", shared}}));
  EXPECT_EQ(RuleOf(Change(record, {{"copy", absent}}).status()), "values.copy REFERENCE");
  EXPECT_EQ(References(), 4);
}

TEST_F(FileReferencesTest, EveryViolationOfOneRecordComesAtOnce) {
  v1::Field code = Described("code", v1::FIELD_TYPE_TEXT);
  code.set_unique(true);
  ASSERT_OK(MakeCollection("parcels", {code, Described("label", v1::FIELD_TYPE_FILE)}));
  ASSERT_OK(Make(ToStruct({{"code", "x"}}), "parcels"));
  const auto refused =
      Make(ToStruct({{"code", "x"}, {"label", FileId::New(absl::Now()).ToString()}}), "parcels");
  ASSERT_EQ(DetailsOf(refused.status()).violations.size(), 2u);
  EXPECT_EQ(DetailsOf(refused.status()).violations[0].rule, "UNIQUE");
  EXPECT_EQ(DetailsOf(refused.status()).violations[1].rule, "REFERENCE");
}

TEST_F(FileReferencesTest, OfABatchEachItemStandsAlone) {
  v1::BatchCreateRecordsRequest batch;
  batch.set_collection("contracts");
  *batch.add_values() = ToStruct({{"scan", FileId::New(absl::Now()).ToString()}});
  *batch.add_values() = ToStruct({{"scan", File(a_)}});
  ASSERT_OK_AND_ASSIGN(const auto reply, AsUser(a_, &Stub::BatchCreateRecords, batch));
  EXPECT_EQ(reply.items(0).violations(0).rule(), "REFERENCE");
  EXPECT_NE(reply.items(1).record_id(), "");
  EXPECT_EQ(References(), 1);
}

TEST_F(FileReferencesTest, AFileThatARecordNamesIsNotDeleted) {
  const std::string id = File(a_);
  ASSERT_OK_AND_ASSIGN(const v1::Record record, Contract({{"scan", id}, {"name", "x"}}));
  const absl::Status refused = Delete(id);
  EXPECT_THAT(refused, ReasonIs("FILE_IN_USE"));
  EXPECT_EQ(RuleOf(refused), StrCat("records.", record.record_id(), " FILE_IN_USE"));
  // Another value, none, or no record: then it is free.
  ASSERT_OK_AND_ASSIGN(const v1::Record other, Change(record, {{"scan", File(a_)}}));
  ASSERT_OK_AND_ASSIGN(const v1::Record same, Change(other, {{"name", "y"}}));
  EXPECT_EQ(References(), 1);
  ASSERT_OK_AND_ASSIGN(const v1::Record back, Change(same, {{"scan", id}}));
  EXPECT_THAT(Delete(id), ReasonIs("FILE_IN_USE"));
  v1::DeleteRecordRequest gone;
  gone.set_record_id(record.record_id());
  ASSERT_OK(AsUser(a_, &Stub::DeleteRecord, gone));
  EXPECT_EQ(References(), 0);
  // Brought back, it names the file again, or says that it cannot.
  v1::RestoreRecordRequest restore;
  restore.set_record_id(record.record_id());
  ASSERT_OK(AsUser(a_, &Stub::RestoreRecord, restore));
  EXPECT_THAT(Delete(id), ReasonIs("FILE_IN_USE"));
  ASSERT_OK(AsUser(a_, &Stub::DeleteRecord, gone));
  ASSERT_OK(Delete(id));
  EXPECT_EQ(RuleOf(AsUser(a_, &Stub::RestoreRecord, restore).status()), "values.scan REFERENCE");
  (*restore.mutable_values()->mutable_fields())["scan"].set_null_value({});
  ASSERT_OK(AsUser(a_, &Stub::RestoreRecord, restore));
  v1::PurgeRecordRequest purge;
  purge.set_record_id(record.record_id());
  ASSERT_OK(AsUser(a_, &Stub::PurgeRecord, purge));
  EXPECT_EQ(References(), 0);
}

TEST_F(FileReferencesTest, ACustomersCallerSeesWhoNamesItsFiles) {
  const CustomerId one = MakeCustomer(a_, "one");
  const std::string id = File(a_, "stored", one);
  ASSERT_OK(Contract({{"scan", id}}, one.ToString()));
  EXPECT_THAT(Delete(id, one), ReasonIs("FILE_IN_USE"));
  EXPECT_THAT(Delete(id, MakeCustomer(a_, "two")), ReasonIs("NOT_FOUND"));
}

TEST_F(FileReferencesTest, OfARecordThatNamesAFileAndItsDeletionOneWins) {
  for (int round = 0; round < 15; ++round) {
    const std::string id = File(a_);
    absl::Status deleted;
    std::thread deleter([&] { deleted = Delete(id); });
    const auto named = Contract({{"scan", id}});
    deleter.join();
    EXPECT_NE(named.ok(), deleted.ok()) << named.status() << deleted;
  }
  EXPECT_EQ(Count("tenant_data.file_references r JOIN tenant_data.files f "
                  "USING (tenant_id, file_id) WHERE f.state <> 'stored'"),
            0);
}

TEST_F(FileReferencesTest, APurgedRecordTakesItsFilesButThoseThatOthersName) {
  ASSERT_OK_AND_ASSIGN(const v1::Record record, Contract({{"name", "theirs"}}));
  const std::string own = File(a_);
  const std::string on_its_way = File(a_, "pending");
  const std::string named = File(a_);
  const std::string unbound = File(a_);
  for (const std::string& file : {own, on_its_way, named}) {
    test_->Execute("UPDATE tenant_data.files SET record_id = '" +
                   RecordId::Parse(record.record_id())->uuid().ToString() + "' WHERE file_id = '" +
                   FileId::Parse(file)->uuid().ToString() + "'");
  }
  test_->Execute(StrCat("INSERT INTO tenant_data.file_usage (tenant_id, bytes) VALUES ('",
                        a_.uuid().ToString(), "', 4)"));
  ASSERT_OK(Contract({{"scan", named}}));
  const int64_t changes = Changes();
  v1::PurgeRecordRequest purge;
  purge.set_record_id(record.record_id());
  ASSERT_OK(AsUser(a_, &Stub::PurgeRecord, purge));
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'deleted' AND data_key IS NULL"), 2);
  EXPECT_EQ(Count("tenant_data.files WHERE state = 'stored'"), 2);
  EXPECT_EQ(Count("tenant_data.file_usage WHERE bytes = 2"), 1);
  // Of the record and of the one file that subscribers knew of.
  EXPECT_EQ(Changes(), changes + 2);
}

}  // namespace
}  // namespace kasbah::tenantdata
