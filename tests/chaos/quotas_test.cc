// Limits and counts across the real processes: set by an operator at one service, in force at all.

#include "kasbah/audit/v1/audit.grpc.pb.h"
#include "kasbah/tenantdata/v1/usage.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/webhook/v1/webhook.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"
#include "tests/system/system.h"

namespace kasbah::system_test {
namespace {

using kasbah::testing::ReasonIs;
using tenantdata::v1::UsageService;
using usage::v1::Meter;

class QuotasTest : public ::testing::Test {
 protected:
  static absl::StatusOr<tenantdata::v1::Quota> Set(TenantId tenant, Meter meter,
                                                   std::optional<uint64_t> most) {
    tenantdata::v1::SetQuotaRequest request;
    request.set_meter(meter);
    if (most) request.set_limit(*most);
    return AsOperator<UsageService>(tenant, "tenant-data", &UsageService::Stub::SetQuota, request);
  }
  // Counted now, and not when the hour is over.
  static void Count() {
    System::Get().QueryValue(
        "UPDATE tenant_data.usage_state SET due_at = '-infinity' RETURNING ''");
    ASSERT_TRUE(WaitUntil(absl::Seconds(60), [] {
      return System::Get().QueryValue(
                 "SELECT due_at > now() AND lease_until < now() FROM tenant_data.usage_state") ==
             "t";
    }));
  }
  static std::string Counted(const TestTenant& tenant, Meter meter) {
    const auto usage = AsOwner<UsageService>(tenant, "tenant-data", &UsageService::Stub::GetUsage,
                                             tenantdata::v1::GetUsageRequest());
    if (!usage.ok()) return usage.status().ToString();
    for (const auto& one : usage->meters()) {
      if (one.meter() == meter) return std::to_string(one.quantity());
    }
    return "missing";
  }
  static absl::Status CreateSecret(const TestTenant& tenant, const std::string& path) {
    vault::v1::CreateSecretRequest request;
    request.set_path(path);
    return AsOwner<vault::v1::SecretService>(tenant, "vault",
                                             &vault::v1::SecretService::Stub::CreateSecret, request)
        .status();
  }
  static absl::Status CreateMessage(const TestTenant& tenant) {
    webhook::v1::CreateMessageRequest request;
    request.set_event_type("deploy.finished");
    return AsOwner<webhook::v1::MessageService>(
               tenant, "webhook", &webhook::v1::MessageService::Stub::CreateMessage, request)
        .status();
  }
  static absl::Status Append(const TestTenant& tenant, const std::string& id) {
    audit::v1::AppendEventsRequest request;
    auto& event = *request.add_events();
    event.set_client_event_id(id);
    event.set_action("app.test");
    event.mutable_actor()->set_kind("customer");
    event.mutable_actor()->set_id("c-1");
    return AsOwner<audit::v1::AuditService>(tenant, "audit",
                                            &audit::v1::AuditService::Stub::AppendEvents, request)
        .status();
  }
};

TEST_F(QuotasTest, EveryServiceHoldsATenantToWhatAnOperatorSetAtOne) {
  const TestTenant tenant = System::Get().CreateTenant("quotas-held");
  const TestTenant other = System::Get().CreateTenant("quotas-free");
  for (const Meter meter :
       {usage::v1::METER_RECORDS, usage::v1::METER_FILE_BYTES, usage::v1::METER_SECRETS,
        usage::v1::METER_DELIVERIES, usage::v1::METER_APPENDED_EVENTS}) {
    ASSERT_OK_AND_ASSIGN(const auto quota, Set(tenant.id, meter, 0));
    EXPECT_TRUE(quota.in_force()) << meter;
  }
  EXPECT_THAT(CreateSecret(tenant, "a"), ReasonIs("QUOTA_EXCEEDED"));
  EXPECT_THAT(CreateMessage(tenant), ReasonIs("QUOTA_EXCEEDED"));
  EXPECT_THAT(Append(tenant, "a"), ReasonIs("QUOTA_EXCEEDED"));
  ASSERT_OK(CreateSecret(other, "a"));
  ASSERT_OK(CreateMessage(other));
  ASSERT_OK(Append(other, "a"));
  for (const Meter meter :
       {usage::v1::METER_SECRETS, usage::v1::METER_DELIVERIES, usage::v1::METER_APPENDED_EVENTS}) {
    ASSERT_OK(Set(tenant.id, meter, std::nullopt));
  }
  EXPECT_OK(CreateSecret(tenant, "a"));
  EXPECT_OK(CreateMessage(tenant));
  EXPECT_OK(Append(tenant, "a"));
}

TEST_F(QuotasTest, WhatTenantsUsedIsOnTheBillAndNothingElse) {
  const TestTenant tenant = System::Get().CreateTenant("quotas-billed");
  for (const char* path : {"a", "b", "c"}) ASSERT_OK(CreateSecret(tenant, path));
  for (const char* id : {"a", "b"}) ASSERT_OK(Append(tenant, id));
  ASSERT_TRUE(WaitUntil(absl::Seconds(60), [&] {
    Count();
    return Counted(tenant, usage::v1::METER_APPENDED_EVENTS) == "2";
  }));
  EXPECT_EQ(Counted(tenant, usage::v1::METER_SECRETS), "3");
  EXPECT_EQ(Counted(tenant, usage::v1::METER_RECORDS), "0");
  // The trail's own: at least what is named above.
  EXPECT_GE(std::stoi(Counted(tenant, usage::v1::METER_EVENTS)), 5);

  tenantdata::v1::ListUsageRequest list;
  list.set_start_date("2020-01-01");
  list.set_end_date("2120-01-01");
  list.set_page_size(1000);
  ASSERT_OK_AND_ASSIGN(
      const auto bill,
      AsOperator<UsageService>(TenantId(), "tenant-data", &UsageService::Stub::ListUsage, list));
  std::map<int, int64_t> billed;
  for (const auto& one : bill.usage()) {
    if (one.tenant_id() == tenant.id.ToString()) billed[one.meter()] += one.quantity();
  }
  EXPECT_EQ(billed[usage::v1::METER_SECRETS], 3);
  EXPECT_EQ(billed[usage::v1::METER_APPENDED_EVENTS], 2);
  EXPECT_FALSE(billed.contains(usage::v1::METER_RECORDS));
}

TEST_F(QuotasTest, TenantsSeeTheirOwnAndSetNothing) {
  const TestTenant tenant = System::Get().CreateTenant("quotas-own");
  EXPECT_OK(AsOwner<UsageService>(tenant, "tenant-data", &UsageService::Stub::GetUsage,
                                  tenantdata::v1::GetUsageRequest()));
  tenantdata::v1::SetQuotaRequest set;
  set.set_meter(usage::v1::METER_RECORDS);
  set.set_limit(1'000'000);
  EXPECT_FALSE(
      AsOwner<UsageService>(tenant, "tenant-data", &UsageService::Stub::SetQuota, set).ok());
  tenantdata::v1::ListUsageRequest list;
  list.set_start_date("2026-01-01");
  list.set_end_date("2027-01-01");
  EXPECT_FALSE(
      AsOwner<UsageService>(tenant, "tenant-data", &UsageService::Stub::ListUsage, list).ok());
}

}  // namespace
}  // namespace kasbah::system_test
