#include "libs/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/http/client.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

using ::kasbah::testing::ReasonIs;

std::unique_ptr<Client> LoopbackClient() {
  ClientOptions options;
  options.guard = AddressGuard::Create({"127.0.0.0/8"}).value();
  options.allow_http = true;
  return Client::Create(std::move(options)).value();
}

TEST(Server, ATakenPortIsRefusedWithItsReason) {
  const auto nothing = [](const Request&) { return Response{}; };
  ASSERT_OK_AND_ASSIGN(auto first, Server::Start("127.0.0.1:0", nothing));
  const auto second = Server::Start(StrCat("127.0.0.1:", first->port()), nothing);
  EXPECT_THAT(second, ReasonIs("LISTEN_FAILED"));
  EXPECT_THAT(std::string(second.status().message()), ::testing::HasSubstr("in use"));
}

TEST(Server, BadAddressesAreRefused) {
  const auto nothing = [](const Request&) { return Response{}; };
  for (const char* listen : {"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "nowhere:1"}) {
    EXPECT_THAT(Server::Start(listen, nothing), ReasonIs("LISTEN_FAILED")) << listen;
  }
}

TEST(Server, ARequestOverOneMegabyteIs413) {
  ASSERT_OK_AND_ASSIGN(auto server,
                       Server::Start("127.0.0.1:0", [](const Request&) { return Response{}; }));
  auto client = LoopbackClient();
  const auto send = [&](size_t size) {
    return client->SendAndWait({.method = "POST",
                                .url = StrCat("http://127.0.0.1:", server->port(), "/"),
                                .body = std::string(size, 'x')});
  };
  ASSERT_OK_AND_ASSIGN(const ClientResponse fits, send(1 << 20));
  EXPECT_EQ(fits.status, 200);
  const auto larger = send((1 << 20) + 1);
  // The answer may be lost when the server closes while the client still writes.
  if (larger.ok()) {
    EXPECT_EQ(larger->status, 413);
  }
}

TEST(Server, StopsWithAConnectionOpen) {
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", [](const Request&) {
                         return Response{.body = "kept alive"};
                       }));
  auto client = LoopbackClient();
  const std::string url = StrCat("http://127.0.0.1:", server->port(), "/");
  ASSERT_OK(client->SendAndWait({.url = url}));
  server.reset();
  EXPECT_FALSE(client->SendAndWait({.url = url}).ok());
}

}  // namespace
}  // namespace kasbah::http
