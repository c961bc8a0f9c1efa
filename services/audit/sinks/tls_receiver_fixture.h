#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/loopback_listener.h"

namespace kasbah::audit {

// A TLS server on loopback that treats each connection, one after the other, as `manner` says.
class TlsReceiver {
 public:
  struct Connection {
    SSL* ssl;
    int fd;
    // Until the other side has closed, or `enough` says so.
    std::string ReadAll(const std::function<bool(const std::string&)>& enough = nullptr) const {
      std::string bytes;
      char buffer[16384];
      for (;;) {
        const int count = SSL_read(ssl, buffer, sizeof(buffer));
        if (count <= 0) return bytes;
        bytes.append(buffer, static_cast<size_t>(count));
        if (enough && enough(bytes)) return bytes;
      }
    }
    void Write(std::string_view bytes) const {
      SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
    }
    // Ends it so that the other side gets a reset.
    void Reset() const {
      const linger hard{1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    }
  };
  using Manner = std::function<void(const Connection&)>;

  // Certificate and key are files; `client_ca` asks clients for a certificate of its.
  TlsReceiver(const std::string& certificate, const std::string& key, Manner manner,
              const std::string& client_ca = "", int max_version = TLS1_3_VERSION)
      : manner_(std::move(manner)), context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_max_proto_version(context_, max_version);
    SSL_CTX_set_security_level(context_, 0);
    KASBAH_CHECK(SSL_CTX_use_certificate_file(context_, certificate.c_str(), SSL_FILETYPE_PEM) ==
                 1);
    KASBAH_CHECK(SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1);
    if (!client_ca.empty()) {
      KASBAH_CHECK(SSL_CTX_load_verify_locations(context_, client_ca.c_str(), nullptr) == 1);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsReceiver() {
    stop_ = true;
    thread_.join();
    SSL_CTX_free(context_);
  }

  int port() const { return listener_.port(); }
  std::string url() const { return StrCat("https://127.0.0.1:", port(), "/"); }

 private:
  void Serve() {
    for (int fd; (fd = listener_.Accept(stop_)) >= 0;) {
      SSL* const ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) manner_({ssl, fd});
      SSL_shutdown(ssl);
      SSL_free(ssl);
      close(fd);
    }
  }

  const Manner manner_;
  SSL_CTX* const context_;
  const testing::LoopbackListener listener_{64};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace kasbah::audit
