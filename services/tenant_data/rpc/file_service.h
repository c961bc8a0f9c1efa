#pragma once

#include "kasbah/tenantdata/v1/files.grpc.pb.h"
#include "libs/rpc/pipeline.h"
#include "services/tenant_data/files/file_downloads.h"
#include "services/tenant_data/files/file_removal.h"
#include "services/tenant_data/files/file_uploads.h"
#include "services/tenant_data/files/transient_files.h"

namespace kasbah::tenantdata {

// Files of a tenant. Thread safe.
class FileService final : public v1::FileService::CallbackService {
 public:
  FileService(rpc::Pipeline& pipeline, const FileParts& parts, FileRemoval& removal,
              TransientFiles& transients);

  grpc::ServerReadReactor<v1::UploadFileRequest>* UploadFile(grpc::CallbackServerContext* context,
                                                             v1::File* reply) override {
    return pipeline_.RunClientStream(context, reply, &FileService::Upload, this,
                                     LimitsFor(parts_.limits.file_bytes));
  }
  grpc::ServerWriteReactor<v1::DownloadFileResponse>* DownloadFile(
      grpc::CallbackServerContext* context, const v1::DownloadFileRequest* request) override {
    return pipeline_.RunStream(context, *request, &FileService::Download, this);
  }
  grpc::ServerUnaryReactor* GetFile(grpc::CallbackServerContext* context,
                                    const v1::GetFileRequest* request, v1::File* reply) override {
    return pipeline_.Run(context, *request, reply, &FileService::Get, this);
  }
  grpc::ServerUnaryReactor* ListFiles(grpc::CallbackServerContext* context,
                                      const v1::ListFilesRequest* request,
                                      v1::ListFilesResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &FileService::List, this);
  }
  grpc::ServerUnaryReactor* DeleteFile(grpc::CallbackServerContext* context,
                                       const v1::DeleteFileRequest* request,
                                       v1::DeleteFileResponse* reply) override {
    return pipeline_.Run(context, *request, reply, &FileService::Delete, this);
  }
  grpc::ServerReadReactor<v1::UploadTransientRequest>* UploadTransient(
      grpc::CallbackServerContext* context, v1::TransientFile* reply) override {
    return pipeline_.RunClientStream(context, reply, &FileService::KeepTransient, this,
                                     LimitsFor(transients_.limits().file_bytes));
  }
  grpc::ServerWriteReactor<v1::TakeTransientResponse>* TakeTransient(
      grpc::CallbackServerContext* context, const v1::TakeTransientRequest* request) override {
    return pipeline_.RunStream(context, *request, &FileService::GiveTransient, this);
  }

 private:
  // The file that an upload with this request_id made before, if any. NOT_FOUND once it is gone;
  // REQUEST_ID_REUSED.
  absl::StatusOr<std::optional<StoredFile>> FindRepeated(const rpc::Call& call,
                                                         const RequestKey& request);
  // Answers an upload that was there before, once its bytes turn out to be the same.
  static absl::StatusOr<v1::File> Repeat(const StoredFile& made,
                                         const v1::UploadFileRequest* message,
                                         rpc::StreamReader<v1::UploadFileRequest>& reader);
  static rpc::StreamLimits LimitsFor(int64_t file_bytes);
  // Refuses a tenant that is suspended, before anything that it sent is looked at.
  absl::Status CheckTenant(const rpc::Call& call);
  absl::Status Audit(const rpc::Call& call, std::string_view action, FileId file, int64_t size);

  absl::StatusOr<v1::File> Upload(const rpc::Call& call,
                                  rpc::StreamReader<v1::UploadFileRequest>& reader);
  absl::Status Download(const rpc::Call& call, const v1::DownloadFileRequest& request,
                        rpc::StreamWriter<v1::DownloadFileResponse>& writer);
  absl::StatusOr<v1::File> Get(const rpc::Call& call, const v1::GetFileRequest& request);
  absl::StatusOr<v1::ListFilesResponse> List(const rpc::Call& call,
                                             const v1::ListFilesRequest& request);
  absl::StatusOr<v1::DeleteFileResponse> Delete(const rpc::Call& call,
                                                const v1::DeleteFileRequest& request);
  absl::StatusOr<v1::TransientFile> KeepTransient(
      const rpc::Call& call, rpc::StreamReader<v1::UploadTransientRequest>& reader);
  absl::Status GiveTransient(const rpc::Call& call, const v1::TakeTransientRequest& request,
                             rpc::StreamWriter<v1::TakeTransientResponse>& writer);

  rpc::Pipeline& pipeline_;
  const FileParts& parts_;
  FileRemoval& removal_;
  TransientFiles& transients_;
};

}  // namespace kasbah::tenantdata
