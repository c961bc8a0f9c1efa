#include "services/tenant_data/files/file_downloads.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/telemetry/log.h"

namespace kasbah::tenantdata {
namespace {

using crypto::stream_aead::kSegmentSize;

// Read from the store at once: half a mebibyte.
constexpr int64_t kSegmentsAtOnce = 8;
constexpr auto kSegment = static_cast<int64_t>(kSegmentSize);

absl::Status CheckRange(int64_t size, int64_t offset, int64_t length) {
  std::vector<Violation> violations;
  if (offset < 0 || offset > size) {
    violations.push_back({"offset", "must be within the file", "FILE_RANGE"});
  }
  if (length < 0) violations.push_back({"length", "must not be negative", "FILE_RANGE"});
  return violations.empty() ? absl::OkStatus() : InvalidFields(std::move(violations));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileDownload>> FileDownload::Begin(const FileParts& parts,
                                                                  const CallContext& call,
                                                                  FileId id, int64_t offset,
                                                                  int64_t length) {
  const FileStore files;
  ASSIGN_OR_RETURN(StoredFile file, parts.database.WithTenant(call, [&](postgres::Transaction& tx) {
    return files.Get(tx, call, id);
  }));
  RETURN_IF_ERROR(CheckRange(file.size, offset, length));
  std::unique_ptr<FileDownload> download(new FileDownload(parts, call, std::move(file)));
  const int64_t left = download->file_.size - offset;
  download->next_ = offset;
  download->end_ = offset + (length == 0 ? left : std::min(length, left));
  if (offset == 0 && download->end_ == download->file_.size) {
    download->digest_ = std::make_unique<crypto::Sha256Stream>();
  }
  RETURN_IF_ERROR(download->Open());
  return download;
}

absl::StatusOr<std::unique_ptr<FileDownload>> FileDownload::BeginPiece(const FileParts& parts,
                                                                       const CallContext& call,
                                                                       FileId id) {
  const FileStore files;
  ASSIGN_OR_RETURN(StoredFile file, parts.database.WithTenant(call, [&](postgres::Transaction& tx) {
    return files.GetPiece(tx, call, id);
  }));
  std::unique_ptr<FileDownload> download(new FileDownload(parts, call, std::move(file)));
  download->end_ = download->file_.size;
  download->digest_ = std::make_unique<crypto::Sha256Stream>();
  RETURN_IF_ERROR(download->Open());
  return download;
}

absl::Status FileDownload::Open() {
  ASSIGN_OR_RETURN(const crypto::SecretBytes key,
                   parts_.keys.Open(call_, file_.id, file_.sealed_for, file_.data_key));
  ASSIGN_OR_RETURN(const std::string header, Read(0, crypto::stream_aead::kHeaderSize));
  auto opener = crypto::stream_aead::Opener::Create(
      key, SealingContext(call_.tenant, file_.id, file_.size), header, file_.size);
  if (!opener.ok()) return FileCorrupt();
  opener_.emplace(*std::move(opener));
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileDownload::Read(int64_t offset, size_t size) {
  absl::StatusOr<std::string> bytes = parts_.objects.Read({call_.tenant, file_.id}, offset, size);
  if (absl::IsNotFound(bytes.status())) return Gone();
  return bytes;
}

// The object is not there: deleted meanwhile, or lost.
absl::Status FileDownload::Gone() {
  const FileStore files;
  const auto again = parts_.database.WithTenant(
      call_, [&](postgres::Transaction& tx) { return files.Get(tx, call_, file_.id); });
  if (!again.ok()) return again.status();
  telemetry::LogError("a file's object is missing", {{"file", file_.id.ToString()}});
  return FileCorrupt();
}

absl::StatusOr<std::string> FileDownload::Next() {
  if (next_ == end_) {
    if (digest_ != nullptr && digest_->Finish() != file_.sha256) return FileCorrupt();
    digest_.reset();
    return "";
  }
  const int64_t first = next_ / kSegment;
  const int64_t last = std::min((end_ - 1) / kSegment, first + kSegmentsAtOnce - 1);
  const int64_t begin = opener_->Offset(first);
  const int64_t end = opener_->Offset(last) + static_cast<int64_t>(opener_->SizeOf(last));
  ASSIGN_OR_RETURN(const std::string sealed, Read(begin, static_cast<size_t>(end - begin)));
  std::string plaintext;
  for (int64_t i = first; i <= last; ++i) {
    const auto at = static_cast<size_t>(opener_->Offset(i) - begin);
    const std::string_view segment =
        at > sealed.size() ? "" : std::string_view(sealed).substr(at, opener_->SizeOf(i));
    absl::StatusOr<std::string> opened = opener_->Open(i, segment);
    if (!opened.ok()) {
      telemetry::LogError("a file's object was changed", {{"file", file_.id.ToString()}});
      return FileCorrupt();
    }
    plaintext += *opened;
  }
  const auto skipped = static_cast<size_t>(next_ - first * kSegment);
  const int64_t until = std::min(end_, (last + 1) * kSegment);
  plaintext = plaintext.substr(skipped, static_cast<size_t>(until - next_));
  next_ = until;
  if (digest_ != nullptr) digest_->Update(plaintext);
  return plaintext;
}

}  // namespace kasbah::tenantdata
