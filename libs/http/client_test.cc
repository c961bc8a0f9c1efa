#include "libs/http/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "libs/base/strings.h"
#include "libs/http/server.h"
#include "libs/testing/loopback_listener.h"
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

std::string UrlOf(int port, std::string_view path = "/") {
  return StrCat("http://127.0.0.1:", port, path);
}

// Accepts one connection, reads a request's headers and does with the socket what a test says.
class RawServer {
 public:
  explicit RawServer(std::function<void(int fd, std::atomic<bool>& stop)> serve) {
    thread_ = std::thread([this, serve] {
      const int client = listener_.Accept(stop_);
      if (client < 0) return;
      std::string request;
      char c;
      while (request.find("\r\n\r\n") == std::string::npos && read(client, &c, 1) == 1) {
        request.push_back(c);
      }
      serve(client, stop_);
      close(client);
    });
  }
  ~RawServer() {
    stop_ = true;
    thread_.join();
  }
  int port() const { return listener_.port(); }

 private:
  const testing::LoopbackListener listener_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// False when the other side is gone.
bool WriteAll(int fd, std::string_view text) {
  return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

TEST(Client, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", [](const Request& request) {
                         Response response;
                         response.status = 202;
                         response.headers["retry-after"] = "7";
                         response.body = StrCat(request.method, " ", request.target, " ",
                                                request.headers.at("x-test"), " ", request.body);
                         EXPECT_EQ(request.headers.count("content-type"), 0u);
                         EXPECT_EQ(request.headers.count("expect"), 0u);
                         return response;
                       }));
  auto client = LoopbackClient();
  ASSERT_OK_AND_ASSIGN(const ClientResponse response,
                       client->SendAndWait({.method = "POST",
                                            .url = UrlOf(server->port(), "/a?b=c"),
                                            .headers = {{"X-Test", "v"}},
                                            .body = std::string("a\0b", 3)}));
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.headers.at("retry-after"), "7");
  EXPECT_EQ(response.body, std::string("POST /a?b=c v a\0b", 17));
}

TEST(Client, ManyRequestsRunAtOnce) {
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", [](const Request& request) {
                         return Response{.body = request.target};
                       }));
  auto client = LoopbackClient();
  constexpr int kRequests = 200;
  absl::BlockingCounter done(kRequests);
  std::atomic<int> right{0};
  for (int i = 0; i < kRequests; ++i) {
    const std::string target = StrCat("/", i);
    client->Send({.url = UrlOf(server->port(), target)},
                 [&, target](absl::StatusOr<ClientResponse> response) {
                   if (response.ok() && response->body == target) ++right;
                   done.DecrementCount();
                 });
  }
  done.Wait();
  EXPECT_EQ(right, kRequests);
}

TEST(Client, LoopbackIsBlockedUnlessItIsAllowedAndNobodyIsDialled) {
  std::atomic<int> calls{0};
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", [&](const Request&) {
                         ++calls;
                         return Response{};
                       }));
  ASSERT_OK_AND_ASSIGN(auto client, Client::Create({.guard = {}, .allow_http = true}));
  for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"}) {
    EXPECT_THAT(client->SendAndWait({.url = StrCat("http://", host, ":", server->port(), "/")}),
                ReasonIs(reason::kAddressBlocked))
        << host;
  }
  EXPECT_EQ(calls, 0);
}

TEST(Client, PlainHttpIsRefusedUnlessAllowed) {
  ClientOptions options;
  options.guard = AddressGuard::Create({"127.0.0.0/8"}).value();
  ASSERT_OK_AND_ASSIGN(auto client, Client::Create(std::move(options)));
  EXPECT_THAT(client->SendAndWait({.url = UrlOf(1)}), ReasonIs(reason::kInvalidUrl));
}

TEST(Client, RedirectsAreAnsweredNotFollowed) {
  std::atomic<int> calls{0};
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", [&](const Request&) {
                         ++calls;
                         return Response{.status = 302, .headers = {{"location", "/elsewhere"}}};
                       }));
  auto client = LoopbackClient();
  ASSERT_OK_AND_ASSIGN(const ClientResponse response,
                       client->SendAndWait({.url = UrlOf(server->port())}));
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(calls, 1);
}

TEST(Client, AClosedPortIsConnectRefused) {
  int port;
  {
    ASSERT_OK_AND_ASSIGN(auto server,
                         Server::Start("127.0.0.1:0", [](const Request&) { return Response{}; }));
    port = server->port();
  }
  EXPECT_THAT(LoopbackClient()->SendAndWait({.url = UrlOf(port)}),
              ReasonIs(reason::kConnectRefused));
}

TEST(Client, ABodyThatTricklesRunsIntoTheOneDeadline) {
  RawServer server([](int fd, std::atomic<bool>& stop) {
    WriteAll(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    pollfd none{-1, 0, 0};
    while (!stop && WriteAll(fd, "x")) poll(&none, 1, 10);
  });
  EXPECT_THAT(LoopbackClient()->SendAndWait(
                  {.url = UrlOf(server.port()), .timeout = absl::Milliseconds(300)}),
              ReasonIs(reason::kTimeout));
}

TEST(Client, AnEndlessBodyIsReadToTheCapOnly) {
  const auto endless = [](int fd, std::atomic<bool>& stop) {
    WriteAll(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
    while (!stop && WriteAll(fd, chunk)) {
    }
  };
  {
    RawServer server(endless);
    EXPECT_THAT(
        LoopbackClient()->SendAndWait({.url = UrlOf(server.port()), .max_response_bytes = 10'000}),
        ReasonIs(reason::kResponseTooLarge));
  }
  RawServer server(endless);
  ASSERT_OK_AND_ASSIGN(
      const ClientResponse cut,
      LoopbackClient()->SendAndWait(
          {.url = UrlOf(server.port()), .max_response_bytes = 10'000, .cut_response = true}));
  EXPECT_EQ(cut.status, 200);
  EXPECT_EQ(cut.body.size(), 10'000u);
}

TEST(Client, EndlessHeadersAreTooLarge) {
  RawServer server([](int fd, std::atomic<bool>& stop) {
    WriteAll(fd, "HTTP/1.1 200 OK\r\n");
    const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
    while (!stop && WriteAll(fd, line)) {
    }
  });
  EXPECT_THAT(LoopbackClient()->SendAndWait({.url = UrlOf(server.port()), .cut_response = true}),
              ReasonIs(reason::kResponseTooLarge));
}

TEST(Client, CompressedBodiesStayCompressed) {
  RawServer server([](int fd, std::atomic<bool>&) {
    WriteAll(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
  });
  ASSERT_OK_AND_ASSIGN(const ClientResponse response,
                       LoopbackClient()->SendAndWait({.url = UrlOf(server.port())}));
  EXPECT_EQ(response.body, "abc");
}

TEST(Client, WhatIsNotHttpIsAProtocolError) {
  RawServer server([](int fd, std::atomic<bool>&) { WriteAll(fd, "SSH-2.0-x\r\n\r\n"); });
  EXPECT_THAT(LoopbackClient()->SendAndWait({.url = UrlOf(server.port())}),
              ReasonIs(reason::kProtocol));
}

TEST(Client, AnAnswerWhoseHeadersBreakOffIsNone) {
  for (const char* said :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nX: y\r\n"}) {
    RawServer server([said](int fd, std::atomic<bool>&) { WriteAll(fd, said); });
    EXPECT_THAT(LoopbackClient()->SendAndWait({.url = UrlOf(server.port())}),
                ReasonIs(reason::kProtocol))
        << said;
  }
}

TEST(Client, PlaintextUnderHttpsIsTlsFailed) {
  RawServer server([](int fd, std::atomic<bool>&) { WriteAll(fd, "HTTP/1.1 200 OK\r\n\r\n"); });
  EXPECT_THAT(
      LoopbackClient()->SendAndWait({.url = StrCat("https://127.0.0.1:", server.port(), "/"),
                                     .timeout = absl::Milliseconds(500)}),
      ::testing::AnyOf(ReasonIs(reason::kTlsFailed), ReasonIs(reason::kTimeout)));
}

TEST(Client, NoHeaderCarriesALineEnd) {
  auto client = LoopbackClient();
  EXPECT_THAT(client->SendAndWait({.url = UrlOf(1), .headers = {{"X-A", "b\r\nX-C: d"}}}),
              ReasonIs(reason::kProtocol));
  EXPECT_THAT(client->SendAndWait({.url = UrlOf(1), .headers = {{"X A", "b"}}}),
              ReasonIs(reason::kProtocol));
}

TEST(Client, StoppingEndsWhatIsUnderWay) {
  RawServer server([](int, std::atomic<bool>& stop) {
    pollfd none{-1, 0, 0};
    while (!stop) poll(&none, 1, 10);
  });
  auto client = LoopbackClient();
  absl::StatusOr<ClientResponse> result = absl::UnknownError("not called");
  client->Send({.url = UrlOf(server.port())},
               [&](absl::StatusOr<ClientResponse> r) { result = std::move(r); });
  client.reset();
  EXPECT_THAT(result, ReasonIs(reason::kStopped));
}

}  // namespace
}  // namespace kasbah::http
