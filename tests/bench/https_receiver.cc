#include "tests/bench/https_receiver.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/self_signed.h"

namespace kasbah::bench {
namespace {

// The length of the request at the start of `buffer`, body included; 0 while it is not all there.
size_t RequestLength(std::string_view buffer) {
  const size_t end = buffer.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  size_t body = 0;
  for (size_t at = buffer.find("\r\n"); at < end; at = buffer.find("\r\n", at + 2)) {
    constexpr std::string_view kName = "content-length:";
    const std::string_view line = buffer.substr(at + 2, buffer.find("\r\n", at + 2) - at - 2);
    if (absl::StartsWithIgnoreCase(ToAbsl(line), ToAbsl(kName))) {
      KASBAH_CHECK(absl::SimpleAtoi(ToAbsl(line.substr(kName.size())), &body));
    }
  }
  const size_t length = end + 4 + body;
  return length <= buffer.size() ? length : 0;
}

}  // namespace

std::unique_ptr<HttpsReceiver> HttpsReceiver::Start(const std::string& ca_file) {
  signal(SIGPIPE, SIG_IGN);
  auto receiver = std::unique_ptr<HttpsReceiver>(new HttpsReceiver());
  const testing::SelfSigned certificate("IP:127.0.0.1");
  certificate.WriteTo(ca_file);
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  certificate.UseIn(context);
  receiver->context_ = context;

  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  KASBAH_CHECK(bind(listener, generic, size) == 0 && listen(listener, 512) == 0 &&
               getsockname(listener, generic, &size) == 0);
  receiver->url_ = StrCat("https://127.0.0.1:", ntohs(address.sin_port));
  std::thread([raw = receiver.get(), listener] { raw->Accept(listener); }).detach();
  return receiver;
}

void HttpsReceiver::Accept(int listener) {
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) std::thread([this, connection] { Serve(connection); }).detach();
  }
}

void HttpsReceiver::Serve(int connection) {
  SSL* const ssl = SSL_new(static_cast<SSL_CTX*>(context_));
  SSL_set_fd(ssl, connection);
  std::string buffer;
  char bytes[16 * 1024];
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  for (int read = SSL_accept(ssl); read > 0;) {
    read = SSL_read(ssl, bytes, sizeof(bytes));
    if (read <= 0) break;
    buffer.append(bytes, static_cast<size_t>(read));
    while (const size_t length = RequestLength(buffer)) {
      buffer.erase(0, length);
      ++received_;
      read = SSL_write(ssl, kAnswer.data(), static_cast<int>(kAnswer.size()));
    }
  }
  SSL_free(ssl);
  close(connection);
}

}  // namespace kasbah::bench
