#include "services/tenant_data/domain/host_name.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;

constexpr char kBase[] = "kasbah.de";

void ExpectRefused(const std::string& host) {
  const auto parsed = ParseHost(host, kBase);
  ASSERT_THAT(parsed, ReasonIs("INVALID_FIELDS")) << host << " became " << parsed.value_or("");
  EXPECT_EQ(DetailsOf(parsed.status()).violations.at(0).field, "host");
}

TEST(HostName, IsReadIntoOneSpelling) {
  EXPECT_EQ(*ParseHost("shop.example.com", kBase), "shop.example.com");
  EXPECT_EQ(*ParseHost("Shop.EXAMPLE.com.", kBase), "shop.example.com");
  EXPECT_EQ(*ParseHost("example.com", kBase), "example.com");
  EXPECT_EQ(*ParseHost("a-1.b-2.example.co.uk", kBase), "a-1.b-2.example.co.uk");
}

TEST(HostName, OtherScriptsBecomePunycode) {
  EXPECT_EQ(*ParseHost("bücher.example.com", kBase), "xn--bcher-kva.example.com");
  EXPECT_EQ(*ParseHost("BÜCHER.example.com", kBase), "xn--bcher-kva.example.com");
  // The same letters, one of them composed of two code points.
  EXPECT_EQ(*ParseHost("bu\xCC\x88"
                       "cher.example.com",
                       kBase),
            "xn--bcher-kva.example.com");
  EXPECT_EQ(*ParseHost("xn--bcher-kva.example.com", kBase), "xn--bcher-kva.example.com");
  // Sharp s stays one: IDNA2008, not its transition.
  EXPECT_EQ(*ParseHost("straße.example.com", kBase), "xn--strae-oqa.example.com");
  EXPECT_EQ(*ParseHost("shop\xE3\x80\x82"
                       "example.com",
                       kBase),
            "shop.example.com");
}

TEST(HostName, LabelsThatBreakTheRulesAreRefused) {
  for (const std::string& host :
       {std::string(""), std::string("."), std::string(".example.com"),
        std::string("a..example.com"), std::string("example.com.."), std::string("-a.example.com"),
        std::string("a-.example.com"), std::string("a_b.example.com"),
        std::string("_x.example.com"), std::string("a b.example.com"),
        std::string("ab--c.example.com"), std::string("xn--a.example.com"),
        std::string("xn--bcher-kvb.example.com"), std::string("a\0.example.com", 14),
        std::string("a\n.example.com"), std::string("\xFF.example.com"),
        std::string("a\xE2\x80\x8D"
                    "b.example.com"),
        std::string(64, 'a') + ".example.com"}) {
    ExpectRefused(host);
  }
}

TEST(HostName, WhatIsMoreThanANameIsRefused) {
  for (const char* host :
       {"*.example.com", "https://example.com", "example.com/x", "example.com:443",
        "user@example.com", "user＠example.com", "example.com?x"}) {
    ExpectRefused(host);
  }
}

TEST(HostName, AddressesAndSingleLabelsAreRefused) {
  for (const char* host : {"127.0.0.1",    "10.1",         "2130706433",
                           "0x7f.1",       "0x7f000001",   "017700000001",
                           "1.2.3.4.",     "::1",          "[::1]",
                           "2001:db8::1",  "１２７.0.0.1", "localhost",
                           "example",      "a.localhost",  "a.local",
                           "a.internal",   "a.test",       "a.invalid",
                           "shop.example", "x.onion",      "1.0.0.127.in-addr.arpa",
                           "router.lan"}) {
    ExpectRefused(host);
  }
}

TEST(HostName, PublicSuffixesAreRefusedAndNamesBelowThemAreNot) {
  for (const char* host : {"com", "co.uk", "github.io", "s3.amazonaws.com", "xn--p1ai"}) {
    ExpectRefused(host);
  }
  EXPECT_OK(ParseHost("acme.github.io", kBase));
  EXPECT_OK(ParseHost("acme.co.uk", kBase));
}

TEST(HostName, TheInstallationsOwnDomainIsRefused) {
  for (const char* host : {"kasbah.de", "acme.kasbah.de", "a.b.KASBAH.de.", "ｋasbah.de"}) {
    ExpectRefused(host);
  }
  EXPECT_OK(ParseHost("mykasbah.de", kBase));
  EXPECT_OK(ParseHost("kasbah.de.example.com", kBase));
  EXPECT_OK(ParseHost("acme.kasbah.de", ""));
}

TEST(HostName, TheChallengesNameMustFit) {
  const std::string label(60, 'a');
  const std::string longest =
      StrCat(label, ".", label, ".", label, ".", std::string(49, 'b'), ".de");
  ASSERT_EQ(longest.size(), 253u - std::string("_kasbah-challenge.").size());
  ExpectRefused(longest + "x.com");
  EXPECT_OK(ParseHost(longest, kBase));
  ExpectRefused("a" + longest);
}

TEST(HostName, ABrowsersHostIsNormalisedOrNone) {
  EXPECT_EQ(NormaliseHost("Shop.Example.COM."), "shop.example.com");
  for (const std::string& host :
       {std::string(""), std::string("."), std::string("a..b"), std::string("a b"),
        std::string("shop.example.com:443"), std::string("bücher.de"), std::string("[::1]"),
        std::string("a\0b", 3), std::string(254, 'a')}) {
    EXPECT_EQ(NormaliseHost(host), std::nullopt) << host;
  }
}

TEST(HostName, ASubdomainIsOneLabelBelowTheBase) {
  EXPECT_EQ(SubdomainOf("acme.kasbah.de", kBase), "acme");
  EXPECT_EQ(SubdomainOf("kasbah.de", kBase), std::nullopt);
  EXPECT_EQ(SubdomainOf("a.acme.kasbah.de", kBase), std::nullopt);
  EXPECT_EQ(SubdomainOf("acmekasbah.de", kBase), std::nullopt);
  EXPECT_EQ(SubdomainOf("acme.example.com", kBase), std::nullopt);
  EXPECT_EQ(SubdomainOf("acme.kasbah.de", ""), std::nullopt);
}

}  // namespace
}  // namespace kasbah::tenantdata
