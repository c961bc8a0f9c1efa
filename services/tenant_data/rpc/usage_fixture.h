#pragma once

#include <memory>
#include <string>

#include "kasbah/tenantdata/v1/usage.grpc.pb.h"
#include "libs/base/day.h"
#include "libs/usage/meter_name.h"
#include "libs/usage/meter_service.h"
#include "services/tenant_data/rpc/meters.h"
#include "services/tenant_data/rpc/record_fixture.h"
#include "services/tenant_data/rpc/usage_service.h"

namespace kasbah::tenantdata {

// Records beside what counts and limits them, asked over the wire like every service.
class UsageTest : public RecordServiceTest {
 protected:
  using Counter = UsageCounter;
  using UsageStub = v1::UsageService::Stub;
  using MeterStub = usage::v1::MeterService::Stub;

  std::vector<grpc::Service*> MoreServices(rpc::Pipeline& pipeline) override {
    counter_ = std::make_unique<Counter>(*door_, peers_, time_);
    usage_ = std::make_unique<UsageService>(pipeline, *door_, outbox_, *counter_, time_);
    meters_ = std::make_unique<usage::MeterService>(pipeline, *database_, outbox_, time_, kQuotas,
                                                    Meters());
    return {usage_.get(), meters_.get()};
  }
  // From here on the service can be asked.
  void Answer() {
    peers_["tenant-data"] = usage::v1::MeterService::NewStub(ChannelOf("service/tenant-data"));
  }
  void TearDown() override {
    peers_.clear();
    RecordServiceTest::TearDown();
  }

  absl::Status Limit(TenantId tenant, usage::v1::Meter meter, std::optional<uint64_t> most,
                     bool recount = false) {
    usage::v1::ApplyQuotaRequest request;
    request.set_meter(meter);
    request.set_recount(recount);
    if (most) request.set_limit(*most);
    return As("service/tenant-data", tenant, &MeterStub::ApplyQuota, request).status();
  }
  absl::StatusOr<v1::Record> MakeNext(TenantId tenant) {
    return Make(tenant, {{"alpha_2", std::to_string(next_++)}});
  }
  absl::Status Delete(TenantId tenant, const std::string& record) {
    v1::DeleteRecordRequest request;
    request.set_record_id(record);
    return AsUser(tenant, &Stub::DeleteRecord, request).status();
  }
  absl::Status Purge(TenantId tenant, const std::string& record) {
    v1::PurgeRecordRequest request;
    request.set_record_id(record);
    return AsUser(tenant, &Stub::PurgeRecord, request).status();
  }
  std::string CountRecords(TenantId tenant) {
    return test_->QueryValue("SELECT count(*) FROM tenant_data.records WHERE tenant_id = '" +
                             tenant.uuid().ToString() + "'");
  }
  std::string RoomLeft(TenantId tenant) {
    return test_->QueryValue(
        "SELECT sum(remaining) FROM tenant_data.quota_slots WHERE tenant_id = '" +
        tenant.uuid().ToString() + "'");
  }

  testing::FakeClock time_{
      absl::FromCivil(absl::CivilMinute(2026, 11, 28, 12, 0), absl::UTCTimeZone())};
  MeterPeers peers_;
  std::unique_ptr<Counter> counter_;
  std::unique_ptr<UsageService> usage_;
  std::unique_ptr<usage::MeterService> meters_;
  std::atomic<int> next_{10};
};

}  // namespace kasbah::tenantdata
