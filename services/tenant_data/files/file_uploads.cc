#include "services/tenant_data/files/file_uploads.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/outbox/audit_event.h"
#include "services/tenant_data/store/customer_store.h"
#include "services/tenant_data/store/erased_subjects.h"
#include "services/tenant_data/store/file_events.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;

// A file of a record is its subject's: known before its key is made, so that the key is in their
// share.
absl::Status TakeSubject(const FileParts& parts, const CallContext& call, FileToBe* file) {
  if (!file->record) return absl::OkStatus();
  const FileStore files;
  ASSIGN_OR_RETURN(const std::string subject, parts.database.WithTenant(call, [&](Transaction& tx) {
    return files.SubjectOfRecord(tx, call, *file->record);
  }));
  if (file->subject.empty()) file->subject = subject;
  if (subject.empty() || file->subject == subject) return absl::OkStatus();
  return InvalidField("metadata.subject", "must be the record's, or empty");
}

// A caller of one customer writes that customer's files.
absl::Status Limit(const CallContext& call, FileToBe* file) {
  if (!call.customer) return absl::OkStatus();
  if (file->customer && *file->customer != *call.customer) return NotFound("customer");
  file->customer = call.customer;
  return absl::OkStatus();
}

}  // namespace

std::string SealingContext(TenantId tenant, FileId file, int64_t size) {
  return StrCat(tenant.ToString(), "|", file.ToString(), "|", size);
}

FileUpload::FileUpload(const FileParts& parts, const CallContext& call, FileId id, FileToBe file,
                       const crypto::SecretBytes& key)
    : parts_(parts),
      call_(call),
      id_(id),
      file_(std::move(file)),
      // As the database keeps it.
      began_(absl::FromUnixMicros(absl::ToUnixMicros(parts.clock.Now()))),
      head_(parts.detector, file_),
      sealer_(key, SealingContext(call.tenant, id, file_.size)) {}

FileUpload::~FileUpload() {
  // The part of an object first: then there is nothing that the row does not know of.
  writer_.reset();
  if (is_pending_) GiveUp();
}

absl::StatusOr<std::unique_ptr<FileUpload>> FileUpload::Begin(const FileParts& parts,
                                                              const CallContext& call,
                                                              FileToBe file) {
  RETURN_IF_ERROR(CheckFile(file, parts.limits, "metadata"));
  RETURN_IF_ERROR(Limit(call, &file));
  RETURN_IF_ERROR(TakeSubject(parts, call, &file));
  if (!file.content_type.empty()) file.content_type = *ParseContentType(file.content_type);
  const FileId id = FileId::New(parts.clock.Now());
  ASSIGN_OR_RETURN(const DataKeys::Made made, parts.keys.Make(call, id, file.subject));
  std::unique_ptr<FileUpload> upload(new FileUpload(parts, call, id, std::move(file), made.key));
  RETURN_IF_ERROR(upload->Reserve(made.sealed));
  ASSIGN_OR_RETURN(upload->writer_, parts.objects.Write({call.tenant, id}));
  return upload;
}

absl::Status FileUpload::Reserve(std::string_view sealed_key) {
  const FileStore files;
  const CustomerStore customers;
  absl::StatusOr<FileStore::Owner> owner = parts_.database.WithTenantUnaudited(
      call_, postgres::UnauditedToken::ForBookkeeping(), [&](Transaction& tx) {
        if (file_.customer) customers.RequireActive(tx, call_, *file_.customer);
        erased_subjects::RequireNot(tx, call_, {file_.subject});
        return files.Begin(tx, call_, id_, file_, sealed_key, parts_.limits.tenant_bytes, began_,
                           began_ + kPendingFor);
      });
  if (!owner.ok()) return owner.status();
  is_pending_ = true;
  file_.customer = owner->customer;
  file_.collection = owner->collection;
  return absl::OkStatus();
}

absl::Status FileUpload::Seal(std::string_view plaintext) {
  hash_.Update(plaintext);
  sealer_.Update(plaintext, &sealed_);
  if (sealed_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(writer_->Append(sealed_));
  sealed_.clear();
  return absl::OkStatus();
}

absl::Status FileUpload::Append(std::string_view chunk) {
  ASSIGN_OR_RETURN(const std::string_view ready, head_.Append(chunk));
  return Seal(ready);
}

absl::StatusOr<StoredFile> FileUpload::Finish(std::string_view sha256,
                                              const std::optional<RequestKey>& request) {
  ASSIGN_OR_RETURN(const std::string_view ready, head_.Finish());
  RETURN_IF_ERROR(Seal(ready));
  StoredFile stored;
  stored.sha256 = digest_ = hash_.Finish();
  for (const std::string_view said : {sha256, std::string_view(file_.sha256)}) {
    if (said.empty() || said == stored.sha256) continue;
    return Error(absl::StatusCode::kInvalidArgument, "FILE_DIGEST_MISMATCH",
                 "the bytes that came do not have the announced sha256");
  }
  sealer_.Finish(&sealed_);
  RETURN_IF_ERROR(writer_->Append(sealed_));
  RETURN_IF_ERROR(writer_->Commit());

  stored.id = id_;
  stored.name = file_.name;
  stored.content_type = head_.content_type();
  stored.size = file_.size;
  stored.customer = file_.customer;
  stored.collection = file_.collection;
  stored.record = file_.record;
  stored.creator_kind = call_.actor.kind;
  stored.creator_id = call_.actor.id;
  stored.created = began_;
  RETURN_IF_ERROR(Store(stored, request));
  return stored;
}

absl::Status FileUpload::Store(const StoredFile& stored, const std::optional<RequestKey>& request) {
  const FileStore files;
  const RequestStore requests;
  const absl::Status status =
      parts_.database.WithTenant(call_, [&](Transaction& tx) -> absl::Status {
        if (request) requests.Claim(tx, call_, *request, id_.uuid().view(), parts_.clock.Now());
        files.Finish(tx, call_, id_, stored.content_type, stored.sha256);
        RETURN_IF_ERROR(parts_.outbox.AppendChange(
            tx, call_, FileChange(call_, parts_.clock, "file.created", stored)));
        return parts_.outbox.AppendAudit(
            tx, call_,
            outbox::Succeeded(call_, parts_.clock, "file.create", FileTarget(id_),
                              {{"size", StrCat(stored.size)},
                               {"content_type", stored.content_type},
                               {"sha256", crypto::Hex(stored.sha256)}}));
      });
  // Stored, or perhaps stored, it is not to be given up; what is not stored the upkeep finds.
  if (status.ok() || ReasonOf(status) == reason::kCommitUnknown) is_pending_ = false;
  return status;
}

// The call may be over, and its deadline with it. What fails here the upkeep does later.
void FileUpload::GiveUp() {
  const CallContext call = CallContext::ForBackground("service/tenant-data", call_.tenant,
                                                      absl::Now() + absl::Seconds(10));
  const FileStore files;
  parts_.database
      .WithTenantUnaudited(
          call, postgres::UnauditedToken::ForBookkeeping(),
          [&](Transaction& tx) { return files.GiveUp(tx, call, id_, parts_.clock.Now()); })
      .status()
      .IgnoreError();
}

}  // namespace kasbah::tenantdata
