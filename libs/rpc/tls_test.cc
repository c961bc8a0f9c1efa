#include "libs/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <iterator>

#include "libs/rpc/rpc_fixture.h"

namespace kasbah::rpc {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class TlsTest : public RpcTest {
 protected:
  // Credentials that check nothing of the server's name, around our own checks of the files.
  std::shared_ptr<grpc::Channel> Raw(const std::string& roots, const std::string& directory) {
    std::vector<grpc::experimental::IdentityKeyCertPair> pairs;
    if (!directory.empty()) {
      pairs.push_back({Read(directory + "/tls.key"), Read(directory + "/tls.crt")});
    }
    grpc::experimental::TlsChannelCredentialsOptions options;
    options.set_certificate_provider(
        std::make_shared<grpc::experimental::StaticDataCertificateProvider>(roots, pairs));
    options.watch_root_certs();
    if (!directory.empty()) options.watch_identity_key_cert_pairs();
    options.set_certificate_verifier(
        std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
    options.set_check_call_host(false);
    return grpc::CreateChannel(Address(), grpc::experimental::TlsCredentials(options));
  }
  std::string Roots() const { return Read(directory_ + "/ca/ca.crt"); }

  // A handshake with OpenSSL alone at exactly `version`: the serial of the server's certificate,
  // empty when refused.
  std::string Handshake(int version, const std::string& directory) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_use_certificate_file(context, (directory + "/tls.crt").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, (directory + "/tls.key").c_str(), SSL_FILETYPE_PEM);
    BIO* bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(bio, Address().c_str());
    SSL* ssl = nullptr;
    BIO_get_ssl(bio, &ssl);
    const unsigned char alpn[] = "\x02h2";
    SSL_set_alpn_protos(ssl, alpn, 3);
    std::string serial;
    if (BIO_do_connect(bio) == 1 && BIO_do_handshake(bio) == 1) {
      X509* peer = SSL_get1_peer_certificate(ssl);
      BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(peer), nullptr);
      char* hex = BN_bn2hex(number);
      serial = hex;
      OPENSSL_free(hex);
      BN_free(number);
      X509_free(peer);
    }
    BIO_free_all(bio);
    SSL_CTX_free(context);
    return serial;
  }
};

TEST_F(TlsTest, AServiceThatIsNamedGetsThrough) {
  StartServer();
  ASSERT_OK_AND_ASSIGN(const auto reply, Ping(Client(kWebhook)));
  EXPECT_EQ(reply.server().substr(0, 12), "kasbah-test ");
}

TEST_F(TlsTest, APlaintextClientIsRefused) {
  StartServer();
  EXPECT_THAT(Ping(grpc::CreateChannel(Address(), grpc::InsecureChannelCredentials())),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, AClientWithoutACertificateIsRefused) {
  StartServer();
  EXPECT_THAT(Ping(Raw(Roots(), "")), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, ACertificateOfAnotherAuthorityIsRefused) {
  StartServer();
  ASSERT_OK_AND_ASSIGN(const auto other, dev::CertificateAuthority::Open(directory_ + "/other"));
  ASSERT_OK(other.Issue({.uris = {kWebhook}}, directory_ + "/foreign"));
  EXPECT_THAT(Ping(Raw(Roots(), directory_ + "/foreign")),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  StartServer();
  ASSERT_OK(authority_->Issue(
      {.uris = {kWebhook}, .validity = absl::Minutes(1), .starts_ago = absl::Minutes(5)},
      directory_ + "/expired"));
  EXPECT_THAT(Ping(Raw(Roots(), directory_ + "/expired")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(OwnIdentity(TlsFiles{directory_ + "/expired"}), ReasonIs("TLS_FILES_UNUSABLE"));
}

TEST_F(TlsTest, ACertificateWithoutExactlyOneSpiffeIdIsRefused) {
  StartServer();
  const std::vector<std::vector<std::string>> cases = {{},
                                                       {kWebhook, kGateway},
                                                       {"https://kasbah.dev/service/webhook"},
                                                       {"spiffe://kasbah.dev/robot/webhook"}};
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string directory = directory_ + "/case" + std::to_string(i);
    ASSERT_OK(authority_->Issue({.uris = cases[i]}, directory));
    EXPECT_THAT(Ping(Raw(Roots(), directory)), ReasonIs("PEER_IDENTITY_MISSING")) << i;
    EXPECT_THAT(OwnIdentity(TlsFiles{directory}), ReasonIs("TLS_FILES_UNUSABLE")) << i;
  }
}

TEST_F(TlsTest, APeerOfAnotherTrustDomainIsRefused) {
  StartServer();
  EXPECT_THAT(Ping(Client("spiffe://kasbah.org/service/webhook")), ReasonIs("PEER_FOREIGN"));
}

TEST_F(TlsTest, AServerOfAnotherIdIsNotTalkedTo) {
  StartServer();
  EXPECT_THAT(Ping(Client(kWebhook, "spiffe://kasbah.dev/service/audit")),
              ReasonIs("PEER_UNAVAILABLE"));
}

TEST_F(TlsTest, OnlyTls13IsSpoken) {
  StartServer();
  ASSERT_OK(authority_->Issue({.uris = {kWebhook}}, directory_ + "/client"));
  EXPECT_EQ(Handshake(TLS1_2_VERSION, directory_ + "/client"), "");
  EXPECT_NE(Handshake(TLS1_3_VERSION, directory_ + "/client"), "");
}

TEST_F(TlsTest, AReplacedCertificateIsServedWhileOldConnectionsGoOn) {
  StartServer();
  const auto stub = auth::v1::TrustService::NewStub(Client(kWebhook));
  grpc::ClientContext context;
  const auto reader = stub->WatchRevocations(&context, auth::v1::WatchRevocationsRequest());
  auth::v1::WatchRevocationsResponse message;
  ASSERT_TRUE(reader->Read(&message));

  ASSERT_OK(authority_->Issue({.uris = {kWebhook}}, directory_ + "/client"));
  const std::string before = Handshake(TLS1_3_VERSION, directory_ + "/client");
  ASSERT_NE(before, "");
  ASSERT_OK(authority_->Issue({.uris = {kVault}}, ServerDirectory()));
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  std::string now = before;
  // Each handshake must work: the old pair or the new one, never a mixture.
  while (now == before && absl::Now() < deadline) {
    now = Handshake(TLS1_3_VERSION, directory_ + "/client");
    ASSERT_NE(now, "");
    ASSERT_TRUE(reader->Read(&message)) << "the stream was dropped";
  }
  EXPECT_NE(now, before);
  context.TryCancel();
}

TEST_F(TlsTest, UnusableFilesAreNamedAndExplained) {
  EXPECT_THAT(OwnIdentity(TlsFiles{""}), ReasonIs("TLS_FILES_UNUSABLE"));
  EXPECT_THAT(OwnIdentity(TlsFiles{directory_ + "/nowhere"}), ReasonIs("TLS_FILES_UNUSABLE"));
  ASSERT_OK(authority_->Issue({.uris = {kWebhook}}, directory_ + "/a"));
  ASSERT_OK(authority_->Issue({.uris = {kWebhook}}, directory_ + "/b"));
  const std::string key = Read(directory_ + "/b/tls.key");
  std::filesystem::remove(directory_ + "/a/tls.key");
  std::ofstream(directory_ + "/a/tls.key") << key;
  const auto identity = OwnIdentity(TlsFiles{directory_ + "/a"});
  EXPECT_NE(std::string(identity.status().message()).find("does not belong"), std::string::npos);
}

}  // namespace
}  // namespace kasbah::rpc
