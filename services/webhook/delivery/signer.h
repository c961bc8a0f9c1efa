#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/ids.h"

namespace kasbah::webhook {

// What is needed to sign one attempt. Views last as long as the call.
struct ToSign {
  TenantId tenant;
  EndpointId endpoint;
  std::string_view sealed_secret;
  // The two contents of signature.h.
  std::string standard;
  std::string plain;
};

// HMAC-SHA256 over each, 32 bytes; or why there is none for this one alone.
struct Signed {
  std::string standard;
  std::string plain;
  absl::Status status;
};

// Who holds the endpoints' secrets. Thread safe.
class Signer {
 public:
  virtual ~Signer() = default;
  // One answer for each, in order. An error is that of them all: nobody could be asked.
  virtual absl::StatusOr<std::vector<Signed>> Sign(const std::vector<ToSign>& items) = 0;
};

}  // namespace kasbah::webhook
