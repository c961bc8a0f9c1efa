#include "services/tenant_data/rights/archive_piece.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::tenantdata {
namespace {

using postgres::Transaction;
using postgres::UnauditedToken;

}  // namespace

ArchivePiece::ArchivePiece(const FileParts& parts, const CallContext& call, OperationId operation,
                           FileId id, int64_t size, const crypto::SecretBytes& key)
    : parts_(parts),
      call_(call),
      operation_(operation),
      id_(id),
      size_(size),
      sealer_(key, SealingContext(call.tenant, id, TarMember::SizeOf(size))) {}

ArchivePiece::~ArchivePiece() {
  member_.reset();
  writer_.reset();
  if (!is_pending_) return;
  const CallContext call = CallContext::ForBackground("service/tenant-data", call_.tenant,
                                                      absl::Now() + absl::Seconds(10));
  const FileStore files;
  // What fails here the upkeep does later.
  parts_.database
      .WithTenantUnaudited(
          call, UnauditedToken::ForBookkeeping(),
          [&](Transaction& tx) { return files.GiveUp(tx, call, id_, parts_.clock.Now()); })
      .status()
      .IgnoreError();
}

absl::StatusOr<std::unique_ptr<ArchivePiece>> ArchivePiece::Begin(const FileParts& parts,
                                                                  const CallContext& call,
                                                                  OperationId operation,
                                                                  const std::string& name,
                                                                  int64_t size) {
  const absl::Time now = parts.clock.Now();
  const FileId id = FileId::New(now);
  ASSIGN_OR_RETURN(const DataKeys::Made made, parts.keys.Make(call, id, ""));
  std::unique_ptr<ArchivePiece> piece(new ArchivePiece(parts, call, operation, id, size, made.key));
  RETURN_IF_ERROR(parts.database.WithTenantUnaudited(
      call, UnauditedToken::ForBookkeeping(), [&](Transaction& tx) {
        RightsStore::BeginPiece(tx, call.tenant, operation, id, TarMember::SizeOf(size),
                                made.sealed, now, now + kPendingFor);
        return absl::OkStatus();
      }));
  piece->is_pending_ = true;
  ASSIGN_OR_RETURN(piece->writer_, parts.objects.Write({call.tenant, id}));
  ASSIGN_OR_RETURN(piece->member_,
                   TarMember::Begin(name, size, now, [self = piece.get()](std::string_view bytes) {
                     return self->Seal(bytes);
                   }));
  return piece;
}

absl::Status ArchivePiece::Seal(std::string_view bytes) {
  piece_digest_.Update(bytes);
  sealer_.Update(bytes, &sealed_);
  if (sealed_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(writer_->Append(sealed_));
  sealed_.clear();
  return absl::OkStatus();
}

absl::Status ArchivePiece::Append(std::string_view content) {
  content_digest_.Update(content);
  return member_->Append(content);
}

absl::Status ArchivePiece::Finish() {
  RETURN_IF_ERROR(member_->Finish());
  content_sha256_ = content_digest_.Finish();
  piece_sha256_ = piece_digest_.Finish();
  sealer_.Finish(&sealed_);
  RETURN_IF_ERROR(writer_->Append(sealed_));
  return writer_->Commit();
}

void ArchivePiece::AddTo(Transaction& tx, ArchiveMember member) {
  member.size = size_;
  member.sha256 = content_sha256_;
  member.piece = id_;
  RightsStore::AddMember(tx, call_.tenant, operation_, member, piece_sha256_,
                         parts_.clock.Now() + kArchiveKept);
}

}  // namespace kasbah::tenantdata
