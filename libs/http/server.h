#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace kasbah::http {

struct Request {
  std::string method;
  // Path and query as sent.
  std::string target;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::map<std::string, std::string> headers = {};
};

// A small HTTP/1.1 server on one thread (Boost.Beast): the admin port, and the receivers of the
// tour and the tests. Requests to 1 MiB, 256 connections, 10 s for a request to arrive. `handler`
// must not block for long. Not for the internet: that is the gateway.
class Server {
 public:
  using Handler = std::function<Response(const Request&)>;
  // `listen`: "127.0.0.1:0" takes any free port. UNAVAILABLE, LISTEN_FAILED, with the reason.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& listen, Handler handler);
  ~Server();
  int port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::http
