#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/address_guard.h"

namespace kasbah::http {

// Why a request got no answer: the reason (libs/base/error.h) of the status.
namespace reason {
inline constexpr std::string_view kInvalidUrl = "INVALID_URL";
inline constexpr std::string_view kAddressBlocked = "ADDRESS_BLOCKED";
inline constexpr std::string_view kDnsFailed = "DNS_FAILED";
inline constexpr std::string_view kConnectRefused = "CONNECT_REFUSED";
inline constexpr std::string_view kTlsFailed = "TLS_FAILED";
inline constexpr std::string_view kTimeout = "TIMEOUT";
inline constexpr std::string_view kResponseTooLarge = "RESPONSE_TOO_LARGE";
inline constexpr std::string_view kProtocol = "PROTOCOL";
inline constexpr std::string_view kStopped = "STOPPED";
}  // namespace reason

struct ClientRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  // From Send to the last byte of the answer: name, connection, TLS, headers and body together.
  absl::Duration timeout = absl::Seconds(30);
  size_t max_response_bytes = 1 << 20;
  // A longer answer is RESPONSE_TOO_LARGE; or, where only the status matters, is cut there.
  bool cut_response = false;
};

struct ClientResponse {
  int status = 0;
  // Names in lower case; repeated headers joined with ", ".
  std::map<std::string, std::string> headers;
  std::string body;
};

struct ClientOptions {
  AddressGuard guard = {};
  bool allow_http = false;
  // PEM file of roots to trust instead of the system's.
  std::string ca_file = {};
  // Connections at once; requests beyond wait, within their timeout.
  int max_connections = 512;
};

// HTTP/1.1 and HTTP/2 requests to addresses that somebody else named. One libcurl multi loop on one
// thread. Certificates are verified, TLS 1.2 at least; redirects are never followed, proxies and
// environment ignored, nothing is decompressed; the address is checked on the socket that is
// dialled. Thread safe.
class Client {
 public:
  using Callback = absl::AnyInvocable<void(absl::StatusOr<ClientResponse>)>;

  // Makes the process ignore SIGPIPE.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  // Ends what is under way with STOPPED, then returns; no callback runs afterwards.
  ~Client();

  // Never blocks. `done` runs once, on the client's thread, and must not block.
  void Send(ClientRequest request, Callback done);
  // The same for callers with a thread to wait on; never from a callback.
  absl::StatusOr<ClientResponse> SendAndWait(ClientRequest request);

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kasbah::http
