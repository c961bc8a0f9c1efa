#include "services/tenant_data/rpc/file_service.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/sha256_stream.h"
#include "services/tenant_data/domain/page.h"
#include "services/tenant_data/rpc/file_messages.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/rpc/request_key.h"
#include "services/tenant_data/store/file_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

absl::Status RequestReused() {
  return Error(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
               "this request_id was used for something else");
}

}  // namespace

FileService::FileService(rpc::Pipeline& pipeline, const FileParts& parts, FileRemoval& removal,
                         TransientFiles& transients)
    : pipeline_(pipeline), parts_(parts), removal_(removal), transients_(transients) {}

rpc::StreamLimits FileService::LimitsFor(int64_t file_bytes) {
  // Small chunks have more around them than large ones; the file's own size is counted apart.
  return {.max_bytes = 2 * file_bytes + (int64_t{1} << 20),
          .idle = absl::Seconds(30),
          .longest = kLongestUpload};
}

absl::Status FileService::CheckTenant(const rpc::Call& call) {
  // Entering the tenant is the check; there is nothing to read.
  return parts_.database.WithTenant(call, [](Transaction&) { return absl::OkStatus(); });
}

absl::StatusOr<v1::File> FileService::Upload(const rpc::Call& call,
                                             rpc::StreamReader<v1::UploadFileRequest>& reader) {
  ASSIGN_OR_RETURN(const v1::UploadFileRequest* message, reader.Read());
  RETURN_IF_ERROR(CheckTenant(call));
  if (message == nullptr || !message->has_metadata()) return MetadataMissing();
  ASSIGN_OR_RETURN(FileToBe file, FromProto(message->metadata()));
  ASSIGN_OR_RETURN(const std::optional<RequestKey> request, KeyOf(message->metadata()));
  if (request) {
    ASSIGN_OR_RETURN(const std::optional<StoredFile> made, FindRepeated(call, *request));
    if (made) return Repeat(*made, message, reader);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<FileUpload> upload,
                   FileUpload::Begin(parts_, call, std::move(file)));
  std::string sha256;
  while (message != nullptr) {
    RETURN_IF_ERROR(upload->Append(message->chunk()));
    if (!message->sha256().empty()) sha256 = message->sha256();
    ASSIGN_OR_RETURN(message, reader.Read());
    if (message != nullptr && message->has_metadata()) return MetadataRepeated();
  }
  absl::StatusOr<StoredFile> stored = upload->Finish(sha256, request);
  if (ReasonOf(stored.status()) == kRequestSeen) {
    // Another upload with the id was faster.
    ASSIGN_OR_RETURN(const std::optional<StoredFile> made, FindRepeated(call, *request));
    if (!made || made->sha256 != upload->digest()) return RequestReused();
    return ToProto(*made);
  }
  RETURN_IF_ERROR(stored.status());
  return ToProto(*stored);
}

absl::StatusOr<std::optional<StoredFile>> FileService::FindRepeated(const rpc::Call& call,
                                                                    const RequestKey& request) {
  const RequestStore requests;
  const FileStore files;
  ASSIGN_OR_RETURN(const std::optional<std::string> outcome,
                   parts_.database.WithTenant(
                       call, [&](Transaction& tx) { return requests.Find(tx, call, request); }));
  if (!outcome) return std::nullopt;
  ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(*outcome));
  ASSIGN_OR_RETURN(StoredFile made, parts_.database.WithTenant(call, [&](Transaction& tx) {
    return files.Get(tx, call, FileId(id));
  }));
  return std::make_optional(std::move(made));
}

absl::StatusOr<v1::File> FileService::Repeat(const StoredFile& made,
                                             const v1::UploadFileRequest* message,
                                             rpc::StreamReader<v1::UploadFileRequest>& reader) {
  // An announced digest is part of what was asked, and was asked before.
  if (!message->metadata().sha256().empty()) return ToProto(made);
  crypto::Sha256Stream hash;
  while (message != nullptr) {
    hash.Update(message->chunk());
    ASSIGN_OR_RETURN(message, reader.Read());
  }
  if (hash.Finish() != made.sha256) return RequestReused();
  return ToProto(made);
}

absl::Status FileService::Download(const rpc::Call& call, const v1::DownloadFileRequest& request,
                                   rpc::StreamWriter<v1::DownloadFileResponse>& writer) {
  ASSIGN_OR_RETURN(const FileId id, ParseId<FileId>("file_id", request.file_id()));
  ASSIGN_OR_RETURN(const std::unique_ptr<FileDownload> download,
                   FileDownload::Begin(parts_, call, id, request.offset(), request.length()));
  v1::DownloadFileResponse message;
  *message.mutable_file() = ToProto(download->file());
  RETURN_IF_ERROR(writer.Write(message));
  message.clear_file();
  while (true) {
    ASSIGN_OR_RETURN(*message.mutable_chunk(), download->Next());
    if (message.chunk().empty()) return absl::OkStatus();
    RETURN_IF_ERROR(writer.Write(message));
  }
}

absl::StatusOr<v1::File> FileService::Get(const rpc::Call& call,
                                          const v1::GetFileRequest& request) {
  ASSIGN_OR_RETURN(const FileId id, ParseId<FileId>("file_id", request.file_id()));
  const FileStore files;
  ASSIGN_OR_RETURN(const StoredFile file, parts_.database.WithTenant(call, [&](Transaction& tx) {
    return files.Get(tx, call, id);
  }));
  return ToProto(file);
}

absl::StatusOr<v1::ListFilesResponse> FileService::List(const rpc::Call& call,
                                                        const v1::ListFilesRequest& request) {
  ASSIGN_OR_RETURN(const int64_t size, PageSize(request.page_size()));
  const std::string listed = StrCat("files ", request.record_id());
  ASSIGN_OR_RETURN(const std::optional<Uuid> after, ParsePageToken(request.page_token(), listed));
  std::optional<RecordId> record;
  if (!request.record_id().empty()) {
    ASSIGN_OR_RETURN(record, ParseId<RecordId>("record_id", request.record_id()));
  }
  const FileStore files;
  ASSIGN_OR_RETURN(std::vector<StoredFile> found,
                   parts_.database.WithTenant(call, [&](Transaction& tx) {
                     return files.List(tx, call, record, FileId(after.value_or(Uuid())), size + 1);
                   }));
  v1::ListFilesResponse reply;
  if (static_cast<int64_t>(found.size()) > size) {
    found.pop_back();
    reply.set_next_page_token(FormatPageToken(found.back().id.uuid(), listed));
  }
  for (const StoredFile& file : found) *reply.add_files() = ToProto(file);
  return reply;
}

absl::StatusOr<v1::DeleteFileResponse> FileService::Delete(const rpc::Call& call,
                                                           const v1::DeleteFileRequest& request) {
  ASSIGN_OR_RETURN(const FileId id, ParseId<FileId>("file_id", request.file_id()));
  RETURN_IF_ERROR(removal_.Delete(call, id));
  return v1::DeleteFileResponse();
}

}  // namespace kasbah::tenantdata
