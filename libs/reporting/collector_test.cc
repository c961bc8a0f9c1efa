#include "libs/reporting/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/strings.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/tls_server.h"

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::ReasonIs;

class CollectorTest : public ::testing::Test {
 protected:
  ~CollectorTest() override { std::filesystem::remove(ca_file_); }

  std::unique_ptr<Collector> Trusting(const std::string& ca_file,
                                      const std::vector<std::string>& networks) {
    return Collector::Create(Endpoint::Parse(receiver_.url(), networks).value(), {}, ca_file)
        .value();
  }

  testing::TlsServer receiver_{"IP:127.0.0.1"};
  const std::string ca_file_ =
      (std::filesystem::temp_directory_path() / StrCat("kasbah-collector-", getpid(), ".pem"))
          .string();
};

TEST_F(CollectorTest, ACertificateOfOurRootsIsTold) {
  receiver_.certificate().WriteTo(ca_file_);
  const auto response = Trusting(ca_file_, {"127.0.0.0/8"})->Post("spans");
  ASSERT_OK(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_TRUE(receiver_.served());
}

TEST_F(CollectorTest, ACertificateOfNobodyWeTrustIsToldNothing) {
  EXPECT_THAT(Trusting("", {"127.0.0.0/8"})->Post("spans"), ReasonIs("TLS_FAILED"));
  EXPECT_FALSE(receiver_.served());
}

TEST_F(CollectorTest, NothingGoesOutAndNobodyWaitsOnceTheTimeIsOver) {
  receiver_.certificate().WriteTo(ca_file_);
  const auto collector = Trusting(ca_file_, {"127.0.0.0/8"});
  EXPECT_FALSE(collector->stopping());
  collector->Stop(absl::Now());
  EXPECT_TRUE(collector->stopped());
  EXPECT_THAT(collector->Post("spans"), ReasonIs("STOPPED"));
  EXPECT_FALSE(collector->Pause(absl::InfiniteFuture()));
  EXPECT_FALSE(receiver_.served());
}

TEST(WaitOf, WhatIsAskedForIsHonouredAndNotForEver) {
  const absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  const auto wait = [now](const std::string& header) {
    return WaitOf({.status = 503, .headers = {{"retry-after", header}}, .body = {}},
                  absl::Seconds(4), now);
  };
  EXPECT_EQ(WaitOf({.status = 503, .headers = {}, .body = {}}, absl::Seconds(4), now),
            absl::Seconds(4));
  EXPECT_EQ(wait("7"), absl::Seconds(7));
  EXPECT_EQ(wait("Mon, 21 Sep 2026 14:14:20 GMT"), absl::Seconds(60));
  EXPECT_EQ(wait("soon"), absl::Seconds(4));
  EXPECT_EQ(wait("999999999999"), absl::Hours(1));
}

}  // namespace
}  // namespace kasbah::reporting
