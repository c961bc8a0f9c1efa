#include "libs/dev/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <random>

#include "absl/strings/numbers.h"
#include "libs/base/strings.h"

namespace kasbah::dev {
namespace {

constexpr int kFirstPort = 20000;
constexpr int kLastPort = 29999;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A connected socket, or -1.
int Connect(int port, absl::Duration timeout) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return -1;
  const timeval limit = absl::ToTimeval(timeout);
  setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  const sockaddr_in address = Loopback(port);
  if (connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket_fd);
    return -1;
  }
  return socket_fd;
}

bool AllowReuse(int socket_fd) {
  const int yes = 1;
  return setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0;
}

// A socket that is bound and does not listen, or -1.
int Bind(int port, bool reuse) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return -1;
  const sockaddr_in address = Loopback(port);
  if ((!reuse || AllowReuse(socket_fd)) &&
      bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket_fd;
  }
  close(socket_fd);
  return -1;
}

}  // namespace

ProbeAnswer Probe(int port, const std::string& path, absl::Duration timeout) {
  ProbeAnswer answer;
  const int connection = Connect(port, timeout);
  if (connection < 0) return answer;
  const std::string request =
      StrCat("GET ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  std::string reply;
  if (send(connection, request.data(), request.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    ssize_t size = 0;
    while ((size = recv(connection, buffer, sizeof(buffer), 0)) > 0) {
      reply.append(buffer, static_cast<size_t>(size));
    }
  }
  close(connection);
  const size_t body = reply.find("\r\n\r\n");
  if (body == std::string::npos || reply.size() < 12) return answer;
  if (!absl::SimpleAtoi(reply.substr(9, 3), &answer.status)) answer.status = 0;
  answer.body = reply.substr(body + 4);
  return answer;
}

bool Accepts(int port, absl::Duration timeout) {
  const int connection = Connect(port, timeout);
  if (connection >= 0) close(connection);
  return connection >= 0;
}

bool ReservePort(int port) {
  const int socket_fd = Bind(port, /*reuse=*/false);
  if (socket_fd < 0) return false;
  // Now servers may listen there. Said before, the port of another that reserves would not be seen.
  if (AllowReuse(socket_fd)) return true;
  close(socket_fd);
  return false;
}

absl::StatusOr<int> PickFreePort() {
  std::random_device random;
  std::uniform_int_distribution<int> choose(kFirstPort, kLastPort);
  for (int i = 0; i < 1000; ++i) {
    const int port = choose(random);
    if (ReservePort(port)) return port;
  }
  return absl::ResourceExhaustedError(
      StrCat("no free port between ", kFirstPort, " and ", kLastPort, " on 127.0.0.1"));
}

bool IsPortFree(int port) {
  // Connections that linger after a restart do not keep a port from being listened on.
  const int socket_fd = Bind(port, /*reuse=*/true);
  if (socket_fd >= 0) close(socket_fd);
  return socket_fd >= 0;
}

}  // namespace kasbah::dev
