#include "libs/aws/web_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "libs/base/strings.h"
#include "libs/testing/aws_server.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/loopback_listener.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::aws {
namespace {

using kasbah::testing::AwsServer;
using kasbah::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "header.claims-of-a-pod.signature";

class WebIdentityTest : public ::testing::Test {
 protected:
  WebIdentityTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kasbah-role-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    WriteToken(StrCat(kToken, "\n"));
    aws_.TrustToken(kToken, clock_.Now() + absl::Hours(1));
  }
  ~WebIdentityTest() override { std::filesystem::remove_all(directory_); }

  std::string token_file() const { return directory_ + "/token"; }
  void WriteToken(const std::string& token) const {
    std::ofstream(token_file(), std::ios::trunc) << token;
  }
  WebIdentityOptions Options() const {
    return {.token_file = token_file(),
            .role_arn = AwsServer::kRole,
            .region = AwsServer::kRegion,
            .endpoint = aws_.endpoint()};
  }
  std::unique_ptr<WebIdentity> Make(const WebIdentityOptions& options) const {
    auto identity = WebIdentity::Create(options, clock_);
    EXPECT_OK(identity);
    return *std::move(identity);
  }
  absl::Status Problem(const WebIdentityOptions& options) const {
    return Make(options)->Get().status();
  }

  std::string directory_;
  AwsServer aws_;
  testing::FakeClock clock_;
};

TEST_F(WebIdentityTest, KeysServeUntilFiveMinutesBeforeTheirEnd) {
  const auto identity = Make(Options());
  ASSERT_OK_AND_ASSIGN(const http::AwsCredentials first, identity->Get());
  EXPECT_THAT(first.session_token, HasSubstr("session"));
  clock_.Advance(absl::Minutes(55) - absl::Seconds(1));
  ASSERT_OK_AND_ASSIGN(http::AwsCredentials later, identity->Get());
  EXPECT_EQ(later.access_key_id, first.access_key_id);
  EXPECT_EQ(aws_.StsCalls(), 1);
  clock_.Advance(absl::Seconds(1));
  aws_.TrustToken(kToken, clock_.Now() + absl::Hours(1));
  ASSERT_OK_AND_ASSIGN(later, identity->Get());
  EXPECT_NE(later.access_key_id, first.access_key_id);
  ASSERT_OK(identity->Get());
  EXPECT_EQ(aws_.StsCalls(), 2);
}

TEST_F(WebIdentityTest, ARotatedTokenIsReadAnew) {
  const auto identity = Make(Options());
  ASSERT_OK(identity->Get());
  clock_.Advance(absl::Hours(1));
  aws_.TrustToken("the-next", clock_.Now() + absl::Hours(1));
  WriteToken("the-next");
  EXPECT_OK(identity->Get());
}

TEST_F(WebIdentityTest, ARefusalSaysWhatToDoAndNotTheToken) {
  WebIdentityOptions options = Options();
  options.role_arn = "arn:aws:iam::111122223333:role/another";
  absl::Status refused = Problem(options);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(refused.ToString(), HasSubstr("AWS: STS refused the role: AccessDenied: Not auth"));
  EXPECT_THAT(refused.ToString(), HasSubstr("trust policy"));

  // The server quotes the token that it refuses.
  aws_.TrustToken("another", clock_.Now() + absl::Hours(1));
  refused = Problem(Options());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(refused.ToString(), HasSubstr("InvalidIdentityToken: not one of ours: …"));
  EXPECT_THAT(refused.ToString(), Not(HasSubstr("claims-of-a-pod")));
}

TEST_F(WebIdentityTest, OldKeysServeToTheirEndWhileStsGivesNone) {
  const auto identity = Make(Options());
  ASSERT_OK_AND_ASSIGN(const http::AwsCredentials first, identity->Get());
  clock_.Advance(absl::Minutes(55));
  aws_.TrustToken("another", clock_.Now() + absl::Hours(1));

  ::testing::internal::CaptureStderr();
  ASSERT_OK_AND_ASSIGN(http::AwsCredentials kept, identity->Get());
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(kept.access_key_id, first.access_key_id);
  EXPECT_THAT(log, HasSubstr("STS gives no new keys"));
  EXPECT_THAT(log, HasSubstr("not one of ours"));
  EXPECT_THAT(log, Not(HasSubstr("claims-of-a-pod")));
  EXPECT_THAT(log, Not(HasSubstr(first.secret_access_key)));
  EXPECT_THAT(log, Not(HasSubstr(first.session_token)));

  // Not at every call, but again before they end.
  aws_.SetStsDown(true);
  EXPECT_OK(identity->Get());
  EXPECT_EQ(aws_.StsCalls(), 2);
  clock_.Advance(absl::Seconds(30));
  EXPECT_OK(identity->Get());
  EXPECT_EQ(aws_.StsCalls(), 3);

  clock_.Advance(absl::Minutes(4) + absl::Seconds(30));
  const absl::Status ended = identity->Get().status();
  EXPECT_THAT(ended, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(ended.ToString(), HasSubstr("AWS: STS does not answer: status 503"));

  aws_.SetStsDown(false);
  aws_.TrustToken(kToken, clock_.Now() + absl::Hours(1));
  EXPECT_OK(identity->Get());
}

TEST_F(WebIdentityTest, SilenceIsUnavailable) {
  // Takes connections and never says a word.
  auto silent = std::make_unique<testing::LoopbackListener>();
  WebIdentityOptions options = Options();
  options.endpoint = StrCat("http://127.0.0.1:", silent->port());
  options.timeout = absl::Milliseconds(100);
  absl::Status problem = Problem(options);
  EXPECT_THAT(problem, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(problem.ToString(), HasSubstr("TIMEOUT"));
  silent.reset();
  problem = Problem(options);
  EXPECT_THAT(problem, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(problem.ToString(), HasSubstr("CONNECT_REFUSED"));
}

TEST_F(WebIdentityTest, TwentyThreadsMakeOneExchange) {
  const auto identity = Make(Options());
  std::atomic<int> ready{0};
  std::atomic<int> served{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      ++ready;
      while (ready < 20) std::this_thread::yield();
      if (identity->Get().ok()) ++served;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 20);
  EXPECT_EQ(aws_.StsCalls(), 1);
}

TEST_F(WebIdentityTest, ATokenThatIsNoneIsNamed) {
  const auto says = [this](const std::string& what) {
    const absl::Status problem = Problem(Options());
    EXPECT_THAT(problem, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(problem.ToString(), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"));
    EXPECT_THAT(problem.ToString(), HasSubstr(StrCat(token_file(), ": ", what)));
  };
  WriteToken("\n");
  says("is empty");
  WriteToken(std::string((64 << 10) + 1, 'a'));
  says("is larger than 64 KiB");
  std::filesystem::remove(token_file());
  says("cannot be read");
  std::filesystem::create_directory(token_file());
  says("cannot be read");
  EXPECT_EQ(aws_.StsCalls(), 0);
}

TEST_F(WebIdentityTest, TheLargestTokenIsSent) {
  const std::string largest(64 << 10, 'a');
  WriteToken(largest);
  aws_.TrustToken(largest, clock_.Now() + absl::Hours(1));
  EXPECT_OK(Make(Options())->Get());
}

TEST_F(WebIdentityTest, ATokenGoesNowhereElse) {
  WebIdentityOptions options = Options();
  options.endpoint = "http://sts.example.com";
  absl::Status refused = WebIdentity::Create(options, clock_).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(refused.ToString(), HasSubstr("must be https"));
  options.endpoint = "";
  options.region = "evil.example/";
  refused = WebIdentity::Create(options, clock_).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  options.region = AwsServer::kRegion;
  EXPECT_OK(WebIdentity::Create(options, clock_));
}

TEST_F(WebIdentityTest, KeysThatHaveEndedBlameTheClock) {
  aws_.TrustToken(kToken, clock_.Now());
  EXPECT_THAT(Problem(Options()).ToString(), HasSubstr("clock"));
}

}  // namespace
}  // namespace kasbah::aws
