#include "cli/tour/receiver.h"

#include <gtest/gtest.h>

namespace kasbah::cli {
namespace {

// The example of the Standard Webhooks specification's reference libraries.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kBody[] = R"({"test": 2432232314})";
const std::map<std::string, std::string>& Headers() {
  static const auto* headers = new std::map<std::string, std::string>{
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  return *headers;
}
const absl::Time kThen = absl::FromUnixSeconds(1614265330);

TEST(ReadDelivery, ThePublishedExampleVerifies) {
  const auto arrival = ReadDelivery(Headers(), kBody, kSecret, kThen);
  ASSERT_TRUE(arrival.ok()) << arrival.status();
  EXPECT_EQ(arrival->message_id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
}

TEST(ReadDelivery, AnythingChangedIsRefused) {
  EXPECT_FALSE(ReadDelivery(Headers(), R"({"test": 2432232315})", kSecret, kThen).ok());
  EXPECT_FALSE(
      ReadDelivery(Headers(), kBody, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", kThen).ok());
  EXPECT_FALSE(ReadDelivery(Headers(), kBody, kSecret, kThen + absl::Minutes(6)).ok());
  auto headers = Headers();
  headers["webhook-id"] = "msg_other";
  EXPECT_FALSE(ReadDelivery(headers, kBody, kSecret, kThen).ok());
  headers = Headers();
  headers.erase("webhook-signature");
  EXPECT_FALSE(ReadDelivery(headers, kBody, kSecret, kThen).ok());
}

TEST(ReadDelivery, OneOfSeveralSignaturesIsEnough) {
  auto headers = Headers();
  headers["webhook-signature"] = "v2,AAAA v1,AAAA " + headers["webhook-signature"];
  EXPECT_TRUE(ReadDelivery(headers, kBody, kSecret, kThen).ok());
}

}  // namespace
}  // namespace kasbah::cli
