#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/crypto/openssl_ptr.h"

namespace kasbah::rpc {

using crypto::X509Ptr;
using PkeyPtr = crypto::KeyPtr;

// What is wrong with a file of a TLS directory, and what belongs there: FAILED_PRECONDITION, reason
// TLS_FILES_UNUSABLE.
absl::Status Unusable(const std::string& path, std::string_view what);

// Every certificate of a PEM file, in its order; one at least.
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const std::string& path);

absl::StatusOr<PkeyPtr> ReadPrivateKey(const std::string& path);

}  // namespace kasbah::rpc
