#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "services/tenant_data/domain/content_type.h"
#include "services/tenant_data/domain/file.h"

namespace kasbah::tenantdata {

// Bytes on their way in: holds them to what was said of them. Keeps a file's beginning back until
// its type is told. Not thread safe.
class TypedHead {
 public:
  TypedHead(TypeDetector& detector, const FileToBe& file) : detector_(detector), file_(file) {}

  // What may go on, of what came so far: nothing until the type is known. INVALID_ARGUMENT,
  // FILE_SIZE_MISMATCH for more bytes than were announced, FILE_TYPE_MISMATCH.
  absl::StatusOr<std::string_view> Append(std::string_view chunk);
  // All that is left. FILE_SIZE_MISMATCH for fewer bytes.
  absl::StatusOr<std::string_view> Finish();
  // Once it is known: what was declared, or what it looks like.
  const std::string& content_type() const { return content_type_; }

 private:
  absl::Status Tell();

  TypeDetector& detector_;
  const FileToBe& file_;
  int64_t received_ = 0;
  std::string head_;
  std::string content_type_;
};

}  // namespace kasbah::tenantdata
