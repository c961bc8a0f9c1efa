#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// The bytes of a file that only this process's user can read: a regular file, owned by it, mode
// 0600 (or 0400), of at most 4 KiB. FAILED_PRECONDITION for anything else, naming the file and what
// to do.
absl::StatusOr<SecretBytes> ReadSecretFile(const std::string& path);

// Makes such a file, on disk when it returns. ALREADY_EXISTS, changing nothing, when there is one.
absl::Status MakeSecretFile(const std::string& path, const SecretBytes& bytes);

}  // namespace kasbah::crypto
