#include "services/audit/sinks/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace kasbah::audit {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio BioOf(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// A key that is itself encrypted is not asked about: there is nobody to answer.
int NoPassword(char*, int, int, void*) { return 0; }

Certificate NextCertificate(BIO* bio) {
  return {PEM_read_bio_X509(bio, nullptr, NoPassword, nullptr), X509_free};
}

absl::Status TrustOnly(SSL_CTX* context, std::string_view pem) {
  const Bio bio = BioOf(pem);
  int count = 0;
  while (const Certificate certificate = NextCertificate(bio.get())) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    ++count;
  }
  ERR_clear_error();
  if (count > 0) return absl::OkStatus();
  return InvalidField("syslog.ca_certificates", "must be certificates in PEM");
}

absl::Status UseOwn(SSL_CTX* context, std::string_view certificate, std::string_view key) {
  const Bio bio = BioOf(certificate);
  const Certificate leaf = NextCertificate(bio.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    ERR_clear_error();
    return InvalidField("syslog.client_certificate", "must be a certificate in PEM");
  }
  while (Certificate issuer = NextCertificate(bio.get())) {
    SSL_CTX_add0_chain_cert(context, issuer.release());
  }
  const PrivateKey pkey(PEM_read_bio_PrivateKey(BioOf(key).get(), nullptr, NoPassword, nullptr),
                        EVP_PKEY_free);
  const bool fits = pkey && SSL_CTX_use_PrivateKey(context, pkey.get()) == 1 &&
                    SSL_CTX_check_private_key(context) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return InvalidField("syslog.client_key",
                      "must be the certificate's key, in PEM and not encrypted");
}

}  // namespace

absl::StatusOr<SslContext> MakeSslContext(std::string_view ca_certificates,
                                          std::string_view client_certificate,
                                          std::string_view client_key) {
  SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  KASBAH_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (ca_certificates.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    RETURN_IF_ERROR(TrustOnly(context.get(), ca_certificates));
  }
  if (client_certificate.empty() && client_key.empty()) return context;
  RETURN_IF_ERROR(UseOwn(context.get(), client_certificate, client_key));
  return context;
}

}  // namespace kasbah::audit
