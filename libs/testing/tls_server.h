#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <string>
#include <thread>

#include "libs/testing/loopback_listener.h"
#include "libs/testing/self_signed.h"

namespace kasbah::testing {

// An https server on 127.0.0.1 with a certificate that it signed itself, for `name`
// ("IP:127.0.0.1"). Answers one request, with 200 and "ok".
class TlsServer {
 public:
  explicit TlsServer(const std::string& name, int max_version = TLS1_3_VERSION);
  ~TlsServer();

  std::string url() const;
  bool served() const { return served_; }
  const SelfSigned& certificate() const { return certificate_; }

 private:
  void Serve();

  const SelfSigned certificate_;
  SSL_CTX* const context_;
  const LoopbackListener listener_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> served_{false};
  std::thread thread_;
};

}  // namespace kasbah::testing
