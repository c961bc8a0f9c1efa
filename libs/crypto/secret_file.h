#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/crypto/secret_bytes.h"

namespace kasbah::crypto {

// The bytes of a file that nobody else can read or put another in the place of: a regular file of
// at most 4 KiB, owned by this process's user, mode 0600 (or 0400); or owned by root and besides
// readable by the group that this process runs as (0440), as Kubernetes mounts Secrets. Links on
// the way are followed where nobody else could have made them (OpenTrusted). FAILED_PRECONDITION
// for anything else, naming the file and what to do.
absl::StatusOr<SecretBytes> ReadSecretFile(const std::string& path);

// Makes such a file, on disk when it returns. ALREADY_EXISTS, changing nothing, when there is one.
absl::Status MakeSecretFile(const std::string& path, const SecretBytes& bytes);

}  // namespace kasbah::crypto
