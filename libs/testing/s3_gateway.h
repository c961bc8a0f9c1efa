#pragma once

#include <memory>
#include <string>

#include "libs/dev/process.h"

namespace kasbah::testing {

// A real store that speaks S3 and checks each signature: versitygw, on a loopback port of its own,
// over a folder. scripts/install-tools.sh installs it.
class S3Gateway {
 public:
  static constexpr char kRegion[] = "eu-central-1";
  // Keeps every version.
  static constexpr char kBucket[] = "kasbah-test";
  static constexpr char kUser[] = "AKIDTEST";
  static constexpr char kSecret[] = "secret-of-the-gateway";

  // Null where it is not installed. Crashes with the reason when it does not start.
  static std::unique_ptr<S3Gateway> Start();
  ~S3Gateway();

  const std::string& endpoint() const { return endpoint_; }
  // A file in the form of ~/.aws/credentials, mode 0600.
  const std::string& credentials_file() const { return credentials_file_; }
  void WriteCredentials(const std::string& secret) const;
  // Whether any file of the store, of whatever version, holds these bytes.
  bool Holds(const std::string& bytes) const;

 private:
  S3Gateway() = default;

  std::string directory_;
  std::string endpoint_;
  std::string credentials_file_;
  std::unique_ptr<dev::Process> process_;
};

}  // namespace kasbah::testing
