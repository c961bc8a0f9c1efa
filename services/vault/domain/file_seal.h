#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/vault/domain/seal.h"

namespace kasbah::vault {

// A seal that is a 32 byte key in a file: for one machine, and for whoever mounts it from
// elsewhere. The file is read at each use, must be a regular file of exactly 32 bytes, owned by
// this process's user and mode 0600 (or 0400), and is refused otherwise.
class FileSeal : public Seal {
 public:
  explicit FileSeal(std::string path) : path_(std::move(path)) {}

  // Makes a new seal at `path`, mode 0600, on disk when it returns. ALREADY_EXISTS, changing
  // nothing, when there is a file: overwriting a seal would make everything unreadable.
  static absl::Status Init(const std::string& path);

  std::string_view name() const override { return "file"; }
  absl::StatusOr<std::string> Wrap(const RootKeyRef& ref, const crypto::SecretBytes& root) override;
  absl::StatusOr<crypto::SecretBytes> Unwrap(const RootKeyRef& ref,
                                             std::string_view wrapped) override;

 private:
  absl::StatusOr<crypto::SecretBytes> ReadKey() const;

  const std::string path_;
};

}  // namespace kasbah::vault
