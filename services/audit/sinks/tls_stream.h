#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/address_guard.h"

namespace kasbah::audit {

// Bytes to somebody else's server over TLS, one way. Its name stands in its certificate, or the
// connection is not made. Errors have the reasons of libs/http/client.h: ADDRESS_BLOCKED,
// DNS_FAILED, CONNECT_REFUSED, TLS_FAILED, TIMEOUT. Not thread safe.
class TlsStream {
 public:
  static absl::StatusOr<std::unique_ptr<TlsStream>> Dial(SSL_CTX* context, const std::string& host,
                                                         int port, const http::AddressGuard& guard,
                                                         absl::Time deadline);
  ~TlsStream();

  absl::Status Write(std::string_view bytes, absl::Time deadline);

  // Says that nothing follows, and waits until the other side has closed too, which it does when it
  // has read to the end; one that keeps the connection has at least taken every byte into its
  // machine. An error: what was written may or may not have arrived.
  absl::Status Finish(absl::Time deadline);

 private:
  TlsStream(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  absl::Status Shake(const std::string& host, absl::Time deadline);
  // Waits for what a call that returned `result` wants; anything but readiness is an error.
  absl::Status Await(int result, absl::Time deadline);
  absl::Status AwaitArrival(absl::Time deadline);

  const int fd_;
  SSL* const ssl_;
};

}  // namespace kasbah::audit
