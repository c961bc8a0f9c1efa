// A rewrap through the whole of Kasbah: the vault asks the services that keep ciphertexts, is
// killed in the middle, and in the end the old key version is destroyed with everything still
// readable.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kasbah/tenantdata/v1/collections.grpc.pb.h"
#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/rewraps.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;

constexpr int kRecords = 5000;

class RewrapSystem : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { tenant_ = new TestTenant(System::Get().CreateTenant("rewrap")); }

  static absl::StatusOr<vault::v1::Rewrap> GetRewrap(const std::string& id) {
    vault::v1::GetRewrapRequest get;
    get.set_rewrap_id(id);
    return AsOperator<vault::v1::RewrapService>(tenant_->id, "vault",
                                                &vault::v1::RewrapService::Stub::GetRewrap, get);
  }
  static absl::StatusOr<vault::v1::Rewrap> RotateAndStart(const std::string& key) {
    vault::v1::RotateKeyRequest rotate;
    rotate.set_key(key);
    const auto rotated = AsOperator<vault::v1::KeyService>(
        tenant_->id, "vault", &vault::v1::KeyService::Stub::RotateKey, rotate);
    if (!rotated.ok()) return rotated.status();
    vault::v1::StartRewrapRequest start;
    start.set_key(key);
    return AsOperator<vault::v1::RewrapService>(
        tenant_->id, "vault", &vault::v1::RewrapService::Stub::StartRewrap, start);
  }
  static absl::Status Destroy(const std::string& key, uint32_t version) {
    vault::v1::DestroyKeyVersionRequest destroy;
    destroy.set_key(key);
    destroy.set_version(version);
    return AsOperator<vault::v1::KeyService>(
               tenant_->id, "vault", &vault::v1::KeyService::Stub::DestroyKeyVersion, destroy)
        .status();
  }
  static bool IsDone(const std::string& id) {
    const auto rewrap = GetRewrap(id);
    return rewrap.ok() && rewrap->state() == vault::v1::Rewrap::STATE_DONE;
  }

  static TestTenant* tenant_;
};
TestTenant* RewrapSystem::tenant_ = nullptr;

TEST_F(RewrapSystem, RecordsSurviveAKilledVaultAndTheEndOfTheirKeyVersion) {
  using Collections = tenantdata::v1::CollectionService;
  using Records = tenantdata::v1::RecordService;
  tenantdata::v1::CreateCollectionRequest create;
  create.set_key("people");
  create.set_display_name("People");
  auto* field = create.add_fields();
  field->set_key("iban");
  field->set_display_name("IBAN");
  field->set_type(tenantdata::v1::FIELD_TYPE_TEXT);
  field->set_sealed(true);
  const auto made = AsOperator<Collections>(tenant_->id, "tenant-data",
                                            &Collections::Stub::CreateCollection, create);
  ASSERT_TRUE(made.ok()) << made.status();
  std::string first;
  for (int at = 0; at < kRecords; at += 500) {
    tenantdata::v1::BatchCreateRecordsRequest batch;
    batch.set_collection("people");
    for (int i = 0; i < 500; ++i) {
      (*batch.add_values()->mutable_fields())["iban"].set_string_value(StrCat("DE", at + i));
    }
    const auto stored =
        AsOwner<Records>(*tenant_, "tenant-data", &Records::Stub::BatchCreateRecords, batch);
    ASSERT_TRUE(stored.ok()) << stored.status();
    if (first.empty()) first = stored->items(0).record_id();
  }
  const std::string key = "service/tenant-data/fields";
  const auto started = RotateAndStart(key);
  ASSERT_TRUE(started.ok()) << started.status();
  // Each stands in the record and in its history.
  EXPECT_EQ(started->total(), 2u * kRecords);
  EXPECT_EQ(ReasonOf(Destroy(key, 1)), "KEY_VERSION_REFERENCED");

  ASSERT_TRUE(WaitUntil(absl::Seconds(30), [&] {
    const auto rewrap = GetRewrap(started->rewrap_id());
    return rewrap.ok() && rewrap->rewrapped() > 0;
  }));
  ASSERT_TRUE(System::Get().supervisor().KillService("vault").ok());
  ASSERT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(30)).ok());
  // The dead one's lease is waited for.
  ASSERT_TRUE(WaitUntil(absl::Seconds(90), [&] { return IsDone(started->rewrap_id()); }));
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM tenant_data.records"
                                     " WHERE sealed_key_version <> 2"),
            "0");
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM tenant_data.record_history"
                                     " WHERE sealed_key_version <> 2"),
            "0");
  EXPECT_EQ(GetRewrap(started->rewrap_id())->failed(), 0u);

  const absl::Status scheduled = Destroy(key, 1);
  EXPECT_TRUE(scheduled.ok()) << scheduled;
  tenantdata::v1::GetRecordRequest get;
  get.set_record_id(first);
  // Whatever lease is held has ended by the time it answers so.
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] {
    const auto record = AsOwner<Records>(*tenant_, "tenant-data", &Records::Stub::GetRecord, get);
    return record.ok() && record->values().fields().at("iban").string_value() == "DE0";
  }));
}

TEST_F(RewrapSystem, EndpointSecretsAreSealedAgain) {
  using Endpoints = webhook::v1::EndpointService;
  webhook::v1::CreateEndpointRequest create;
  create.set_url("http://127.0.0.1:9/");
  const auto made =
      AsOwner<Endpoints>(*tenant_, "webhook", &Endpoints::Stub::CreateEndpoint, create);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto started = RotateAndStart("service/webhook/endpoint-secrets");
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->total(), 1u);
  ASSERT_TRUE(WaitUntil(absl::Seconds(30), [&] { return IsDone(started->rewrap_id()); }));
  EXPECT_EQ(System::Get().QueryValue("SELECT sealed_key_version FROM webhook.endpoints"), "2");
}

}  // namespace
}  // namespace kasbah::chaos_test
