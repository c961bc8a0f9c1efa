#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "libs/base/error.h"

namespace kasbah::testing {

// A TCP socket that listens on a loopback port of its own, for servers that a test makes by hand.
// While nobody accepts, connections open and nothing ever comes back.
class LoopbackListener {
 public:
  explicit LoopbackListener(int backlog = 8) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    KASBAH_CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    KASBAH_CHECK(listen(fd_, backlog) == 0);
    KASBAH_CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackListener() { close(fd_); }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  int port() const { return port_; }

  // The next connection, or -1 once `stop` is set.
  int Accept(const std::atomic<bool>& stop) const {
    pollfd ready{fd_, POLLIN, 0};
    while (!stop && poll(&ready, 1, 20) == 0) {
    }
    return stop ? -1 : accept(fd_, nullptr, nullptr);
  }

 private:
  const int fd_;
  int port_ = 0;
};

}  // namespace kasbah::testing
