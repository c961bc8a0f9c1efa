#pragma once

#include "kasbah/tenantdata/v1/rights.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rights/rights_eraser.h"

namespace kasbah::tenantdata {

// Exports and erasures as those see them who ask: the work itself is RightsWorker's, on whichever
// replica.
class RightsService final : public v1::RightsService::CallbackService {
 public:
  RightsService(rpc::Pipeline& pipeline, const RightsParts& parts);

  grpc::ServerUnaryReactor* StartSubjectExport(grpc::CallbackServerContext* context,
                                               const v1::StartSubjectExportRequest* request,
                                               v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::ExportSubject, this);
  }
  grpc::ServerUnaryReactor* StartTenantExport(grpc::CallbackServerContext* context,
                                              const v1::StartTenantExportRequest* request,
                                              v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::ExportTenant, this);
  }
  grpc::ServerUnaryReactor* StartSubjectErasure(grpc::CallbackServerContext* context,
                                                const v1::StartSubjectErasureRequest* request,
                                                v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::EraseSubject, this);
  }
  grpc::ServerUnaryReactor* StartTenantErasure(grpc::CallbackServerContext* context,
                                               const v1::StartTenantErasureRequest* request,
                                               v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::EraseTenant, this);
  }
  grpc::ServerUnaryReactor* GetRightsOperation(grpc::CallbackServerContext* context,
                                               const v1::GetRightsOperationRequest* request,
                                               v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::Get, this);
  }
  grpc::ServerUnaryReactor* ListRightsOperations(grpc::CallbackServerContext* context,
                                                 const v1::ListRightsOperationsRequest* request,
                                                 v1::ListRightsOperationsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::List, this);
  }
  grpc::ServerUnaryReactor* CancelRightsOperation(grpc::CallbackServerContext* context,
                                                  const v1::CancelRightsOperationRequest* request,
                                                  v1::RightsOperation* reply) override {
    return pipeline_.Run(context, *request, reply, &RightsService::Cancel, this);
  }
  grpc::ServerWriteReactor<v1::DownloadExportResponse>* DownloadExport(
      grpc::CallbackServerContext* context, const v1::DownloadExportRequest* request) override {
    return pipeline_.RunStream(context, *request, &RightsService::Download, this);
  }

 private:
  absl::StatusOr<v1::RightsOperation> ExportSubject(const rpc::Call& call,
                                                    const v1::StartSubjectExportRequest& request);
  absl::StatusOr<v1::RightsOperation> ExportTenant(const rpc::Call& call,
                                                   const v1::StartTenantExportRequest& request);
  absl::StatusOr<v1::RightsOperation> EraseSubject(const rpc::Call& call,
                                                   const v1::StartSubjectErasureRequest& request);
  absl::StatusOr<v1::RightsOperation> EraseTenant(const rpc::Call& call,
                                                  const v1::StartTenantErasureRequest& request);
  absl::StatusOr<v1::RightsOperation> Get(const rpc::Call& call,
                                          const v1::GetRightsOperationRequest& request);
  absl::StatusOr<v1::ListRightsOperationsResponse> List(
      const rpc::Call& call, const v1::ListRightsOperationsRequest& request);
  absl::StatusOr<v1::RightsOperation> Cancel(const rpc::Call& call,
                                             const v1::CancelRightsOperationRequest& request);
  absl::Status Download(const rpc::Call& call, const v1::DownloadExportRequest& request,
                        rpc::StreamWriter<v1::DownloadExportResponse>& writer);

  RightsOperation New(const rpc::Call& call, RightsKind kind, const std::string& subject) const;
  absl::Status Begin(postgres::Transaction& tx, const rpc::Call& call,
                     const RightsOperation& operation);
  absl::StatusOr<v1::RightsOperation> Show(const rpc::Call& call, OperationId id);

  rpc::Pipeline& pipeline_;
  const RightsParts& parts_;
  RightsEraser eraser_;
};

}  // namespace kasbah::tenantdata
