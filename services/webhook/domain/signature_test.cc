#include "services/webhook/domain/signature.h"

#include <gtest/gtest.h>

#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"

namespace kasbah::webhook {
namespace {

// The published vector of Standard Webhooks.
constexpr char kSecret[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr int64_t kTimestamp = 1614265330;
constexpr char kBody[] = "{\"test\": 2432232314}";

std::string Mac(const std::string& content) {
  return crypto::HmacSha256(crypto::SecretBytes::Copy(crypto::ParseBase64(kSecret).value()),
                            content);
}

TEST(Signature, MatchesTheStandardWebhooksVector) {
  const auto headers =
      SignatureHeaders(kId, kTimestamp, Mac(StandardContent(kId, kTimestamp, kBody)),
                       Mac(PlainContent(kTimestamp, kBody)));
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[0].first, "webhook-id");
  EXPECT_EQ(headers[0].second, kId);
  EXPECT_EQ(headers[1].first, "webhook-timestamp");
  EXPECT_EQ(headers[1].second, "1614265330");
  EXPECT_EQ(headers[2].first, "webhook-signature");
  EXPECT_EQ(headers[2].second, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(headers[3].first, "x-kasbah-signature");
  EXPECT_EQ(headers[3].second,
            "t=1614265330,v1=e96203c6de850e7dc1fde7489ef6140b402d3a5a64fe250cd2eef9830fac1cef");
}

TEST(Signature, SecretsAreShownWithTheirPrefix) {
  EXPECT_EQ(SecretText(crypto::ParseBase64(kSecret).value()), std::string("whsec_") + kSecret);
}

}  // namespace
}  // namespace kasbah::webhook
