#pragma once

#include <memory>
#include <optional>
#include <string>

#include "services/tenant_data/files/file_uploads.h"

namespace kasbah::tenantdata {

// One file, or a range of it, on its way out. Not thread safe.
class FileDownload {
 public:
  // NOT_FOUND; INVALID_FIELDS for a range that is none of the file's (`length` 0: to the end);
  // DATA_LOSS, FILE_CORRUPT; UNAVAILABLE without the vault or the store.
  static absl::StatusOr<std::unique_ptr<FileDownload>> Begin(const FileParts& parts,
                                                             const CallContext& call, FileId id,
                                                             int64_t offset, int64_t length);
  // A piece of an archive, whole.
  static absl::StatusOr<std::unique_ptr<FileDownload>> BeginPiece(const FileParts& parts,
                                                                  const CallContext& call,
                                                                  FileId id);

  const StoredFile& file() const { return file_; }
  // The next bytes; empty at the end. DATA_LOSS, FILE_CORRUPT; NOT_FOUND when it was deleted
  // meanwhile.
  absl::StatusOr<std::string> Next();

 private:
  FileDownload(const FileParts& parts, const CallContext& call, StoredFile file)
      : parts_(parts), call_(call), file_(std::move(file)) {}
  absl::Status Open();
  absl::StatusOr<std::string> Read(int64_t offset, size_t size);
  absl::Status Gone();

  const FileParts& parts_;
  const CallContext& call_;
  const StoredFile file_;
  std::optional<crypto::stream_aead::Opener> opener_;
  // What is still to be sent: [next_, end_) of the plaintext.
  int64_t next_ = 0;
  int64_t end_ = 0;
  // Of the whole file; null for a part of one.
  std::unique_ptr<crypto::Sha256Stream> digest_;
};

}  // namespace kasbah::tenantdata
