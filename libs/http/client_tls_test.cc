#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "libs/base/strings.h"
#include "libs/http/client.h"
#include "libs/testing/self_signed.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

using ::kasbah::testing::ReasonIs;

// An https server on 127.0.0.1 with a certificate that it signed itself, for `name`
// ("IP:127.0.0.1").
class TlsServer {
 public:
  TlsServer(const std::string& name, int max_version) : certificate_(name) {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_max_proto_version(context_, max_version);
    SSL_CTX_set_security_level(context_, 0);
    certificate_.UseIn(context_);
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
  }

  const std::string& url() const { return url_; }
  bool served() const { return served_; }
  const testing::SelfSigned& certificate() const { return certificate_; }

 private:
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

  const testing::SelfSigned certificate_;
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
      server.certificate().WriteTo(ca_file_);
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
