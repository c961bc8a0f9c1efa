#include "libs/http/transfer.h"

#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"

namespace kasbah::http {
namespace {

constexpr size_t kMaxHeaderBytes = 64 * 1024;

// RFC 9110: names are tokens, values hold no line ends.
bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}
bool IsHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

absl::Status Failure(absl::StatusCode code, std::string_view reason, std::string_view message) {
  return Error(code, reason, message);
}

absl::Status FromCurl(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED:
      return Failure(absl::StatusCode::kInvalidArgument, reason::kInvalidUrl, "URL refused");
    case CURLE_COULDNT_RESOLVE_HOST:
      return Failure(absl::StatusCode::kUnavailable, reason::kDnsFailed, "host name not resolved");
    case CURLE_COULDNT_CONNECT:
      return Failure(absl::StatusCode::kUnavailable, reason::kConnectRefused,
                     "connection refused or unreachable");
    case CURLE_OPERATION_TIMEDOUT:
      return Failure(absl::StatusCode::kDeadlineExceeded, reason::kTimeout,
                     "no whole answer in time");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_SHUTDOWN_FAILED:
      return Failure(absl::StatusCode::kUnavailable, reason::kTlsFailed,
                     "TLS failed or the certificate was refused");
    default:
      return Failure(absl::StatusCode::kUnavailable, reason::kProtocol,
                     StrCat("no valid answer (", curl_easy_strerror(code), ")"));
  }
}

}  // namespace

Transfer::Transfer(const ClientOptions& options, ClientRequest request, Client::Callback done,
                   absl::Time sent)
    : options_(options),
      request_(std::move(request)),
      done_(std::move(done)),
      sent_(sent),
      easy_(curl_easy_init()) {
  KASBAH_CHECK(easy_ != nullptr);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

absl::Status Transfer::Prepare(absl::Time now) {
  ASSIGN_OR_RETURN(const Url url, ParseUrl(request_.url, {.allow_http = options_.allow_http}));
  const int64_t left = absl::ToInt64Milliseconds(sent_ + request_.timeout - now);
  if (left <= 0) return FromCurl(CURLE_OPERATION_TIMEDOUT);
  if (!IsToken(request_.method)) {
    return Failure(absl::StatusCode::kInvalidArgument, reason::kProtocol, "no such method");
  }
  RETURN_IF_ERROR(SetHeaders());

  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_URL, url.text.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, options_.allow_http ? "http,https" : "https");
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  // An empty proxy also switches off the environment's.
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left));
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET" || !request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  return absl::OkStatus();
}

absl::Status Transfer::SetHeaders() {
  const auto append = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    KASBAH_CHECK(longer != nullptr);
    headers_ = longer;
  };
  // No pause for "100 Continue", and no content type that nobody chose.
  append("Expect:");
  append("Content-Type:");
  for (const auto& [name, value] : request_.headers) {
    if (!IsToken(name) || !IsHeaderValue(value)) {
      return Failure(absl::StatusCode::kInvalidArgument, reason::kProtocol, "header refused");
    }
    append(value.empty() ? name + ";" : StrCat(name, ": ", value));
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  return absl::OkStatus();
}

curl_socket_t Transfer::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<Transfer*>(self);
  const std::optional<IpAddress> ip = IpAddress::FromSocket(&address->addr, address->addrlen);
  // A name with one bad address is not dialled at its others either.
  if (transfer->blocked_ || !ip || !transfer->options_.guard.Allows(*ip)) {
    transfer->blocked_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  transfer->header_bytes_ += bytes;
  if (transfer->header_bytes_ > kMaxHeaderBytes) {
    transfer->too_large_ = true;
    return 0;
  }
  const std::string_view line(data, bytes);
  // Trailers are no headers.
  if (transfer->body_started_) return bytes;
  // Interim answers come with headers of their own, before those that count.
  if (line.starts_with("HTTP/")) {
    transfer->response_.headers.clear();
    transfer->headers_ended_ = false;
    return bytes;
  }
  if (line == "\r\n" || line == "\n") transfer->headers_ended_ = true;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  const std::string name = absl::AsciiStrToLower(ToAbsl(line.substr(0, colon)));
  std::string& value = transfer->response_.headers[name];
  if (!value.empty()) value += ", ";
  value += std::string(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))));
  return bytes;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  transfer->body_started_ = true;
  std::string& body = transfer->response_.body;
  const size_t room = transfer->request_.max_response_bytes - body.size();
  if (bytes > room) {
    transfer->too_large_ = true;
    body.append(data, room);
    return 0;
  }
  body.append(data, bytes);
  return bytes;
}

absl::StatusOr<ClientResponse> Transfer::Result(CURLcode code) {
  if (blocked_) {
    return Failure(absl::StatusCode::kPermissionDenied, reason::kAddressBlocked,
                   "the host's address is not allowed");
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (too_large_ && !(request_.cut_response && body_started_)) {
    return Failure(absl::StatusCode::kResourceExhausted, reason::kResponseTooLarge,
                   "the answer is too large");
  }
  if (code != CURLE_OK && !too_large_) return FromCurl(code);
  if (!headers_ended_) return FromCurl(CURLE_RECV_ERROR);
  return std::move(response_);
}

}  // namespace kasbah::http
