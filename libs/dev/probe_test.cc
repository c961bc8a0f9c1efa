#include "libs/dev/probe.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kasbah::dev {
namespace {

// Whether somebody else may bind `port`, and listen there where that is a server.
bool MayBind(int port, bool is_server) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int reuse = is_server ? 1 : 0;
  EXPECT_EQ(setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound =
      bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      (!is_server || listen(socket_fd, 1) == 0);
  close(socket_fd);
  return bound;
}

// Two installations that start at once picked one port now and then.
TEST(Probe, APortThatWasPickedIsItsServersAndNobodyElsesToPick) {
  const auto port = PickFreePort();
  ASSERT_TRUE(port.ok()) << port.status();
  EXPECT_FALSE(Accepts(*port));
  EXPECT_FALSE(MayBind(*port, /*is_server=*/false));
  EXPECT_TRUE(MayBind(*port, /*is_server=*/true));
  // Restarted, too.
  EXPECT_TRUE(MayBind(*port, /*is_server=*/true));
  EXPECT_TRUE(IsPortFree(*port));
  EXPECT_FALSE(MayBind(*port, /*is_server=*/false));
}

}  // namespace
}  // namespace kasbah::dev
