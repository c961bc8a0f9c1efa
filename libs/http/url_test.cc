#include "libs/http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::http {
namespace {

using ::kasbah::testing::ReasonIs;

TEST(Url, ReadsItsParts) {
  ASSERT_OK_AND_ASSIGN(const Url url,
                       ParseUrl("https://Hooks.Example.com:8443/a/b?c=d", UrlRules{}));
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "hooks.example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/a/b?c=d");
  ASSERT_OK_AND_ASSIGN(const Url plain, ParseUrl("http://[2606:4700::1]", {.allow_http = true}));
  EXPECT_EQ(plain.host, "2606:4700::1");
  EXPECT_EQ(plain.port, 80);
  EXPECT_OK(ParseUrl("https://xn--bcher-kva.example/", UrlRules{}));
}

TEST(Url, RefusesWhatCouldBeReadTwoWays) {
  for (const char* text : {"",
                           "example.com/hook",
                           "//example.com",
                           "http://example.com/",
                           "ftp://example.com/",
                           "file:///etc/passwd",
                           "gopher://example.com/",
                           "javascript:alert(1)",
                           "https://",
                           "https:///path",
                           "https://user@example.com/",
                           "https://user:pw@example.com/",
                           "https://@example.com/",
                           "https://:@example.com/",
                           "https://example.com/#a",
                           "https://example.com:0/",
                           "https://example.com:99999/",
                           "https://example.com:x/",
                           "https://exa mple.com/",
                           "https://example.com/\r\nHost: x",
                           "https://b\xC3\xBC"
                           "cher.example/",
                           "https://example.com\\@internal/",
                           "https://[fe80::1%25eth0]/",
                           "https://[::1/"}) {
    EXPECT_THAT(ParseUrl(text, UrlRules{}), ReasonIs("INVALID_URL")) << text;
  }
  EXPECT_THAT(ParseUrl("https://example.com/" + std::string(2048, 'a'), UrlRules{}),
              ReasonIs("INVALID_URL"));
}

TEST(Url, AnAddressInAnySpellingIsJudgedEarly) {
  ASSERT_OK_AND_ASSIGN(const AddressGuard guard, AddressGuard::Create({}));
  for (const char* text : {"https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/",
                           "https://0177.0.0.1/", "https://127.1/", "https://[::1]/",
                           "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/"}) {
    EXPECT_THAT(ParseGuardedUrl(text, UrlRules{}, guard), ReasonIs("ADDRESS_BLOCKED")) << text;
  }
  EXPECT_OK(ParseGuardedUrl("https://8.8.8.8/", UrlRules{}, guard));
  EXPECT_OK(ParseGuardedUrl("https://internal.example/", UrlRules{}, guard));
}

}  // namespace
}  // namespace kasbah::http
