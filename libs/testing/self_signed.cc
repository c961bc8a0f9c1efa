#include "libs/testing/self_signed.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "libs/base/error.h"

namespace kasbah::testing {

SelfSigned::SelfSigned(const std::string& name)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
  X509* const certificate = certificate_.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_set_pubkey(certificate, key_.get());
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("receiver"), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  KASBAH_CHECK(X509_sign(certificate, key_.get(), EVP_sha256()) > 0);
}

void SelfSigned::UseIn(SSL_CTX* context) const {
  KASBAH_CHECK(SSL_CTX_use_certificate(context, certificate_.get()) == 1);
  KASBAH_CHECK(SSL_CTX_use_PrivateKey(context, key_.get()) == 1);
}

void SelfSigned::WriteTo(const std::string& path) const {
  FILE* const file = std::fopen(path.c_str(), "w");
  KASBAH_CHECK(file != nullptr && PEM_write_X509(file, certificate_.get()) == 1);
  std::fclose(file);
}

}  // namespace kasbah::testing
