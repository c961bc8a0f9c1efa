#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace kasbah::dev {

// A certificate authority in one directory (ca.crt, ca.key, P-256) for development and tests; in
// production cert-manager or SPIRE issues.
class CertificateAuthority {
 public:
  // Loads the directory's, or makes one.
  static absl::StatusOr<CertificateAuthority> Open(const std::string& directory);

  struct Request {
    // URI names; exactly one SPIFFE id in a certificate that is to be accepted.
    std::vector<std::string> uris;
    absl::Duration validity = absl::Hours(24 * 30);
    // Before now, for an expired one.
    absl::Duration starts_ago = absl::Minutes(5);
  };
  // Writes tls.crt, tls.key (0600) and ca.crt into `directory`, all three replaced at once: they
  // are links through one link that is swapped. FAILED_PRECONDITION, reason FILE_ERROR or
  // CA_UNUSABLE.
  absl::Status Issue(const Request& request, const std::string& directory) const;

  const std::string& directory() const { return directory_; }

 private:
  explicit CertificateAuthority(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

}  // namespace kasbah::dev
