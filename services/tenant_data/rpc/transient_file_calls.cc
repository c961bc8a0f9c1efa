// FileService's calls about files that are never stored.

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/base/timestamp.h"
#include "services/tenant_data/rpc/file_messages.h"
#include "services/tenant_data/rpc/file_service.h"
#include "services/tenant_data/rpc/messages.h"
#include "services/tenant_data/store/file_events.h"

namespace kasbah::tenantdata {
namespace {

constexpr size_t kChunkBytes = 256 * 1024;

absl::Status CheckTransient(const v1::FileMetadata& metadata, const FileToBe& file,
                            const FileLimits& limits) {
  RETURN_IF_ERROR(CheckFile(file, limits, "metadata"));
  std::vector<Violation> violations;
  const auto refuse = [&](bool is_set, std::string_view field) {
    if (!is_set) return;
    violations.push_back({StrCat("metadata.", field), "is not for transient files", "TRANSIENT"});
  };
  refuse(file.customer.has_value(), "customer_id");
  refuse(file.collection.has_value(), "collection_id");
  refuse(file.record.has_value(), "record_id");
  refuse(!file.subject.empty(), "subject");
  refuse(!file.sha256.empty(), "sha256");
  refuse(!metadata.request_id().empty(), "request_id");
  return violations.empty() ? absl::OkStatus() : InvalidFields(std::move(violations));
}

}  // namespace

absl::Status FileService::Audit(const rpc::Call& call, std::string_view action, FileId file,
                                int64_t size) {
  return parts_.database.WithTenant(call, [&](postgres::Transaction& tx) {
    return parts_.outbox.AppendAudit(
        tx, call,
        outbox::Succeeded(call, parts_.clock, action, FileTarget(file), {{"size", StrCat(size)}}));
  });
}

absl::StatusOr<v1::TransientFile> FileService::KeepTransient(
    const rpc::Call& call, rpc::StreamReader<v1::UploadTransientRequest>& reader) {
  ASSIGN_OR_RETURN(const v1::UploadTransientRequest* message, reader.Read());
  RETURN_IF_ERROR(CheckTenant(call));
  if (message == nullptr || !message->has_metadata()) return MetadataMissing();
  ASSIGN_OR_RETURN(FileToBe file, FromProto(message->metadata()));
  RETURN_IF_ERROR(
      CheckTransient(message->metadata(), file,
                     {.file_bytes = transients_.limits().file_bytes, .tenant_bytes = 0}));
  if (!file.content_type.empty()) file.content_type = *ParseContentType(file.content_type);
  ASSIGN_OR_RETURN(TransientFiles::Room room, transients_.Reserve(call.tenant, file.size));

  TypedHead head(parts_.detector, file);
  TransientContent content;
  content.bytes.reserve(static_cast<size_t>(file.size));
  while (message != nullptr) {
    ASSIGN_OR_RETURN(const std::string_view ready, head.Append(message->chunk()));
    content.bytes += ready;
    ASSIGN_OR_RETURN(message, reader.Read());
    if (message != nullptr && message->has_metadata()) return MetadataRepeated();
  }
  ASSIGN_OR_RETURN(const std::string_view ready, head.Finish());
  content.bytes += ready;
  content.name = file.name;
  content.content_type = head.content_type();
  const TransientFiles::Put put = transients_.Keep(call, std::move(room), std::move(content));
  RETURN_IF_ERROR(Audit(call, "file.transient.keep", put.id, file.size));

  v1::TransientFile reply;
  reply.set_file_id(put.id.ToString());
  reply.set_name(file.name);
  reply.set_content_type(head.content_type());
  reply.set_size(file.size);
  *reply.mutable_expire_time() = ToTimestamp(put.expires);
  return reply;
}

absl::Status FileService::GiveTransient(const rpc::Call& call,
                                        const v1::TakeTransientRequest& request,
                                        rpc::StreamWriter<v1::TakeTransientResponse>& writer) {
  ASSIGN_OR_RETURN(const FileId id, ParseId<FileId>("file_id", request.file_id()));
  RETURN_IF_ERROR(CheckTenant(call));
  ASSIGN_OR_RETURN(const TransientContent content, transients_.Take(call, id));
  RETURN_IF_ERROR(
      Audit(call, "file.transient.take", id, static_cast<int64_t>(content.bytes.size())));
  v1::TakeTransientResponse message;
  v1::TransientFile& file = *message.mutable_file();
  file.set_file_id(request.file_id());
  file.set_name(content.name);
  file.set_content_type(content.content_type);
  file.set_size(static_cast<int64_t>(content.bytes.size()));
  RETURN_IF_ERROR(writer.Write(message));
  message.clear_file();
  for (size_t at = 0; at < content.bytes.size(); at += kChunkBytes) {
    message.set_chunk(content.bytes.substr(at, kChunkBytes));
    RETURN_IF_ERROR(writer.Write(message));
  }
  return absl::OkStatus();
}

}  // namespace kasbah::tenantdata
