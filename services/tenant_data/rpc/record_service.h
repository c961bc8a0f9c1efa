#pragma once

#include <optional>
#include <vector>

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/field_sealer.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// Records: values are checked against their collection, what is sealed goes through the vault
// before it is kept, and each change commits with its history and events.
class RecordService final : public v1::RecordService::CallbackService {
 public:
  RecordService(rpc::Pipeline& pipeline, Definitions& definitions, FieldSealer& sealer,
                RecordReader& reader, ReferenceCheck& references, RecordWriter& writer,
                RecordBatchWriter& batches, const Clock& clock)
      : pipeline_(pipeline),
        definitions_(definitions),
        sealer_(sealer),
        reader_(reader),
        references_(references),
        writer_(writer),
        batches_(batches),
        clock_(clock) {}

  grpc::ServerUnaryReactor* CreateRecord(grpc::CallbackServerContext* context,
                                         const v1::CreateRecordRequest* request,
                                         v1::Record* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Create, this);
  }
  grpc::ServerUnaryReactor* BatchCreateRecords(grpc::CallbackServerContext* context,
                                               const v1::BatchCreateRecordsRequest* request,
                                               v1::BatchCreateRecordsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::BatchCreate, this);
  }
  grpc::ServerUnaryReactor* GetRecord(grpc::CallbackServerContext* context,
                                      const v1::GetRecordRequest* request,
                                      v1::Record* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Get, this);
  }
  grpc::ServerUnaryReactor* ListRecords(grpc::CallbackServerContext* context,
                                        const v1::ListRecordsRequest* request,
                                        v1::ListRecordsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::List, this);
  }
  grpc::ServerUnaryReactor* UpdateRecord(grpc::CallbackServerContext* context,
                                         const v1::UpdateRecordRequest* request,
                                         v1::Record* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Update, this);
  }
  grpc::ServerUnaryReactor* DeleteRecord(grpc::CallbackServerContext* context,
                                         const v1::DeleteRecordRequest* request,
                                         v1::DeleteRecordResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Delete, this);
  }
  grpc::ServerUnaryReactor* ListRecordHistory(grpc::CallbackServerContext* context,
                                              const v1::ListRecordHistoryRequest* request,
                                              v1::ListRecordHistoryResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::History, this);
  }

 private:
  absl::StatusOr<v1::Record> Create(const rpc::Call& call, const v1::CreateRecordRequest& request);
  absl::StatusOr<v1::BatchCreateRecordsResponse> BatchCreate(
      const rpc::Call& call, const v1::BatchCreateRecordsRequest& request);
  absl::StatusOr<v1::Record> Get(const rpc::Call& call, const v1::GetRecordRequest& request);
  absl::StatusOr<v1::ListRecordsResponse> List(const rpc::Call& call,
                                               const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::Record> Update(const rpc::Call& call, const v1::UpdateRecordRequest& request);
  absl::StatusOr<v1::DeleteRecordResponse> Delete(const rpc::Call& call,
                                                  const v1::DeleteRecordRequest& request);
  absl::StatusOr<v1::ListRecordHistoryResponse> History(
      const rpc::Call& call, const v1::ListRecordHistoryRequest& request);

  // The writes, under whatever definition is current when they begin.
  absl::StatusOr<v1::Record> CreateOnce(const rpc::Call& call,
                                        const v1::CreateRecordRequest& request);
  absl::StatusOr<v1::BatchCreateRecordsResponse> BatchCreateOnce(
      const rpc::Call& call, const v1::BatchCreateRecordsRequest& request);
  absl::StatusOr<v1::Record> UpdateOnce(const rpc::Call& call,
                                        const v1::UpdateRecordRequest& request);

  // Seals what the records' values bring, in one call to the vault, none when there is nothing.
  absl::Status SealAll(const rpc::Call& call, const std::vector<NewRecord*>& records);

  rpc::Pipeline& pipeline_;
  Definitions& definitions_;
  FieldSealer& sealer_;
  RecordReader& reader_;
  ReferenceCheck& references_;
  RecordWriter& writer_;
  RecordBatchWriter& batches_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
