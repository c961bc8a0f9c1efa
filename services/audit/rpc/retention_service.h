#pragma once

#include "kasbah/audit/v1/retention.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/objects/object_store.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "libs/rpc/pipeline.h"
#include "services/audit/domain/retention.h"

namespace kasbah::audit {

// How long a tenant's trail is kept, and what its beginning went into.
class RetentionService final : public v1::RetentionService::CallbackService {
 public:
  RetentionService(rpc::Pipeline& pipeline, postgres::Database& database, outbox::Outbox& outbox,
                   objects::ObjectStore& objects, const RetentionLimits& limits,
                   const Clock& clock);

  grpc::ServerUnaryReactor* GetRetention(grpc::CallbackServerContext* context,
                                         const v1::GetRetentionRequest* request,
                                         v1::Retention* reply) override {
    return pipeline_.Run(context, *request, reply, &RetentionService::Get, this);
  }
  grpc::ServerUnaryReactor* SetRetention(grpc::CallbackServerContext* context,
                                         const v1::SetRetentionRequest* request,
                                         v1::Retention* reply) override {
    return pipeline_.Run(context, *request, reply, &RetentionService::Set, this);
  }
  grpc::ServerUnaryReactor* ListArchives(grpc::CallbackServerContext* context,
                                         const v1::ListArchivesRequest* request,
                                         v1::ListArchivesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &RetentionService::List, this);
  }
  grpc::ServerWriteReactor<v1::DownloadArchiveResponse>* DownloadArchive(
      grpc::CallbackServerContext* context, const v1::DownloadArchiveRequest* request) override {
    return pipeline_.RunStream(context, *request, &RetentionService::Download, this);
  }

 private:
  absl::StatusOr<v1::Retention> Get(const rpc::Call& call, const v1::GetRetentionRequest& request);
  absl::StatusOr<v1::Retention> Set(const rpc::Call& call, const v1::SetRetentionRequest& request);
  absl::StatusOr<v1::ListArchivesResponse> List(const rpc::Call& call,
                                                const v1::ListArchivesRequest& request);
  absl::Status Download(const rpc::Call& call, const v1::DownloadArchiveRequest& request,
                        rpc::StreamWriter<v1::DownloadArchiveResponse>& writer);
  absl::Status CheckDays(uint32_t days) const;
  v1::Retention RetentionOf(std::optional<int> days, uint64_t first_sequence) const;

  rpc::Pipeline& pipeline_;
  postgres::Database& database_;
  outbox::Outbox& outbox_;
  objects::ObjectStore& objects_;
  const RetentionLimits limits_;
  const Clock& clock_;
};

}  // namespace kasbah::audit
