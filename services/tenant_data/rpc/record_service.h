#pragma once

#include "kasbah/tenantdata/v1/records.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/rpc/record_changer.h"
#include "services/tenant_data/rpc/record_creator.h"
#include "services/tenant_data/rpc/record_exporter.h"
#include "services/tenant_data/rpc/record_importer.h"
#include "services/tenant_data/rpc/record_reader.h"
#include "services/tenant_data/rpc/record_restorer.h"
#include "services/tenant_data/rpc/record_sealer.h"
#include "services/tenant_data/rpc/reference_check.h"
#include "services/tenant_data/store/definitions.h"
#include "services/tenant_data/store/record_batch_writer.h"
#include "services/tenant_data/store/record_writer.h"

namespace kasbah::tenantdata {

// What RecordService is made of.
struct RecordParts {
  Definitions& definitions;
  RecordSealer& sealer;
  ReferenceCheck& references;
  RecordReader& reader;
  RecordCreator& creator;
  RecordChanger& changer;
  RecordRestorer& restorer;
  RecordWriter& writer;
  RecordBatchWriter& batches;
  RecordImporter& importer;
  RecordExporter& exporter;
};

// The way in to records.
class RecordService final : public v1::RecordService::CallbackService {
 public:
  RecordService(rpc::Pipeline& pipeline, const RecordParts& parts, const Clock& clock);

  grpc::ServerUnaryReactor* CreateRecord(grpc::CallbackServerContext* context,
                                         const v1::CreateRecordRequest* request,
                                         v1::Record* reply) override {
    return pipeline_.RunShared(context, *request, reply, &RecordService::StartCreate,
                               &RecordService::Create, this);
  }
  grpc::ServerUnaryReactor* BatchCreateRecords(grpc::CallbackServerContext* context,
                                               const v1::BatchCreateRecordsRequest* request,
                                               v1::BatchCreateRecordsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::BatchCreate, this);
  }
  grpc::ServerUnaryReactor* GetRecord(grpc::CallbackServerContext* context,
                                      const v1::GetRecordRequest* request,
                                      v1::Record* reply) override {
    return pipeline_.RunShared(context, *request, reply, &RecordService::StartGet,
                               &RecordService::Get, this);
  }
  grpc::ServerUnaryReactor* BatchGetRecords(grpc::CallbackServerContext* context,
                                            const v1::BatchGetRecordsRequest* request,
                                            v1::BatchGetRecordsResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::BatchGet, this);
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
  grpc::ServerUnaryReactor* UpsertRecord(grpc::CallbackServerContext* context,
                                         const v1::UpsertRecordRequest* request,
                                         v1::UpsertRecordResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Upsert, this);
  }
  grpc::ServerUnaryReactor* DeleteRecord(grpc::CallbackServerContext* context,
                                         const v1::DeleteRecordRequest* request,
                                         v1::DeleteRecordResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Delete, this);
  }
  grpc::ServerUnaryReactor* RestoreRecord(grpc::CallbackServerContext* context,
                                          const v1::RestoreRecordRequest* request,
                                          v1::Record* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Restore, this);
  }
  grpc::ServerUnaryReactor* PurgeRecord(grpc::CallbackServerContext* context,
                                        const v1::PurgeRecordRequest* request,
                                        v1::PurgeRecordResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::Purge, this);
  }
  grpc::ServerUnaryReactor* ListRecordHistory(grpc::CallbackServerContext* context,
                                              const v1::ListRecordHistoryRequest* request,
                                              v1::ListRecordHistoryResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RecordService::History, this);
  }
  grpc::ServerBidiReactor<v1::ImportRecordsRequest, v1::ImportRecordsResponse>* ImportRecords(
      grpc::CallbackServerContext* context) override {
    return pipeline_.RunBidiStream(context, &RecordService::Import, this, kImportLimits);
  }
  grpc::ServerWriteReactor<v1::ExportRecordsResponse>* ExportRecords(
      grpc::CallbackServerContext* context, const v1::ExportRecordsRequest* request) override {
    return pipeline_.RunStream(context, *request, &RecordService::Export, this);
  }

 private:
  static constexpr rpc::StreamLimits kImportLimits = {
      .max_bytes = int64_t{1} << 30, .idle = absl::Seconds(60), .longest = absl::Hours(1)};

  absl::StatusOr<v1::Record> Create(const rpc::Call& call, const v1::CreateRecordRequest& request);
  void StartCreate(const rpc::Call& call, const v1::CreateRecordRequest& request,
                   rpc::Answer<v1::Record> answer);
  absl::StatusOr<v1::BatchCreateRecordsResponse> BatchCreate(
      const rpc::Call& call, const v1::BatchCreateRecordsRequest& request);
  absl::StatusOr<v1::Record> Get(const rpc::Call& call, const v1::GetRecordRequest& request);
  void StartGet(const rpc::Call& call, const v1::GetRecordRequest& request,
                rpc::Answer<v1::Record> answer);
  absl::StatusOr<v1::BatchGetRecordsResponse> BatchGet(const rpc::Call& call,
                                                       const v1::BatchGetRecordsRequest& request);
  absl::StatusOr<v1::ListRecordsResponse> List(const rpc::Call& call,
                                               const v1::ListRecordsRequest& request);
  absl::StatusOr<v1::Record> Update(const rpc::Call& call, const v1::UpdateRecordRequest& request);
  absl::StatusOr<v1::UpsertRecordResponse> Upsert(const rpc::Call& call,
                                                  const v1::UpsertRecordRequest& request);
  absl::StatusOr<v1::DeleteRecordResponse> Delete(const rpc::Call& call,
                                                  const v1::DeleteRecordRequest& request);
  absl::StatusOr<v1::Record> Restore(const rpc::Call& call,
                                     const v1::RestoreRecordRequest& request);
  absl::StatusOr<v1::PurgeRecordResponse> Purge(const rpc::Call& call,
                                                const v1::PurgeRecordRequest& request);
  absl::StatusOr<v1::ListRecordHistoryResponse> History(
      const rpc::Call& call, const v1::ListRecordHistoryRequest& request);
  absl::StatusOr<v1::BatchCreateRecordsResponse> BatchCreateOnce(
      const rpc::Call& call, const v1::BatchCreateRecordsRequest& request);
  absl::Status Import(const rpc::Call& call, rpc::StreamReader<v1::ImportRecordsRequest>& reader,
                      rpc::StreamWriter<v1::ImportRecordsResponse>& writer);
  absl::Status Export(const rpc::Call& call, const v1::ExportRecordsRequest& request,
                      rpc::StreamWriter<v1::ExportRecordsResponse>& writer);

  rpc::Pipeline& pipeline_;
  const RecordParts parts_;
  const Clock& clock_;
};

}  // namespace kasbah::tenantdata
