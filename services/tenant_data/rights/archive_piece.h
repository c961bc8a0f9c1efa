#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/crypto/sha256_stream.h"
#include "libs/crypto/stream_aead.h"
#include "services/tenant_data/files/file_uploads.h"
#include "services/tenant_data/rights/tar_member.h"
#include "services/tenant_data/store/rights_store.h"

namespace kasbah::tenantdata {

// One member of an export's archive on its way into the object store, sealed as files are: a row
// that says so, then the object; the caller's transaction makes it part of the archive. Where that
// does not come to pass nothing opens it, and the upkeep takes it away. Not thread safe.
class ArchivePiece {
 public:
  // Of `size` bytes. UNAVAILABLE without the vault or the store.
  static absl::StatusOr<std::unique_ptr<ArchivePiece>> Begin(const FileParts& parts,
                                                             const CallContext& call,
                                                             OperationId operation,
                                                             const std::string& name, int64_t size);
  ~ArchivePiece();

  absl::Status Append(std::string_view content);
  // The object is there.
  absl::Status Finish();
  // In the transaction that notes what it holds: `member` without its digests and its piece.
  void AddTo(postgres::Transaction& tx, ArchiveMember member);
  // That transaction was committed, or perhaps was.
  void Keep() { is_pending_ = false; }

 private:
  ArchivePiece(const FileParts& parts, const CallContext& call, OperationId operation, FileId id,
               int64_t size, const crypto::SecretBytes& key);
  absl::Status Seal(std::string_view bytes);

  const FileParts& parts_;
  const CallContext& call_;
  const OperationId operation_;
  const FileId id_;
  crypto::Sha256Stream content_digest_;
  crypto::Sha256Stream piece_digest_;
  std::string content_sha256_;
  std::string piece_sha256_;
  int64_t size_;
  crypto::stream_aead::Sealer sealer_;
  std::string sealed_;
  std::unique_ptr<objects::ObjectWriter> writer_;
  std::unique_ptr<TarMember> member_;
  bool is_pending_ = false;
};

}  // namespace kasbah::tenantdata
