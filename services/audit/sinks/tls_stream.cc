#include "services/audit/sinks/tls_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/http/client.h"
#include "libs/http/resolve.h"

namespace kasbah::audit {
namespace {

namespace reason = http::reason;

constexpr absl::Duration kClosing = absl::Seconds(3);
constexpr absl::Duration kLook = absl::Milliseconds(10);

absl::Status Failure(std::string_view reason, std::string_view what) {
  return Error(absl::StatusCode::kUnavailable, reason, what);
}
absl::Status TimedOut() { return Failure(reason::kTimeout, "the receiver took too long"); }
absl::Status Broken() { return Failure(reason::kProtocol, "the connection broke"); }

absl::Status PollFor(int fd, short events, absl::Time deadline) {
  pollfd ready{fd, events, 0};
  for (;;) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0) return TimedOut();
    const int count = poll(&ready, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (count > 0) return absl::OkStatus();
    if (count < 0 && errno != EINTR) return Broken();
  }
}

absl::StatusOr<int> Connect(const http::IpAddress& address, int port, absl::Time deadline) {
  sockaddr_storage storage{};
  socklen_t size;
  if (address.is_v4) {
    auto* to = reinterpret_cast<sockaddr_in*>(&storage);
    to->sin_family = AF_INET;
    to->sin_port = htons(static_cast<uint16_t>(port));
    std::copy_n(address.bytes.data(), 4, reinterpret_cast<uint8_t*>(&to->sin_addr));
    size = sizeof(*to);
  } else {
    auto* to = reinterpret_cast<sockaddr_in6*>(&storage);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(static_cast<uint16_t>(port));
    std::copy_n(address.bytes.data(), 16, reinterpret_cast<uint8_t*>(&to->sin6_addr));
    size = sizeof(*to);
  }
  const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Failure(reason::kConnectRefused, "no socket");
  absl::Status status;
  if (connect(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    status = errno == EINPROGRESS ? PollFor(fd, POLLOUT, deadline) : Broken();
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (status.ok() && error != 0) status = Broken();
  }
  if (status.ok()) return fd;
  close(fd);
  if (ReasonOf(status) == reason::kTimeout) return status;
  return Failure(reason::kConnectRefused, "connection refused or unreachable");
}

void IgnoreBrokenPipes() {
  // OpenSSL writes to sockets without MSG_NOSIGNAL: a receiver that hangs up must not end us.
  static const auto former = std::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(former);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsStream>> TlsStream::Dial(SSL_CTX* context,
                                                           const std::string& host, int port,
                                                           const http::AddressGuard& guard,
                                                           absl::Time deadline) {
  IgnoreBrokenPipes();
  ASSIGN_OR_RETURN(const std::vector<http::IpAddress> addresses, http::Resolve(host, guard));
  absl::Status last = Failure(reason::kDnsFailed, "the host has no address");
  for (const http::IpAddress& address : addresses) {
    const absl::StatusOr<int> fd = Connect(address, port, deadline);
    if (!fd.ok()) {
      last = fd.status();
      continue;
    }
    SSL* const ssl = SSL_new(context);
    KASBAH_CHECK(ssl != nullptr && SSL_set_fd(ssl, *fd) == 1);
    std::unique_ptr<TlsStream> stream(new TlsStream(*fd, ssl));
    RETURN_IF_ERROR(stream->Shake(host, deadline));
    return stream;
  }
  return last;
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
  close(fd_);
}

absl::Status TlsStream::Shake(const std::string& host, absl::Time deadline) {
  if (http::IpAddress::Parse(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  } else {
    SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    KASBAH_CHECK(SSL_set1_host(ssl_, host.c_str()) == 1);
    SSL_set_tlsext_host_name(ssl_, host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_);
    if (result == 1) return absl::OkStatus();
    const absl::Status waited = Await(result, deadline);
    if (waited.ok()) continue;
    if (ReasonOf(waited) == reason::kTimeout) return waited;
    return Failure(reason::kTlsFailed, "TLS failed or the certificate was refused");
  }
}

absl::Status TlsStream::Await(int result, absl::Time deadline) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return PollFor(fd_, POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return PollFor(fd_, POLLOUT, deadline);
    case SSL_ERROR_SSL:
      return Failure(reason::kTlsFailed, "the receiver ended the connection with an alert");
    default:
      return Broken();
  }
}

absl::Status TlsStream::Write(std::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const int size = static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20));
    const int written = SSL_write(ssl_, bytes.data(), size);
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else {
      RETURN_IF_ERROR(Await(written, deadline));
    }
  }
  return absl::OkStatus();
}

absl::Status TlsStream::Finish(absl::Time deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_);
    if (result >= 0) break;
    RETURN_IF_ERROR(Await(result, deadline));
  }
  shutdown(fd_, SHUT_WR);
  const absl::Time patience = std::min(deadline, absl::Now() + kClosing);
  char ignored[4096];
  for (;;) {
    ERR_clear_error();
    const int result = SSL_read(ssl_, ignored, sizeof(ignored));
    if (result > 0) continue;
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ) {
      // One that keeps the connection open.
      if (!PollFor(fd_, POLLIN, patience).ok()) break;
      continue;
    }
    // Many close the socket without a word.
    const bool closed = error == SSL_ERROR_ZERO_RETURN ||
                        (error == SSL_ERROR_SSL &&
                         ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    if (closed) break;
    return error == SSL_ERROR_SSL
               ? Failure(reason::kTlsFailed, "the receiver ended the connection with an alert")
               : Broken();
  }
  return AwaitArrival(deadline);
}

// Bytes that reach a socket which nobody reads any more are answered with a reset.
absl::Status TlsStream::AwaitArrival(absl::Time deadline) {
  for (;;) {
    int error = 0;
    socklen_t length = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return Broken();
    int unsent = 0;
    if (ioctl(fd_, SIOCOUTQ, &unsent) != 0) return Broken();
    if (unsent == 0) return absl::OkStatus();
    if (absl::Now() >= deadline) return TimedOut();
    absl::SleepFor(kLook);
  }
}

}  // namespace kasbah::audit
