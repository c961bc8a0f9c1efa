// tenant-data is killed between the statements of an import's batch: a lock of the test's own holds
// its transaction up at a table, SIGKILL comes while it waits there, the lock goes, and the process
// starts again. Whatever the step, the import that is begun again has every line in once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/chaos/table_lock.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using tenantdata::v1::ImportRecordsRequest;
using tenantdata::v1::ImportRecordsResponse;
using Collections = tenantdata::v1::CollectionService;
using Records = tenantdata::v1::RecordService;

constexpr int kLines = 1600;
constexpr int kBatch = 500;
constexpr int kBrokenEach = 100;

class KilledImport : public ::testing::Test {
 protected:
  KilledImport() : tenant_(System::Get().CreateTenant(StrCat("killed-import-", ++tenants_))) {
    tenantdata::v1::CreateCollectionRequest define;
    define.set_key("parts");
    auto* code = define.add_fields();
    code->set_key("code");
    code->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
    code->set_unique(true);
    auto* count = define.add_fields();
    count->set_key("count");
    count->set_type(tenantdata::v1::FIELD_TYPE_INTEGER);
    count->set_indexed(true);
    EXPECT_TRUE(AsOperator<Collections>(tenant_.id, "tenant-data",
                                        &Collections::Stub::CreateCollection, define)
                    .ok());
  }

  static std::string Lines(int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) {
      StrAppend(&lines, "{\"code\": \"c", i,
                "\", \"count\": ", i % kBrokenEach == 0 ? "\"many\"" : "7", "}\n");
    }
    return lines;
  }

  struct Said {
    absl::Status status;
    ImportRecordsResponse::Progress progress;
    int refused = 0;
  };
  // `at_first_batch` is called once the first batch is in, before anything else is sent.
  Said Import(const std::function<void()>& at_first_batch) {
    auto context = System::Get().OwnerContext(tenant_);
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(120)));
    const auto stub =
        Records::NewStub(System::Get().Channel("tenant-data", tenant_.certificate_directory));
    const auto stream = stub->ImportRecords(context.get());
    absl::Notification rest;
    std::thread writer([&] {
      ImportRecordsRequest message;
      message.mutable_start()->set_collection("parts");
      message.mutable_start()->set_format(tenantdata::v1::LINE_FORMAT_JSON_LINES);
      message.mutable_start()->set_import_id("0190a2c4-0000-4000-8000-0000000000aa");
      message.set_data(Lines(1, kBatch + 1));
      bool open = stream->Write(message);
      rest.WaitForNotification();
      message.clear_start();
      message.set_data(Lines(kBatch + 1, kLines + 1));
      message.set_last(true);
      if (open) stream->Write(message);
      stream->WritesDone();
    });
    Said said;
    ImportRecordsResponse response;
    while (stream->Read(&response)) {
      if (response.has_refused()) ++said.refused;
      if (!response.has_progress()) continue;
      said.progress = response.progress();
      if (said.progress.lines() == 0 || rest.HasBeenNotified()) continue;
      at_first_batch();
      rest.Notify();
    }
    if (!rest.HasBeenNotified()) rest.Notify();
    writer.join();
    said.status = rpc::FromGrpcStatus(stream->Finish());
    return said;
  }

  std::string Query(const std::string& what) const {
    return System::Get().QueryValue(
        StrCat(what, " WHERE tenant_id = '", tenant_.id.uuid().ToString(), "'"));
  }
  // Ready, and our connection to it made again.
  void WaitForAnswers() {
    ASSERT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
    tenantdata::v1::GetCollectionRequest get;
    get.set_collection("parts");
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
      return AsOwner<Collections>(tenant_, "tenant-data", &Collections::Stub::GetCollection, get)
          .ok();
    }));
  }
  // Kills the process in the second batch, where its transaction waits for `table`.
  void KillAt(const std::string& table) {
    std::optional<TableLock> lock;
    std::thread killer;
    const Said cut = Import([&] {
      lock.emplace(table);
      killer = std::thread([&] {
        EXPECT_TRUE(IsHeldUp(
            table, table == "tenant_data.record_unique" ? table : "tenant_data.record_unique"));
        EXPECT_TRUE(System::Get().supervisor().KillService("tenant-data").ok());
        lock->Release();
      });
    });
    killer.join();
    EXPECT_FALSE(cut.status.ok()) << "answered though it was killed before its commit";
    EXPECT_TRUE(IsQuiet("tenant-data"));
    WaitForAnswers();
  }

  static int tenants_;
  TestTenant tenant_;
};
int KilledImport::tenants_ = 0;

class KilledImportAt : public KilledImport, public ::testing::WithParamInterface<const char*> {};

TEST_P(KilledImportAt, BegunAgainHasEveryLineInOnce) {
  KillAt(GetParam());
  const Said whole = Import([] {});
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  constexpr int kBroken = kLines / kBrokenEach;
  EXPECT_TRUE(whole.progress.done());
  EXPECT_EQ(whole.progress.lines(), static_cast<uint64_t>(kLines));
  EXPECT_GE(whole.progress.resumed(), static_cast<uint64_t>(kBatch));
  EXPECT_EQ(whole.refused, kBroken);
  const std::string in = StrCat(kLines - kBroken);
  EXPECT_EQ(StrCat(whole.progress.created()), in);
  EXPECT_EQ(Query("SELECT count(*) FROM tenant_data.records"), in);
  EXPECT_EQ(Query("SELECT count(*) FROM tenant_data.record_history"), in);
  EXPECT_EQ(Query("SELECT count(*) FROM tenant_data.record_index"), in);
  EXPECT_EQ(Query("SELECT count(DISTINCT value) FROM tenant_data.record_unique"), in);
  EXPECT_EQ(Query("SELECT count(*) FROM tenant_data.import_refusals"), StrCat(kBroken));
  // Each with its event, once what is on its way has arrived.
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    return System::Get().QueryValue(
               StrCat("SELECT count(*) FROM audit.event WHERE action = 'record.create' AND "
                      "tenant_id = '",
                      tenant_.id.uuid().ToString(), "'")) == in;
  }));
}

std::string NameOf(const ::testing::TestParamInfo<const char*>& info) {
  return std::string(info.param).substr(sizeof("tenant_data.") - 1);
}

INSTANTIATE_TEST_SUITE_P(Tables, KilledImportAt,
                         ::testing::Values("tenant_data.record_unique", "tenant_data.records",
                                           "tenant_data.record_history", "tenant_data.record_index",
                                           "tenant_data.outbox", "tenant_data.imports",
                                           "tenant_data.import_refusals"),
                         NameOf);

}  // namespace
}  // namespace kasbah::chaos_test
