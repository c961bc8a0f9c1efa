#include "libs/reporting/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

http::IpAddress Address(const char* text) { return http::IpAddress::Parse(text).value(); }

TEST(Endpoint, HttpIsForLoopbackAddressesAlone) {
  for (const char* url : {"http://127.0.0.1:4318/v1/traces", "http://[::1]:4318/v1/traces"}) {
    const auto endpoint = Endpoint::Parse(url, {});
    ASSERT_OK(endpoint);
    EXPECT_TRUE(endpoint->is_http);
    EXPECT_TRUE(endpoint->guard.Allows(Address("127.0.0.1")));
    EXPECT_FALSE(endpoint->guard.Allows(Address("10.0.0.1")));
  }
  for (const char* url : {"http://collector:4318/", "http://localhost:4318/", "http://10.0.0.7/",
                          "http://8.8.8.8/", "http://0.0.0.0/"}) {
    EXPECT_THAT(Endpoint::Parse(url, {"0.0.0.0/0"}), Not(IsOk())) << url;
  }
}

TEST(Endpoint, APrivateAddressHasToBeNamed) {
  const auto refused = Endpoint::Parse("https://10.0.0.7:4318/", {});
  EXPECT_THAT(refused, Not(IsOk()));
  EXPECT_THAT(refused.status().message(), HasSubstr("telemetry.allow_addresses"));
  EXPECT_OK(Endpoint::Parse("https://10.0.0.7:4318/", {"10.0.0.0/8"}));
  const auto named = Endpoint::Parse("https://collector.monitoring.svc:4318/", {"10.0.0.0/8"});
  ASSERT_OK(named);
  EXPECT_TRUE(named->guard.Allows(Address("10.2.3.4")));
  EXPECT_FALSE(named->guard.Allows(Address("169.254.169.254")));
  EXPECT_FALSE(named->guard.Allows(Address("127.0.0.1")));
}

TEST(Endpoint, WhatIsNoUrlIsRefused) {
  for (const char* url : {"", "collector:4318", "ftp://127.0.0.1/", "https://a:b@host/"}) {
    EXPECT_THAT(Endpoint::Parse(url, {}), Not(IsOk())) << url;
  }
}

TEST(Headers, AreReadLineByLine) {
  const std::string text = "# of the collector\n\nAuthorization: Bearer a:b\r\nX-Scope:  t \n";
  EXPECT_THAT(ParseHeaders(text).value(),
              ElementsAre(Pair("Authorization", "Bearer a:b"), Pair("X-Scope", "t")));
  EXPECT_TRUE(ParseHeaders("")->empty());
}

TEST(Headers, AWrongLineIsNamedAndNotQuoted) {
  for (const char* text : {"X: y\nhunter2", "X: y\nhunter2:", "X: y\nhun ter2: z", "X: y\n: z"}) {
    const auto headers = ParseHeaders(text);
    ASSERT_FALSE(headers.ok()) << text;
    EXPECT_EQ(headers.status().message(), "line 2 is not \"name: value\"") << text;
  }
}

}  // namespace
}  // namespace kasbah::reporting
