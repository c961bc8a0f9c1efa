#include "libs/rpc/tls_pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"

namespace kasbah::rpc {
namespace {

using crypto::BioPtr;

absl::StatusOr<BioPtr> OpenPem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unusable(path, "cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  BioPtr bio(BIO_new(BIO_s_mem()));
  KASBAH_CHECK(bio != nullptr && BIO_write(bio.get(), text.data(), static_cast<int>(text.size())) ==
                                     static_cast<int>(text.size()));
  return bio;
}

}  // namespace

absl::Status Unusable(const std::string& path, std::string_view what) {
  ERR_clear_error();
  return Error(
      absl::StatusCode::kFailedPrecondition, "TLS_FILES_UNUSABLE",
      StrCat(path, " ", what, "; server.tls_directory must hold tls.crt, tls.key and ca.crt"));
}

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const std::string& path) {
  ASSIGN_OR_RETURN(const BioPtr bio, OpenPem(path));
  std::vector<X509Ptr> certificates;
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  // The end of the file is an error like any other there.
  ERR_clear_error();
  if (certificates.empty()) return Unusable(path, "holds no PEM certificate");
  return certificates;
}

absl::StatusOr<PkeyPtr> ReadPrivateKey(const std::string& path) {
  ASSIGN_OR_RETURN(const BioPtr bio, OpenPem(path));
  PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return Unusable(path, "holds no PEM private key");
  return key;
}

}  // namespace kasbah::rpc
