#include "libs/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/rpc/tls_pem.h"

namespace kasbah::rpc {
namespace {

constexpr unsigned kReloadSeconds = 1;

using NamesPtr = crypto::OpenSslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

std::vector<std::string> UrisOf(const X509* certificate) {
  std::vector<std::string> uris;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

// Accepts a server whose certificate carries one URI name alone, the expected id. The chain has
// been verified before this is asked.
class ExactServerId : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit ExactServerId(std::string server_id) : server_id_(std::move(server_id)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* sync_status) override {
    const std::vector<grpc::string_ref> uris = request->uri_names();
    const bool exact = uris.size() == 1 && uris[0] == grpc::string_ref(server_id_);
    *sync_status = exact ? grpc::Status::OK
                         : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                        "the server's certificate is not for " + server_id_);
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string server_id_;
};

std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> Watch(const TlsFiles& files) {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.directory + "/tls.key", files.directory + "/tls.crt", files.directory + "/ca.crt",
      kReloadSeconds);
}

}  // namespace

void RequireTls13() {
  // A suite that needs a pre-shared key, which nobody has: TLS 1.2 finds nothing in common, and the
  // suites of TLS 1.3 are not affected by this list.
  setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", /*overwrite=*/1);
}

absl::StatusOr<SpiffeId> OwnIdentity(const TlsFiles& files) {
  if (files.directory.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "TLS_FILES_UNUSABLE",
                 "server.tls_directory is not set; it must hold tls.crt, tls.key and ca.crt");
  }
  const std::string path = files.directory + "/tls.crt";
  ASSIGN_OR_RETURN(const std::vector<X509Ptr> chain, ReadCertificates(path));
  const X509* const certificate = chain.front().get();
  RETURN_IF_ERROR(ReadCertificates(files.directory + "/ca.crt").status());
  ASSIGN_OR_RETURN(const PkeyPtr key, ReadPrivateKey(files.directory + "/tls.key"));
  if (X509_check_private_key(certificate, key.get()) != 1) {
    return Unusable(files.directory + "/tls.key", "does not belong to tls.crt");
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0) {
    return Unusable(path, "has expired; have a new certificate issued");
  }
  const std::vector<std::string> uris = UrisOf(certificate);
  if (uris.size() != 1) {
    return Unusable(path, StrCat("carries ", uris.size(), " URI names and not one SPIFFE id"));
  }
  const absl::StatusOr<SpiffeId> id = SpiffeId::Parse(uris[0]);
  if (!id.ok()) return Unusable(path, StrCat("is for ", uris[0], ", which is no id of ours"));
  return id;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerTls(const TlsFiles& files) {
  RETURN_IF_ERROR(OwnIdentity(files).status());
  grpc::experimental::TlsServerCredentialsOptions options(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials =
      grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC refused the TLS server options");
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientTls(const TlsFiles& files,
                                                                    const std::string& server_id) {
  RETURN_IF_ERROR(OwnIdentity(files).status());
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ExactServerId>(server_id));
  // Names are SPIFFE ids here, never hosts.
  options.set_check_call_host(false);
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::experimental::TlsCredentials(options);
  if (credentials == nullptr) return absl::InternalError("gRPC refused the TLS channel options");
  return credentials;
}

}  // namespace kasbah::rpc
