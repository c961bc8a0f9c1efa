#include "libs/reporting/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/testing/self_signed.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::ReasonIs;

// Takes one request over TLS, with a certificate that it signed itself.
class TlsReceiver {
 public:
  TlsReceiver() : certificate_("IP:127.0.0.1"), context_(SSL_CTX_new(TLS_server_method())) {
    certificate_.UseIn(context_);
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = StrCat("https://127.0.0.1:", ntohs(address.sin_port), "/v1/traces");
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsReceiver() {
    stop_ = true;
    thread_.join();
    close(fd_);
    SSL_CTX_free(context_);
  }

  const std::string& url() const { return url_; }
  bool was_told() const { return was_told_; }
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
    char request[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
      was_told_ = true;
      const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    close(client);
  }

  const testing::SelfSigned certificate_;
  SSL_CTX* context_;
  int fd_;
  std::string url_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> was_told_{false};
  std::thread thread_;
};

class CollectorTest : public ::testing::Test {
 protected:
  ~CollectorTest() override { std::filesystem::remove(ca_file_); }

  std::unique_ptr<Collector> Trusting(const std::string& ca_file,
                                      const std::vector<std::string>& networks) {
    return Collector::Create(Endpoint::Parse(receiver_.url(), networks).value(), {}, ca_file)
        .value();
  }

  TlsReceiver receiver_;
  const std::string ca_file_ =
      (std::filesystem::temp_directory_path() / StrCat("kasbah-collector-", getpid(), ".pem"))
          .string();
};

TEST_F(CollectorTest, ACertificateOfOurRootsIsTold) {
  receiver_.certificate().WriteTo(ca_file_);
  const auto response = Trusting(ca_file_, {"127.0.0.0/8"})->Post("spans");
  ASSERT_OK(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(receiver_.was_told());
}

TEST_F(CollectorTest, ACertificateOfNobodyWeTrustIsToldNothing) {
  EXPECT_THAT(Trusting("", {"127.0.0.0/8"})->Post("spans"), ReasonIs("TLS_FAILED"));
  EXPECT_FALSE(receiver_.was_told());
}

TEST_F(CollectorTest, NothingGoesOutAndNobodyWaitsOnceTheTimeIsOver) {
  receiver_.certificate().WriteTo(ca_file_);
  const auto collector = Trusting(ca_file_, {"127.0.0.0/8"});
  EXPECT_FALSE(collector->stopping());
  collector->Stop(absl::Now());
  EXPECT_TRUE(collector->stopped());
  EXPECT_THAT(collector->Post("spans"), ReasonIs("STOPPED"));
  EXPECT_FALSE(collector->Pause(absl::InfiniteFuture()));
  EXPECT_FALSE(receiver_.was_told());
}

TEST(WaitOf, WhatIsAskedForIsHonouredAndNotForEver) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  const auto wait = [now](const std::string& header) {
    return WaitOf({.status = 503, .headers = {{"retry-after", header}}, .body = {}},
                  absl::Seconds(4), now);
  };
  EXPECT_EQ(WaitOf({.status = 503, .headers = {}, .body = {}}, absl::Seconds(4), now),
            absl::Seconds(4));
  EXPECT_EQ(wait("7"), absl::Seconds(7));
  EXPECT_EQ(wait("Mon, 21 Sep 2026 14:14:20 GMT"), absl::Seconds(60));
  EXPECT_EQ(wait("soon"), absl::Seconds(4));
  EXPECT_EQ(wait("999999999999"), absl::Hours(1));
}

}  // namespace
}  // namespace kasbah::reporting
