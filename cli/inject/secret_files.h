#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kasbah::cli {

// A directory in memory (tmpfs), mode 0700, for secrets that a program wants in files; gone, with
// them, when it is destroyed. What the kernel swaps out is the machine's to encrypt or forbid.
class SecretFiles {
 public:
  // FAILED_PRECONDITION where there is no tmpfs.
  static absl::StatusOr<SecretFiles> Make();
  SecretFiles(SecretFiles&& other) noexcept : directory_(std::move(other.directory_)) {
    other.directory_.clear();
  }
  SecretFiles& operator=(SecretFiles&&) = delete;
  ~SecretFiles();

  // A new file, mode 0400; its path.
  absl::StatusOr<std::string> Write(const std::string& name, std::string_view bytes);

 private:
  explicit SecretFiles(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
};

}  // namespace kasbah::cli
