#include "libs/aws/client.h"

#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"

namespace kasbah::aws {
namespace {

constexpr int kMaxConnections = 8;

bool IsLoopback(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

}  // namespace

absl::StatusOr<std::unique_ptr<http::Client>> ClientFor(const std::string& url) {
  ASSIGN_OR_RETURN(const http::Url parsed, http::ParseUrl(url, {.allow_http = true}));
  if (parsed.scheme != "https" && !IsLoopback(parsed.host)) {
    return absl::FailedPreconditionError(ToAbsl(StrCat("the endpoint ", url, " must be https")));
  }
  http::ClientOptions options;
  ASSIGN_OR_RETURN(options.guard, http::AddressGuard::Create({"0.0.0.0/0", "::/0"}));
  options.allow_http = parsed.scheme == "http";
  options.max_connections = kMaxConnections;
  return http::Client::Create(std::move(options));
}

}  // namespace kasbah::aws
