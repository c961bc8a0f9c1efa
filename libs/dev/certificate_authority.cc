#include "libs/dev/certificate_authority.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/openssl_ptr.h"

namespace kasbah::dev {
namespace {

namespace fs = std::filesystem;

using crypto::BioPtr;
using crypto::X509Ptr;
using PkeyPtr = crypto::KeyPtr;
using ExtensionPtr = crypto::OpenSslPtr<X509_EXTENSION, X509_EXTENSION_free>;

absl::Status FileError(std::string_view what, const std::string& path) {
  return Error(absl::StatusCode::kFailedPrecondition, "FILE_ERROR",
               StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

// Replaces `path` at once, so that a reader sees the old bytes or the new ones.
absl::Status WriteFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string temporary = StrCat(path, ".", getpid(), ".new");
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return FileError("create", temporary);
  const ssize_t written = write(file, bytes.data(), bytes.size());
  const bool complete = written == static_cast<ssize_t>(bytes.size()) && fsync(file) == 0;
  if (close(file) != 0 || !complete) {
    const absl::Status status = FileError("write", temporary);
    unlink(temporary.c_str());
    return status;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return FileError("replace", path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError("read", path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOf(X509* certificate) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  KASBAH_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return Drain(bio.get());
}

std::string PemOf(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  KASBAH_CHECK(
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Drain(bio.get());
}

PkeyPtr NewKey() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  KASBAH_CHECK(key != nullptr);
  return key;
}

void SetRandomSerial(X509* certificate) {
  unsigned char bytes[16];
  KASBAH_CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
  bytes[0] &= 0x7f;  // Positive, as RFC 5280 demands.
  BIGNUM* number = BN_bin2bn(bytes, sizeof(bytes), nullptr);
  KASBAH_CHECK(number != nullptr &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr);
  BN_free(number);
}

void SetName(X509_NAME* name, const std::string& common_name) {
  KASBAH_CHECK(
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  KASBAH_CHECK(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

// Set as a structure and not through the configuration syntax, in which commas have a meaning.
void AddUris(X509* certificate, const std::vector<std::string>& uris) {
  if (uris.empty()) return;
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  for (const std::string& uri : uris) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    KASBAH_CHECK(ASN1_STRING_set(text, uri.data(), static_cast<int>(uri.size())) == 1);
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_URI, text);
    sk_GENERAL_NAME_push(names, name);
  }
  KASBAH_CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1);
  GENERAL_NAMES_free(names);
}

void SetValidity(X509* certificate, absl::Duration starts_ago, absl::Duration validity) {
  const absl::Time start = absl::Now() - starts_ago;
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(start));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(start + validity));
}

X509Ptr NewCertificate(EVP_PKEY* key, const std::string& common_name) {
  X509Ptr certificate(X509_new());
  KASBAH_CHECK(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  SetRandomSerial(certificate.get());
  KASBAH_CHECK(X509_set_pubkey(certificate.get(), key) == 1);
  SetName(X509_get_subject_name(certificate.get()), common_name);
  return certificate;
}

absl::Status MakeAuthority(const std::string& directory) {
  PkeyPtr key = NewKey();
  X509Ptr certificate = NewCertificate(key.get(), "Kasbah development CA");
  SetValidity(certificate.get(), absl::Minutes(5), absl::Hours(24 * 3650));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  AddExtension(certificate.get(), certificate.get(), NID_basic_constraints,
               "critical,CA:TRUE,pathlen:0");
  AddExtension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  KASBAH_CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  RETURN_IF_ERROR(WriteFile(directory + "/ca.key", PemOf(key.get()), 0600));
  return WriteFile(directory + "/ca.crt", PemOf(certificate.get()), 0644);
}

struct Authority {
  PkeyPtr key;
  X509Ptr certificate;
  std::string pem;
};

absl::StatusOr<Authority> LoadAuthority(const std::string& directory) {
  Authority authority;
  ASSIGN_OR_RETURN(const std::string key, ReadFile(directory + "/ca.key"));
  ASSIGN_OR_RETURN(authority.pem, ReadFile(directory + "/ca.crt"));
  BioPtr key_bio(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  BioPtr pem_bio(BIO_new_mem_buf(authority.pem.data(), static_cast<int>(authority.pem.size())));
  authority.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  authority.certificate.reset(PEM_read_bio_X509(pem_bio.get(), nullptr, nullptr, nullptr));
  if (!authority.key || !authority.certificate ||
      X509_check_private_key(authority.certificate.get(), authority.key.get()) != 1) {
    return Error(absl::StatusCode::kFailedPrecondition, "CA_UNUSABLE",
                 StrCat("ca.crt and ca.key in ", directory,
                        " are damaged or do not belong together; delete both to have new "
                        "ones made"));
  }
  return authority;
}

// The three files change as one: they are links through `..data`, a link that is replaced at once,
// as Kubernetes does it with mounted secrets. A reader never meets a key beside another's
// certificate.
absl::Status Publish(const std::string& directory, const std::string& key,
                     const std::string& certificate, const std::string& authority) {
  std::string version = StrCat(directory, "/..XXXXXX");
  if (mkdtemp(version.data()) == nullptr) return FileError("create a directory in", directory);
  RETURN_IF_ERROR(WriteFile(version + "/tls.key", key, 0600));
  RETURN_IF_ERROR(WriteFile(version + "/tls.crt", certificate, 0644));
  RETURN_IF_ERROR(WriteFile(version + "/ca.crt", authority, 0644));

  const std::string data = directory + "/..data";
  std::error_code ignored;
  const fs::path previous = fs::read_symlink(data, ignored);
  const auto link = [](const std::string& to, const std::string& path) -> absl::Status {
    const std::string temporary = StrCat(path, ".", getpid(), ".new");
    unlink(temporary.c_str());
    if (symlink(to.c_str(), temporary.c_str()) != 0) return FileError("create", temporary);
    if (rename(temporary.c_str(), path.c_str()) != 0) return FileError("replace", path);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(link(fs::path(version).filename().string(), data));
  for (const char* name : {"ca.crt", "tls.crt", "tls.key"}) {
    const std::string path = StrCat(directory, "/", name);
    const std::string target = StrCat("..data/", name);
    if (fs::read_symlink(path, ignored) != target) RETURN_IF_ERROR(link(target, path));
  }
  if (!previous.empty()) fs::remove_all(fs::path(directory) / previous, ignored);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CertificateAuthority> CertificateAuthority::Open(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    errno = error.value();
    return FileError("create", directory);
  }
  if (!fs::exists(directory + "/ca.crt", error)) RETURN_IF_ERROR(MakeAuthority(directory));
  RETURN_IF_ERROR(LoadAuthority(directory).status());
  return CertificateAuthority(directory);
}

absl::Status CertificateAuthority::Issue(const Request& request,
                                         const std::string& directory) const {
  ASSIGN_OR_RETURN(const Authority authority, LoadAuthority(directory_));
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    errno = error.value();
    return FileError("create", directory);
  }

  PkeyPtr key = NewKey();
  X509Ptr certificate = NewCertificate(key.get(), "Kasbah development");
  X509* issuer = authority.certificate.get();
  SetValidity(certificate.get(), request.starts_ago, request.validity);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  AddExtension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
  AddExtension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  AddUris(certificate.get(), request.uris);
  KASBAH_CHECK(X509_sign(certificate.get(), authority.key.get(), EVP_sha256()) > 0);
  return Publish(directory, PemOf(key.get()), PemOf(certificate.get()), authority.pem);
}

}  // namespace kasbah::dev
