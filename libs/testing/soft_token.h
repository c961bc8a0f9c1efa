#pragma once

#include <string>

namespace kasbah::testing {

// A PKCS#11 token of a test's own: SoftHSM 2's, in a directory that goes with it. This process and
// those that it starts see it; the module reads where it is once, so one is made in a process.
class SoftToken {
 public:
  static constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";
  static constexpr char kLabel[] = "kasbah";

  // Crashes where there is no SoftHSM.
  SoftToken();
  ~SoftToken();
  SoftToken(const SoftToken&) = delete;
  SoftToken& operator=(const SoftToken&) = delete;

  // For files beside it.
  const std::string& directory() const { return directory_; }
  // With the user's PIN and a line's end, mode 0600.
  std::string pin_file() const { return directory_ + "/pin"; }

 private:
  std::string directory_;
};

}  // namespace kasbah::testing
