// A tenant moves to a database of its own through the whole of Kasbah, while a program of it writes
// and the process that carries the move out is killed in each step: what was acknowledged is there,
// once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/placement.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/base/uuid.h"
#include "libs/dev/service_settings.h"
#include "tests/chaos/table_lock.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Collections = tenantdata::v1::CollectionService;
using Placing = tenantdata::v1::PlacementService;
using Records = tenantdata::v1::RecordService;
using tenantdata::v1::Move;

constexpr int kRecords = 5'000;

class PlacementSystem : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    System::AskForShards({"second"});
    tenant_ = new TestTenant(System::Get().CreateTenant("mover"));
  }

  static void MakeCollection() {
    tenantdata::v1::CreateCollectionRequest create;
    create.set_key("items");
    auto* field = create.add_fields();
    field->set_key("number");
    field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
    field->set_unique(true);
    const auto made = AsOperator<Collections>(tenant_->id, "tenant-data",
                                              &Collections::Stub::CreateCollection, create);
    ASSERT_TRUE(made.ok()) << made.status();
    for (int at = 0; at < kRecords; at += 500) {
      tenantdata::v1::BatchCreateRecordsRequest batch;
      batch.set_collection("items");
      for (int i = 0; i < 500; ++i) {
        (*batch.add_values()->mutable_fields())["number"].set_string_value(StrCat("n", at + i));
      }
      const auto stored =
          AsOwner<Records>(*tenant_, "tenant-data", &Records::Stub::BatchCreateRecords, batch);
      ASSERT_TRUE(stored.ok()) << stored.status();
    }
  }

  // Repeated with the same id until it is acknowledged, whatever is in between.
  static bool Write(int number, const std::function<bool()>& gives_up) {
    tenantdata::v1::CreateRecordRequest request;
    request.set_collection("items");
    request.set_request_id(Uuid::V7(absl::Now()).ToString());
    (*request.mutable_values()->mutable_fields())["number"].set_string_value(
        StrCat("during-", number));
    return WaitUntil(absl::Seconds(90),
                     [&] {
                       return gives_up() || AsOwner<Records>(*tenant_, "tenant-data",
                                                             &Records::Stub::CreateRecord, request)
                                                .ok();
                     }) &&
           !gives_up();
  }

  static absl::StatusOr<Move> GetMove(const std::string& id) {
    tenantdata::v1::GetMoveRequest get;
    get.set_move_id(id);
    return AsOperator<Placing>(tenant_->id, "tenant-data", &Placing::Stub::GetMove, get);
  }
  static std::string CountThere(const std::string& what) {
    return System::Get().QueryValue("SELECT count(*) FROM tenant_data." + what,
                                    dev::ShardDatabase("second"));
  }

  // Kills tenant-data where its mover waits for one of these tables, one after the other.
  struct Step {
    std::string table;
    std::string database = "kasbah";
  };
  static void KillAtEach(const std::vector<Step>& steps, const std::function<void()>& start) {
    std::optional<TableLock> held;
    for (const Step& step : steps) {
      SCOPED_TRACE(StrCat(step.table, " of ", step.database));
      // Before the killed process is back, which would be past it.
      held.reset();
      held.emplace(step.table, step.database);
      if (&step == &steps.front()) start();
      EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
      ForgetLease();
      ASSERT_TRUE(held->HoldsUp("kasbah_tenant_data_mover"));
      EXPECT_TRUE(System::Get().supervisor().KillService("tenant-data").ok());
    }
    held.reset();
    EXPECT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
    ForgetLease();
  }
  // What is left of a killed process' is waited for no longer.
  static void ForgetLease() {
    System::Get().QueryValue(
        "UPDATE tenant_data.moves SET lease_until = now(), due_at = least(due_at, now()) "
        "WHERE finished_at IS NULL RETURNING 1");
  }

  static TestTenant* tenant_;
};
TestTenant* PlacementSystem::tenant_ = nullptr;

TEST_F(PlacementSystem, ATenantThatWritesIsMovedByAProcessThatIsKilled) {
  MakeCollection();
  std::atomic<bool> stop = false;
  std::atomic<int> acknowledged = 0;
  std::thread writer([&] {
    for (int number = 0; !stop; ++number) {
      if (Write(number, [&] { return stop.load(); })) ++acknowledged;
    }
  });
  std::string move_id;
  const std::string second = dev::ShardDatabase("second");
  // Taking over and the copy; what comes after is killed in one process by move_crashes_pgtest.
  KillAtEach({{"core.tenants", second},
              {"tenant_data.records", second},
              {"tenant_data.record_history", second}},
             [&] {
               tenantdata::v1::StartMoveRequest start;
               start.set_target("second");
               const auto started = AsOperator<Placing>(tenant_->id, "tenant-data",
                                                        &Placing::Stub::StartMove, start);
               EXPECT_TRUE(started.ok()) << started.status();
               if (started.ok()) move_id = started->move_id();
             });
  EXPECT_TRUE(WaitUntil(absl::Seconds(180), [&] {
    const auto move = GetMove(move_id);
    return move.ok() && move->state() == Move::STATE_DONE;
  }));
  const int before = acknowledged;
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] { return acknowledged > before; }));
  stop = true;
  writer.join();

  const auto move = GetMove(move_id);
  ASSERT_TRUE(move.ok()) << move.status();
  EXPECT_EQ(move->problem(), "");
  RecordProperty("held_ms", static_cast<int>(move->held().seconds() * 1000 +
                                             move->held().nanos() / 1'000'000));
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM tenant_data.records"), "0");
  // One that nobody waited for any more may have been written as well.
  const int there = std::stoi(CountThere("records"));
  EXPECT_GE(there, kRecords + acknowledged);
  EXPECT_LE(there, kRecords + acknowledged + 1);
  EXPECT_EQ(CountThere("record_history"), std::to_string(there));
  EXPECT_EQ(CountThere("record_unique"), std::to_string(there));
  // Its events reach their receivers from there.
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [] { return CountThere("outbox") == "0"; }));
}

}  // namespace
}  // namespace kasbah::chaos_test
