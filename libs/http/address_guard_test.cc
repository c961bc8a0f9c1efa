#include "libs/http/address_guard.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

IpAddress Ip(const char* text) {
  const std::optional<IpAddress> ip = IpAddress::Parse(text);
  EXPECT_TRUE(ip.has_value()) << text;
  return ip.value_or(IpAddress{});
}

TEST(AddressGuard, RefusesWhatIsNotOneHostOnTheInternet) {
  for (const char* text :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
        "100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255",
        // IPv6: unspecified, loopback, compatible, mapped, NAT64 (both), discard, Teredo, ORCHID,
        // benchmarking, documentation (both), 6to4, ULA, metadata, link-local, site-local,
        // multicast, segment routing.
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:20::1",
        "2001:2::1", "2001:db8::1", "3fff::1", "2002:7f00:1::", "2002:808:808::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1"}) {
    EXPECT_FALSE(IsGlobalUnicast(Ip(text))) << text;
  }
}

TEST(AddressGuard, AllowsGlobalUnicastUpToTheEdgesOfWhatIsRefused) {
  for (const char* text :
       {"1.1.1.1",        "8.8.8.8",         "9.255.255.255",        "11.0.0.0",
        "100.63.255.255", "100.128.0.0",     "126.255.255.255",      "128.0.0.0",
        "168.63.129.15",  "168.63.129.17",   "169.253.255.255",      "172.15.255.255",
        "172.32.0.0",     "192.0.1.0",       "192.167.255.255",      "198.17.255.255",
        "198.20.0.0",     "223.255.255.255", "2606:4700:4700::1111", "2a00:1450::1",
        "2001:200::1",    "2003::1"}) {
    EXPECT_TRUE(IsGlobalUnicast(Ip(text))) << text;
  }
}

TEST(AddressGuard, AnAllowedNetworkAllowsItsOwnAddressesOnly) {
  ASSERT_OK_AND_ASSIGN(const AddressGuard guard, AddressGuard::Create({"127.0.0.0/8"}));
  EXPECT_TRUE(guard.Allows(Ip("127.0.0.1")));
  EXPECT_TRUE(guard.Allows(Ip("8.8.8.8")));
  EXPECT_FALSE(guard.Allows(Ip("10.0.0.1")));
  // The same host in another spelling was not allowed.
  EXPECT_FALSE(guard.Allows(Ip("::1")));
  EXPECT_FALSE(guard.Allows(Ip("::ffff:127.0.0.1")));
}

TEST(AddressGuard, CidrsAreStrict) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10/8",
                           "fd00::/129", "fd00::1/8", "x/8", "10.0.0.0/"}) {
    EXPECT_FALSE(Cidr::Parse(text).ok()) << text;
  }
  ASSERT_OK_AND_ASSIGN(const Cidr cidr, Cidr::Parse("100.64.0.0/10"));
  EXPECT_TRUE(cidr.Contains(Ip("100.127.255.255")));
  EXPECT_FALSE(cidr.Contains(Ip("100.128.0.0")));
  ASSERT_OK_AND_ASSIGN(const Cidr all, Cidr::Parse("0.0.0.0/0"));
  EXPECT_TRUE(all.Contains(Ip("10.1.2.3")));
  EXPECT_FALSE(all.Contains(Ip("::1")));
}

TEST(AddressGuard, OtherFamiliesHaveNoAddress) {
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::FromSocket(reinterpret_cast<sockaddr*>(&path), sizeof(path)).has_value());
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x7f000001);
  EXPECT_EQ(IpAddress::FromSocket(reinterpret_cast<sockaddr*>(&v4), sizeof(v4))->ToString(),
            "127.0.0.1");
}

}  // namespace
}  // namespace kasbah::http
