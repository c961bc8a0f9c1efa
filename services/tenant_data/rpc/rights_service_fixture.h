#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>

#include "kasbah/subject/v1/subject.grpc.pb.h"
#include "kasbah/tenantdata/v1/rights.grpc.pb.h"
#include "services/tenant_data/rpc/file_server_fixture.h"
#include "services/tenant_data/rpc/rights_service.h"
#include "services/tenant_data/store/tenant_registry.h"

namespace kasbah::tenantdata {

// Exports and erasures as they are asked for, and this service's part in them. No worker runs here:
// what they do all together is tests/chaos/rights_test.cc.
class RightsServiceTest : public FileServiceTest {
 protected:
  using Rights = v1::RightsService::Stub;
  using Subjects = subject::v1::SubjectService::Stub;

  void SetUp() override {
    TenantDataTest::SetUp();
    directory_ = ::testing::TempDir() + "/rights.XXXXXX";
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    ASSERT_OK_AND_ASSIGN(upkeep_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_upkeep"),
                                                       postgres::DoorToken::TenantDataUpkeep(),
                                                       absl::Now() + absl::Seconds(30)));
    ASSERT_OK_AND_ASSIGN(door_, postgres::Door::Open(test_->Pool("kasbah_tenant_data_registry"),
                                                     postgres::DoorToken::TenantRegistry(),
                                                     absl::Now() + absl::Seconds(30)));
    ASSERT_OK_AND_ASSIGN(detector_, TypeDetector::Create());
    StartVault();
    objects_ = MakeObjects();
    parts_.emplace(FileParts{*database_, outbox_, *objects_, *keys_, *detector_, {}, file_clock_});
    removal_ = std::make_unique<FileRemoval>(*parts_);
    registry_ = std::make_unique<TenantRegistry>(*door_, outbox_, hosts_, Clock::Real());
    rights_parts_.emplace(RightsParts{*database_, *upkeep_, outbox_, *parts_, *removal_, *registry_,
                                      peers_, Clock::Real()});
    CreateServer(
        {v1::RightsOperation::descriptor()->file(), subject::v1::Subject::descriptor()->file()});
    rights_ = std::make_unique<RightsService>(server_->pipeline(), *rights_parts_);
    MakeSubjects();
    Serve({rights_.get(), subjects_.get()});
  }

  absl::StatusOr<v1::RightsOperation> Export(TenantId tenant) {
    return As("operator/ada", tenant, &Rights::StartTenantExport, v1::StartTenantExportRequest());
  }
  absl::StatusOr<v1::RightsOperation> EraseSubject(TenantId tenant, const std::string& subject) {
    v1::StartSubjectErasureRequest request;
    request.set_subject(subject);
    return As("operator/ada", tenant, &Rights::StartSubjectErasure, request);
  }
  absl::StatusOr<v1::RightsOperation> Erase(TenantId tenant, const std::string& confirm) {
    v1::StartTenantErasureRequest request;
    request.set_confirm(confirm);
    return As("operator/ada", tenant, &Rights::StartTenantErasure, request);
  }
  absl::StatusOr<v1::RightsOperation> Get(TenantId tenant, const std::string& id) {
    v1::GetRightsOperationRequest request;
    request.set_operation_id(id);
    return As("operator/ada", tenant, &Rights::GetRightsOperation, request);
  }
  absl::StatusOr<v1::RightsOperation> Cancel(TenantId tenant, const std::string& id) {
    v1::CancelRightsOperationRequest request;
    request.set_operation_id(id);
    return As("operator/ada", tenant, &Rights::CancelRightsOperation, request);
  }
  std::string SlugOf(TenantId tenant) {
    return test_->QueryValue("SELECT slug FROM core.tenants WHERE tenant_id = '" +
                             tenant.uuid().ToString() + "'");
  }
  void SetStep(const std::string& id, int step) {
    test_->Execute("UPDATE tenant_data.rights_operations SET step = " + std::to_string(step) +
                   " WHERE operation_id = '" + OperationId::Parse(id)->uuid().ToString() + "'");
  }

  HostCache hosts_{Clock::Real()};
  std::unique_ptr<postgres::Door> door_;
  std::unique_ptr<TenantRegistry> registry_;
  const RightsPeers peers_;
  std::optional<RightsParts> rights_parts_;
  std::unique_ptr<RightsService> rights_;
};

}  // namespace kasbah::tenantdata
