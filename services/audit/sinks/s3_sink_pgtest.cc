#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "libs/aws/s3.h"
#include "libs/merkle/export_verifier.h"
#include "libs/testing/aws_server.h"
#include "libs/testing/s3_gateway.h"
#include "services/audit/sinks/sink_fixture.h"

namespace kasbah::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class S3SinkTest : public SinkTest {
 protected:
  v1::Sink Bucket() const {
    v1::Sink target;
    v1::S3Target* s3 = target.mutable_s3();
    s3->set_bucket(testing::AwsServer::kBucket);
    s3->set_prefix("audit/");
    s3->set_region(testing::AwsServer::kRegion);
    s3->set_endpoint(aws_.endpoint());
    s3->set_access_key_id("AKID");
    return target;
  }
  std::string Object(const std::string& name) {
    std::string bytes;
    EXPECT_TRUE(aws_.ChangeObject(name, [&](std::string& object) { bytes = object; })) << name;
    return bytes;
  }
  merkle::ExportVerdict Verify(const std::string& file) {
    std::istringstream stream(file);
    return merkle::VerifyExport(
        stream, *merkle::VerifierKey::Parse(checkpointer_->Current(Call(a_)).value().verifier_key));
  }

  testing::AwsServer aws_;
};

TEST_F(S3SinkTest, EachBatchIsAnObjectThatVerifiesOffline) {
  Log(Repeat(a_, 1200));
  const SinkId sink = Add(a_, Bucket(), {}, "the-secret");
  Start();
  WaitUntilAt(a_, sink, 1200);
  const std::vector<std::string> names = aws_.Objects();
  ASSERT_THAT(names, SizeIs(3));
  const std::string day = absl::FormatTime("%E4Y/%m/%d", absl::Now(), absl::UTCTimeZone());
  EXPECT_EQ(names[0], StrCat("audit/", a_.ToString(), "/", day,
                             "/00000000000000000000-00000000000000000499.jsonl"));
  uint64_t events = 0;
  for (const std::string& name : names) {
    const merkle::ExportVerdict verdict = Verify(Object(name));
    ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
    EXPECT_THAT(verdict.summary.filter,
                HasSubstr(StrCat("{\"first_sequence\":", events, ",\"past_sequence\":")));
    events += verdict.summary.events;
  }
  EXPECT_EQ(events, 1200u);
}

// The same in a store that others wrote.
TEST_F(S3SinkTest, ARealStoreHasEachBatchAndItVerifies) {
  const auto gateway = testing::S3Gateway::Start();
  if (gateway == nullptr) GTEST_SKIP() << "versitygw is not installed (make tools)";
  v1::Sink target = Bucket();
  target.mutable_s3()->set_bucket(testing::S3Gateway::kBucket);
  target.mutable_s3()->set_endpoint(gateway->endpoint());
  target.mutable_s3()->set_access_key_id(testing::S3Gateway::kUser);
  Log(Repeat(a_, 1200));
  const SinkId sink = Add(a_, target, {}, testing::S3Gateway::kSecret);
  Start();
  WaitUntilAt(a_, sink, 1200);
  ASSERT_OK_AND_ASSIGN(const auto bucket,
                       aws::S3Bucket::Create({.bucket = testing::S3Gateway::kBucket,
                                              .prefix = "",
                                              .region = testing::S3Gateway::kRegion,
                                              .endpoint = gateway->endpoint(),
                                              .credentials_file = gateway->credentials_file()},
                                             Clock::Real()));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, bucket->List("audit/", "", 10));
  ASSERT_THAT(names, SizeIs(3));
  uint64_t events = 0;
  for (const std::string& name : names) {
    ASSERT_OK_AND_ASSIGN(const std::optional<std::string> object, bucket->Get(name));
    const merkle::ExportVerdict verdict = Verify(object.value());
    ASSERT_TRUE(verdict.ok()) << verdict.fault->ToString();
    events += verdict.summary.events;
  }
  EXPECT_EQ(events, 1200u);
}

TEST_F(S3SinkTest, WhatIsSentAgainHasTheSameName) {
  Log(Repeat(a_, 5));
  const SinkId sink = Add(a_, Bucket(), {}, "the-secret");
  aws_.SetDown(true);
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "HTTP_503");
  Log(Repeat(a_, 5));
  aws_.SetDown(false);
  WaitFor([&] {
    Hurry(sink);
    return Get(a_, sink).next == 10;
  });
  ASSERT_THAT(aws_.Objects(), SizeIs(2));
  EXPECT_THAT(aws_.Objects()[0], HasSubstr("/00000000000000000000-00000000000000000004.jsonl"));
  EXPECT_THAT(aws_.Objects()[1], HasSubstr("/00000000000000000005-00000000000000000009.jsonl"));
}

TEST_F(S3SinkTest, AKeyThatIsRefusedSkipsNothing) {
  Log(Repeat(a_, 5));
  const SinkId sink = Add(a_, Bucket(), {}, "another-secret");
  Start();
  WaitFor([&] { return Get(a_, sink).failures >= 1; });
  EXPECT_EQ(Get(a_, sink).last_error, "HTTP_403");
  EXPECT_EQ(Get(a_, sink).next, 0u);
}

TEST_F(S3SinkTest, ObjectsAreLockedWhereThatIsAsked) {
  std::map<std::string, std::string> headers;
  http::Response answer;
  auto server = http::Server::Start("127.0.0.1:0", [&](const http::Request& request) {
    headers = request.headers;
    return http::Response{};
  });
  ASSERT_OK(server);
  v1::Sink target = Bucket();
  target.mutable_s3()->set_endpoint(StrCat("http://127.0.0.1:", (*server)->port()));
  target.mutable_s3()->set_lock_days(365);
  Log(Repeat(a_, 1));
  const SinkId sink = Add(a_, target, {}, "the-secret");
  Start();
  WaitUntilAt(a_, sink, 1);
  process_.reset();
  EXPECT_EQ(headers.at("x-amz-object-lock-mode"), "COMPLIANCE");
  EXPECT_THAT(headers.at("x-amz-object-lock-retain-until-date"), HasSubstr("T"));
  EXPECT_THAT(headers.at("authorization"), HasSubstr("x-amz-object-lock-retain-until-date"));
  EXPECT_NE(headers.at("x-amz-checksum-sha256"), "");
}

}  // namespace
}  // namespace kasbah::audit
