#include "services/tenant_data/domain/slug.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"

namespace kasbah::tenantdata {
namespace {

using testing::StatusIs;

TEST(Slug, LettersDigitsAndInnerHyphensPass) {
  for (const char* slug : {"acme", "a1b", "big-bank-7", "0-0"}) EXPECT_OK(CheckSlug(slug)) << slug;
  EXPECT_OK(CheckSlug(std::string(40, 'a')));
}

TEST(Slug, NamesThatNoAddressCanCarryAreRefused) {
  for (const std::string& slug :
       {std::string(""), std::string("ab"), std::string(41, 'a'), std::string("-acme"),
        std::string("acme-"), std::string("Acme"), std::string("a.b"), std::string("a_b"),
        std::string("a b"), std::string("äpfel"), std::string("ac\0me", 5),
        std::string("xn--abc")}) {
    EXPECT_THAT(CheckSlug(slug), StatusIs(absl::StatusCode::kInvalidArgument)) << slug;
  }
}

TEST(Slug, ReservedNamesAreRefused) {
  for (const char* slug : {"admin", "www", "api", "mail", "postmaster", "autodiscover", "wpad",
                           "kasbah", "localhost", "mta-sts", "vault"}) {
    EXPECT_THAT(CheckSlug(slug), StatusIs(absl::StatusCode::kInvalidArgument)) << slug;
  }
  EXPECT_OK(CheckSlug("administrators"));
}

}  // namespace
}  // namespace kasbah::tenantdata
