#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/base/clock.h"
#include "libs/crypto/sha256_stream.h"
#include "libs/crypto/stream_aead.h"
#include "libs/objects/object_store.h"
#include "libs/outbox/outbox.h"
#include "libs/postgres/database.h"
#include "services/tenant_data/files/data_keys.h"
#include "services/tenant_data/files/typed_head.h"
#include "services/tenant_data/store/file_store.h"
#include "services/tenant_data/store/request_store.h"

namespace kasbah::tenantdata {

// How long an upload may take; the row of one that is older is nobody's, and the upkeep takes it
// away.
inline constexpr absl::Duration kLongestUpload = absl::Hours(1);
inline constexpr absl::Duration kPendingFor = absl::Hours(2);

// What uploads and downloads are made of. All of it outlives them.
struct FileParts {
  postgres::Database& database;
  outbox::Outbox& outbox;
  objects::ObjectStore& objects;
  DataKeys& keys;
  TypeDetector& detector;
  const FileLimits limits;
  const Clock& clock;
};

// What a file's segments are bound to, beside its key: whose it is and how long.
std::string SealingContext(TenantId tenant, FileId file, int64_t size);

// One file on its way in: a row that says so, then the object, then the row says that it is there,
// with the event, in one transaction. Where that does not come to pass nothing is to be seen of it,
// and the upkeep takes away what there is. Not thread safe.
class FileUpload {
 public:
  // INVALID_FIELDS below "metadata"; RESOURCE_EXHAUSTED, QUOTA_EXCEEDED; NOT_FOUND for what
  // it is to belong to; UNAVAILABLE without the vault or the store.
  static absl::StatusOr<std::unique_ptr<FileUpload>> Begin(const FileParts& parts,
                                                           const CallContext& call, FileToBe file);
  ~FileUpload();

  // INVALID_ARGUMENT, FILE_SIZE_MISMATCH or FILE_TYPE_MISMATCH.
  absl::Status Append(std::string_view chunk);
  // INVALID_ARGUMENT, FILE_SIZE_MISMATCH, FILE_TYPE_MISMATCH, or FILE_DIGEST_MISMATCH where the
  // bytes do not have `sha256` (empty: not said) or the announced one. With `request` the file is
  // what its request_id came to; kRequestSeen where that was something already, and then nothing
  // is stored.
  absl::StatusOr<StoredFile> Finish(std::string_view sha256,
                                    const std::optional<RequestKey>& request);
  // Of the bytes, once Finish was called.
  const std::string& digest() const { return digest_; }

 private:
  FileUpload(const FileParts& parts, const CallContext& call, FileId id, FileToBe file,
             const crypto::SecretBytes& key);
  absl::Status Reserve(std::string_view sealed_key);
  absl::Status Seal(std::string_view plaintext);
  absl::Status Store(const StoredFile& stored, const std::optional<RequestKey>& request);
  void GiveUp();

  const FileParts& parts_;
  const CallContext& call_;
  const FileId id_;
  FileToBe file_;
  const absl::Time began_;
  TypedHead head_;
  crypto::Sha256Stream hash_;
  std::string digest_;
  crypto::stream_aead::Sealer sealer_;
  std::string sealed_;
  std::unique_ptr<objects::ObjectWriter> writer_;
  // A row says that it is on its way.
  bool is_pending_ = false;
};

}  // namespace kasbah::tenantdata
