#include "services/tenant_data/domain/slug.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/base/error.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using testing::ReasonIs;
using testing::StatusIs;

TEST(Slug, LettersDigitsAndInnerHyphensPass) {
  for (const char* slug : {"acme", "a1b", "big-bank-7", "0-0", "demo", "demo-2", "bench-1790000000",
                           "new-york", "mailand", "apiary", "administrators", "login-school"}) {
    EXPECT_OK(CheckSlug(slug)) << slug;
  }
  EXPECT_OK(CheckSlug(std::string(40, 'a')));
}

TEST(Slug, NamesThatNoAddressCanCarryAreRefused) {
  for (const std::string& slug :
       {std::string(""), std::string("ab"), std::string(41, 'a'), std::string("-acme"),
        std::string("acme-"), std::string("Acme"), std::string("a.b"), std::string("a_b"),
        std::string("a b"), std::string("äpfel"), std::string("ac\0me", 5), std::string("xn--abc"),
        std::string("acm\xD0\xB5")}) {
    const absl::Status refused = CheckSlug(slug);
    ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument)) << slug;
    EXPECT_EQ(DetailsOf(refused).violations.at(0).field, "slug");
  }
}

TEST(Slug, ReservedNamesAreRefused) {
  for (const char* slug :
       {"admin",        "www",           "api",       "mail",   "smtp",    "imap",
        "postmaster",   "hostmaster",    "webmaster", "abuse",  "noreply", "mailer-daemon",
        "autodiscover", "autoconfig",    "wpad",      "isatap", "kasbah",  "localhost",
        "mta-sts",      "vault",         "auth",      "login",  "oauth",   "status",
        "support",      "security",      "billing",   "cdn",    "static",  "root",
        "ssladmin",     "acme-challenge"}) {
    EXPECT_THAT(CheckSlug(slug), ReasonIs("INVALID_FIELDS")) << slug;
  }
}

TEST(Slug, WhatLooksLikeAReservedNameIsRefused) {
  for (const char* slug :
       {"adm1n", "adrnin", "ad-min", "a-d-m-i-n", "vvww", "4p1", "ap1", "rnail", "ma1l", "l0gin",
        "log1n", "5upport", "supp0rt", "kasb4h", "bi11ing", "no-reply", "sign-in", "v4ult"}) {
    EXPECT_THAT(CheckSlug(slug), ReasonIs("INVALID_FIELDS")) << slug;
  }
}

TEST(Slug, ReservedNamesWithANumberAreRefused) {
  for (const char* slug :
       {"www2", "ns1", "ns14", "mx-10", "mail3", "smtp01", "api-2", "admin-007"}) {
    EXPECT_THAT(CheckSlug(slug), ReasonIs("INVALID_FIELDS")) << slug;
  }
}

}  // namespace
}  // namespace kasbah::tenantdata
