#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace kasbah::testing {

// A P-256 key and a certificate that it signed itself, for `name` ("IP:127.0.0.1") and a day: what
// a receiver outside of the installation has.
class SelfSigned {
 public:
  explicit SelfSigned(const std::string& name);

  void UseIn(SSL_CTX* context) const;
  // In PEM, for clients that are to trust it.
  void WriteTo(const std::string& path) const;

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace kasbah::testing
