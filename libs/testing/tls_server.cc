#include "libs/testing/tls_server.h"

#include <unistd.h>

#include <string_view>

#include "libs/base/strings.h"

namespace kasbah::testing {

TlsServer::TlsServer(const std::string& name, int max_version)
    : certificate_(name), context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX_set_max_proto_version(context_, max_version);
  SSL_CTX_set_security_level(context_, 0);
  certificate_.UseIn(context_);
  thread_ = std::thread([this] { Serve(); });
}

TlsServer::~TlsServer() {
  stop_ = true;
  thread_.join();
  SSL_CTX_free(context_);
}

std::string TlsServer::url() const { return StrCat("https://127.0.0.1:", listener_.port(), "/"); }

void TlsServer::Serve() {
  const int client = listener_.Accept(stop_);
  if (client < 0) return;
  SSL* ssl = SSL_new(context_);
  SSL_set_fd(ssl, client);
  char request[4096];
  if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
    served_ = true;
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  close(client);
}

}  // namespace kasbah::testing
