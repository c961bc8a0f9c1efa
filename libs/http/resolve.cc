#include "libs/http/resolve.h"

#include <netdb.h>

#include <memory>

#include "libs/base/error.h"
#include "libs/http/client.h"

namespace kasbah::http {
namespace {

constexpr size_t kMostAddresses = 4;

}  // namespace

absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host, const AddressGuard& guard) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &first) != 0 || first == nullptr) {
    return Error(absl::StatusCode::kUnavailable, reason::kDnsFailed, "the host has no address");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(first, &freeaddrinfo);
  std::vector<IpAddress> allowed;
  for (const addrinfo* one = all.get(); one != nullptr && allowed.size() < kMostAddresses;
       one = one->ai_next) {
    const auto address = IpAddress::FromSocket(one->ai_addr, one->ai_addrlen);
    if (address && guard.Allows(*address)) allowed.push_back(*address);
  }
  if (allowed.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kAddressBlocked,
                 "the host's address is not one that may be called; an operator can allow its "
                 "network with allow_addresses");
  }
  return allowed;
}

}  // namespace kasbah::http
