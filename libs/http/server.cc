#include "libs/http/server.h"

#include <atomic>
#include <optional>
#include <thread>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace kasbah::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr uint64_t kMaxBody = 1 << 20;
constexpr uint32_t kMaxHeader = 16 * 1024;
constexpr size_t kMaxConnections = 256;
constexpr std::chrono::seconds kRequestTime(10);

Request FromBeast(beast::http::request<beast::http::string_body>& message) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    const std::string name = std::string(field.name_string());
    std::string& value = request.headers[absl::AsciiStrToLower(name)];
    if (!value.empty()) value += ", ";
    value += std::string(field.value());
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace

struct Server::State {
  // One client; lives until its last operation ends.
  class Connection : public std::enable_shared_from_this<Connection> {
   public:
    Connection(State* server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {}
    ~Connection() { server_->connections.erase(this); }

    void Read() {
      parser_.emplace();
      parser_->body_limit(kMaxBody);
      parser_->header_limit(kMaxHeader);
      stream_.expires_after(kRequestTime);
      beast::http::async_read(
          stream_, buffer_, *parser_,
          [self = shared_from_this()](beast::error_code error, size_t) { self->OnRead(error); });
    }
    void Close() { stream_.close(); }

   private:
    void OnRead(beast::error_code error) {
      if (error == beast::http::error::body_limit || error == beast::http::error::header_limit) {
        Write(Response{.status = 413, .body = "request too large\n"}, /*keep_alive=*/false);
        return;
      }
      // Gone, too slow, or not HTTP: nothing to say to it.
      if (error) return;
      const bool keep_alive = parser_->keep_alive();
      Request request = FromBeast(parser_->get());
      Write(server_->handler(request), keep_alive);
    }

    void Write(Response response, bool keep_alive) {
      message_ = {};
      message_.version(11);
      message_.result(static_cast<unsigned>(response.status));
      message_.set(beast::http::field::content_type, response.content_type);
      for (const auto& [name, value] : response.headers) message_.set(name, value);
      message_.body() = std::move(response.body);
      message_.keep_alive(keep_alive);
      message_.prepare_payload();
      stream_.expires_after(kRequestTime);
      beast::http::async_write(
          stream_, message_,
          [self = shared_from_this(), keep_alive](beast::error_code error, size_t) {
            if (error) return;
            if (keep_alive) {
              self->Read();
              return;
            }
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
          });
    }

    State* server_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
    beast::http::response<beast::http::string_body> message_;
  };

  void Accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && connections.size() < kMaxConnections) {
        auto connection = std::make_shared<Connection>(this, std::move(socket));
        connections.insert(connection.get());
        connection->Read();
      }
      Accept();
    });
  }

  Handler handler;
  // Touched on the io thread only. Declared before the context, whose end destroys connections.
  std::unordered_set<Connection*> connections;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  int port = 0;
  std::thread thread;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& listen, Handler handler) {
  const auto refuse = [&](std::string_view why) {
    return Error(absl::StatusCode::kUnavailable, "LISTEN_FAILED",
                 StrCat("cannot listen on ", listen, ": ", why));
  };
  const size_t colon = listen.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(listen.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return refuse("must be address:port");
  }
  beast::error_code error;
  const auto address = asio::ip::make_address(listen.substr(0, colon), error);
  if (error) return refuse("not an IP address");

  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  const tcp::endpoint endpoint(address, static_cast<uint16_t>(port));
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return refuse(error.message());
  state->port = state->acceptor.local_endpoint().port();
  state->Accept();
  state->thread = std::thread([raw = state.get()] { raw->context.run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  asio::post(state_->context, [state = state_.get()] {
    beast::error_code ignored;
    state->acceptor.close(ignored);
    for (State::Connection* connection : state->connections) connection->Close();
  });
  state_->thread.join();
}

int Server::port() const { return state_->port; }

}  // namespace kasbah::http
