#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kasbah::http {

// An IPv4 or IPv6 address in binary: text has too many spellings to be compared.
struct IpAddress {
  bool is_v4 = false;
  // Network order; IPv4 in the first four bytes.
  std::array<uint8_t, 16> bytes{};

  // Dotted quad or RFC 4291 text, without port, brackets or zone.
  static std::optional<IpAddress> Parse(std::string_view text);
  // Unset for anything but AF_INET and AF_INET6.
  static std::optional<IpAddress> FromSocket(const sockaddr* address, socklen_t size);
  std::string ToString() const;
};

// "127.0.0.0/8", "fd00::/8".
struct Cidr {
  IpAddress base;
  int prefix = 0;

  // INVALID_ARGUMENT; bits behind the prefix must be zero.
  static absl::StatusOr<Cidr> Parse(std::string_view text);
  // Never true between the two families.
  bool Contains(const IpAddress& address) const;
};

// True for addresses that the public Internet routes to one host: neither private, loopback,
// link-local, shared (RFC 6598), reserved, documentation, benchmarking, multicast nor unspecified;
// no form of IPv6 that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), since
// that could be any of these; and not the metadata address that one cloud has among public ones.
// (RFC 6890 and the IANA special-purpose registries.)
bool IsGlobalUnicast(const IpAddress& address);

// Decides which addresses a request that a tenant named may reach. Asked about the address of the
// socket that is dialled, not about a name, so that no second resolution can differ. Thread safe.
class AddressGuard {
 public:
  // `allowed`: CIDRs beside global unicast, for installations that need them.
  static absl::StatusOr<AddressGuard> Create(const std::vector<std::string>& allowed);
  bool Allows(const IpAddress& address) const;

 private:
  std::vector<Cidr> allowed_;
};

}  // namespace kasbah::http
