#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace kasbah::tenantdata {

// What a file is to be, as its uploader says.
struct FileToBe {
  std::string name = {};
  // Lower case, without parameters; empty: whatever the bytes are.
  std::string content_type = {};
  int64_t size = 0;
  // 32 bytes, or empty: not known beforehand.
  std::string sha256 = {};
  std::optional<CustomerId> customer = {};
  std::optional<CollectionId> collection = {};
  std::optional<RecordId> record = {};
  // Whose personal data it is; may be empty.
  std::string subject = {};
};

struct StoredFile {
  FileId id;
  std::string name;
  std::string content_type;
  int64_t size = 0;
  std::string sha256;
  std::optional<CustomerId> customer;
  std::optional<CollectionId> collection;
  std::optional<RecordId> record;
  std::string subject;
  // In whose share its key is sealed; empty: nobody's.
  std::string sealed_for;
  // Sealed by the vault.
  std::string data_key;
  std::string creator_kind;
  std::string creator_id;
  absl::Time created;
};

struct FileLimits {
  int64_t file_bytes = int64_t{1} << 30;
  int64_t tenant_bytes = int64_t{50} << 30;
};

// Whether a file may be called so: 1 to 255 bytes that a person can read, and no path. Control
// characters are refused, and those that turn the direction of text, with which "exe.gpj" reads as
// a picture. The name is shown and never used as one: objects are named by id.
bool IsFileName(std::string_view name);

// "Image/PNG; charset=x" as "image/png". Nothing for what is no media type (RFC 6838).
std::optional<std::string> ParseContentType(std::string_view text);

// INVALID_ARGUMENT with every violation, at paths below `field`.
absl::Status CheckFile(const FileToBe& file, const FileLimits& limits, std::string_view field);

}  // namespace kasbah::tenantdata
