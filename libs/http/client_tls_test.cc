#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "libs/base/strings.h"
#include "libs/http/client.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

using ::kasbah::testing::ReasonIs;

// An https server on 127.0.0.1 with a certificate that it signed itself, for `name`
// ("IP:127.0.0.1").
class TlsServer {
 public:
  TlsServer(const std::string& name, int max_version) {
    key_ = EVP_EC_gen("P-256");
    MakeCertificate(name);
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_max_proto_version(context_, max_version);
    SSL_CTX_set_security_level(context_, 0);
    EXPECT_EQ(SSL_CTX_use_certificate(context_, certificate_), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_, key_), 1);
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = StrCat("https://127.0.0.1:", ntohs(address.sin_port), "/");
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    stop_ = true;
    thread_.join();
    close(fd_);
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  const std::string& url() const { return url_; }
  bool served() const { return served_; }
  void WriteCertificate(const std::string& path) const {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(PEM_write_X509(file, certificate_), 1);
    std::fclose(file);
  }

 private:
  void MakeCertificate(const std::string& name) {
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* subject = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_, subject);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    EXPECT_GT(X509_sign(certificate_, key_, EVP_sha256()), 0);
  }

  void Serve() {
    pollfd ready{fd_, POLLIN, 0};
    while (!stop_ && poll(&ready, 1, 20) == 0) {
    }
    if (stop_) return;
    const int client = accept(fd_, nullptr, nullptr);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, client);
    if (SSL_accept(ssl) == 1) {
      char request[4096];
      if (SSL_read(ssl, request, sizeof(request)) > 0) {
        served_ = true;
        const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl);
      }
    }
    SSL_free(ssl);
    close(client);
  }

  EVP_PKEY* key_;
  X509* certificate_;
  SSL_CTX* context_;
  int fd_;
  std::string url_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> served_{false};
  std::thread thread_;
};

class ClientTlsTest : public ::testing::Test {
 protected:
  ~ClientTlsTest() override { std::filesystem::remove(ca_file_); }

  absl::StatusOr<ClientResponse> Get(const TlsServer& server, bool trusted) {
    ClientOptions options;
    options.guard = AddressGuard::Create({"127.0.0.0/8"}).value();
    if (trusted) {
      server.WriteCertificate(ca_file_);
      options.ca_file = ca_file_;
    }
    return Client::Create(std::move(options)).value()->SendAndWait({.url = server.url()});
  }

  const std::string ca_file_ =
      (std::filesystem::temp_directory_path() / StrCat("kasbah-ca-", getpid(), ".pem")).string();
};

TEST_F(ClientTlsTest, ACertificateThatIsTrustedAndNamesTheHostIsServed) {
  TlsServer server("IP:127.0.0.1", TLS1_3_VERSION);
  ASSERT_OK_AND_ASSIGN(const ClientResponse response, Get(server, true));
  EXPECT_EQ(response.body, "ok");
}

TEST_F(ClientTlsTest, ACertificateOfNobodyWeTrustIsRefused) {
  TlsServer server("IP:127.0.0.1", TLS1_3_VERSION);
  EXPECT_THAT(Get(server, false), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

TEST_F(ClientTlsTest, ACertificateForAnotherHostIsRefused) {
  TlsServer server("DNS:example.com", TLS1_3_VERSION);
  EXPECT_THAT(Get(server, true), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

TEST_F(ClientTlsTest, OldTlsIsRefused) {
  TlsServer server("IP:127.0.0.1", TLS1_1_VERSION);
  EXPECT_THAT(Get(server, true), ReasonIs(reason::kTlsFailed));
  EXPECT_FALSE(server.served());
}

}  // namespace
}  // namespace kasbah::http
