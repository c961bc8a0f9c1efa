#include "libs/dev/probe.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kasbah::dev {
namespace {

// Whether a server may listen there, which then ends.
bool MayListen(int port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  EXPECT_EQ(setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool listens =
      bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      listen(socket_fd, 1) == 0;
  close(socket_fd);
  return listens;
}

// Two installations that start at once picked one port now and then.
TEST(Probe, APortThatWasPickedIsItsServersAndNobodyElsesToPick) {
  const auto port = PickFreePort();
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_FALSE(Accepts(*port));
  EXPECT_FALSE(ReservePort(*port));
  // Started, and started again.
  EXPECT_TRUE(MayListen(*port));
  EXPECT_TRUE(MayListen(*port));
  EXPECT_TRUE(IsPortFree(*port));
  EXPECT_FALSE(ReservePort(*port));
}

}  // namespace
}  // namespace kasbah::dev
