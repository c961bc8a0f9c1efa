#include "services/auth/domain/email.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;

TEST(NormaliseEmail, OneFormForOneAddress) {
  for (const char* text : {"ada@example.com", " Ada@Example.COM ", "\tADA@EXAMPLE.com\n"}) {
    ASSERT_OK_AND_ASSIGN(const std::string email, NormaliseEmail(text));
    EXPECT_EQ(email, "ada@example.com");
  }
  EXPECT_OK(NormaliseEmail("o'neil+tag@sub.example.co"));
  EXPECT_OK(NormaliseEmail("a@xn--bcher-kva.example"));
}

TEST(NormaliseEmail, RefusesWhatIsNoAddress) {
  const std::string long_local(65, 'a');
  const std::string long_label(64, 'a');
  std::string long_domain;
  for (int i = 0; i < 30; ++i) long_domain += "abcdefgh.";
  for (const std::string& text : {std::string(),
                                  std::string("ada"),
                                  std::string("@example.com"),
                                  std::string("ada@"),
                                  std::string("ada@localhost"),
                                  std::string("ada@example..com"),
                                  std::string("ada@-a.com"),
                                  std::string("ada@a-.com"),
                                  std::string("a..b@example.com"),
                                  std::string(".a@example.com"),
                                  std::string("a b@example.com"),
                                  std::string("\"a b\"@example.com"),
                                  std::string("ada@[192.0.2.1]"),
                                  std::string("ada@192.0.2.1"),
                                  std::string("a@b@example.com"),
                                  std::string("ada@exa mple.com"),
                                  std::string("ada\0@example.com", 16),
                                  long_local + "@example.com",
                                  "ada@" + long_label + ".com",
                                  "ada@" + long_domain + "com"}) {
    EXPECT_THAT(NormaliseEmail(text), ReasonIs("INVALID_FIELDS")) << text;
  }
}

TEST(NormaliseEmail, SaysHowToWriteAnInternationalDomain) {
  const auto refused = NormaliseEmail(
      "a@b\xC3\xBC"
      "cher.example");
  ASSERT_THAT(refused, ReasonIs("INVALID_FIELDS"));
  EXPECT_NE(DetailsOf(refused.status()).violations.at(0).description.find("xn--"),
            std::string::npos);
  EXPECT_THAT(NormaliseEmail("\xC3\xBC@example.com"), ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::auth
