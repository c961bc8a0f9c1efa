#include "libs/http/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace kasbah::http {
namespace {

constexpr const char* kRefused[] = {
    "0.0.0.0/8",          // this network
    "10.0.0.0/8",         // private
    "100.64.0.0/10",      // shared with a carrier
    "127.0.0.0/8",        // loopback
    "168.63.129.16/32",   // a cloud's host agent, on a public address
    "169.254.0.0/16",     // link-local, and metadata
    "172.16.0.0/12",      // private
    "192.0.0.0/24",       // protocol assignments
    "192.0.2.0/24",       // documentation
    "192.31.196.0/24",    // AS112
    "192.52.193.0/24",    // AMT
    "192.88.99.0/24",     // 6to4 relays
    "192.168.0.0/16",     // private
    "192.175.48.0/24",    // AS112
    "198.18.0.0/15",      // benchmarking
    "198.51.100.0/24",    // documentation
    "203.0.113.0/24",     // documentation
    "224.0.0.0/4",        // multicast
    "240.0.0.0/4",        // reserved, and broadcast
    "2001::/23",          // protocol assignments: Teredo, ORCHID, benchmarking
    "2001:db8::/32",      // documentation
    "2002::/16",          // 6to4
    "2620:4f:8000::/48",  // AS112
    "3fff::/20",          // documentation
};

// All that IANA has given out as IPv6 global unicast: whatever is outside is refused unread.
constexpr const char kIpv6GlobalUnicast[] = "2000::/3";

Cidr Constant(const char* text) {
  absl::StatusOr<Cidr> cidr = Cidr::Parse(text);
  KASBAH_CHECK(cidr.ok());
  return *cidr;
}

const std::vector<Cidr>& Refused() {
  static const std::vector<Cidr>& refused = *[] {
    auto* list = new std::vector<Cidr>;
    for (const char* text : kRefused) list->push_back(Constant(text));
    return list;
  }();
  return refused;
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) {
    address.is_v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::FromSocket(const sockaddr* address, socklen_t size) {
  IpAddress ip;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    ip.is_v4 = true;
    std::memcpy(ip.bytes.data(), &v4.sin_addr, 4);
    return ip;
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
    return ip;
  }
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN];
  KASBAH_CHECK(inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text)) != nullptr);
  return text;
}

absl::StatusOr<Cidr> Cidr::Parse(std::string_view text) {
  const auto refuse = [&] {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_CIDR",
                 StrCat("not a network such as 10.0.0.0/8: ", text));
  };
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refuse();
  const std::optional<IpAddress> base = IpAddress::Parse(text.substr(0, slash));
  Cidr cidr;
  if (!base || !absl::SimpleAtoi(ToAbsl(text.substr(slash + 1)), &cidr.prefix)) return refuse();
  const int bits = base->is_v4 ? 32 : 128;
  if (cidr.prefix < 0 || cidr.prefix > bits) return refuse();
  for (int bit = cidr.prefix; bit < bits; ++bit) {
    if ((base->bytes[static_cast<size_t>(bit / 8)] >> (7 - bit % 8)) & 1) return refuse();
  }
  cidr.base = *base;
  return cidr;
}

bool Cidr::Contains(const IpAddress& address) const {
  if (address.is_v4 != base.is_v4) return false;
  const size_t whole = static_cast<size_t>(prefix / 8);
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const int rest = prefix % 8;
  return rest == 0 || (base.bytes[whole] >> (8 - rest)) == (address.bytes[whole] >> (8 - rest));
}

bool IsGlobalUnicast(const IpAddress& address) {
  static const Cidr ipv6_global = Constant(kIpv6GlobalUnicast);
  if (!address.is_v4 && !ipv6_global.Contains(address)) return false;
  const std::vector<Cidr>& refused = Refused();
  return std::none_of(refused.begin(), refused.end(),
                      [&](const Cidr& cidr) { return cidr.Contains(address); });
}

absl::StatusOr<AddressGuard> AddressGuard::Create(const std::vector<std::string>& allowed) {
  AddressGuard guard;
  for (const std::string& text : allowed) {
    absl::StatusOr<Cidr> cidr = Cidr::Parse(text);
    if (!cidr.ok()) return cidr.status();
    guard.allowed_.push_back(*cidr);
  }
  return guard;
}

bool AddressGuard::Allows(const IpAddress& address) const {
  return IsGlobalUnicast(address) ||
         std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const Cidr& cidr) { return cidr.Contains(address); });
}

}  // namespace kasbah::http
