#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kasbah::rpc {

// OpenSSL's objects, each freed by its own function.
template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// What is wrong with a file of a TLS directory, and what belongs there: FAILED_PRECONDITION, reason
// TLS_FILES_UNUSABLE.
absl::Status Unusable(const std::string& path, std::string_view what);

// Every certificate of a PEM file, in its order; one at least.
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const std::string& path);

absl::StatusOr<PkeyPtr> ReadPrivateKey(const std::string& path);

}  // namespace kasbah::rpc
