#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "libs/reporting/sentry_dsn.h"
#include "libs/reporting/sentry_event.h"
#include "libs/reporting/sentry_limits.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using Json = nlohmann::json;

const Origin kOrigin = {.service = "kasbah-vault", .version = "0.1.0", .environment = "staging"};

TEST(SentryDsn, NamesTheEnvelopeEndpointAndTheKey) {
  const auto plain = SentryDsn::Parse("https://abc123@o1.ingest.example.com/42");
  ASSERT_OK(plain);
  EXPECT_EQ(plain->url, "https://o1.ingest.example.com/api/42/envelope/");
  EXPECT_EQ(plain->public_key, "abc123");
  const auto old = SentryDsn::Parse("https://abc123:secret@sentry.example.com:9000/path/to/42/");
  ASSERT_OK(old);
  EXPECT_EQ(old->url, "https://sentry.example.com:9000/path/to/api/42/envelope/");
  EXPECT_EQ(old->public_key, "abc123");
}

TEST(SentryDsn, WhatIsNoneIsRefusedAndNotQuoted) {
  for (const char* text : {"", "hunter2", "https://o1.example.com/42", "https://@o1.example.com/42",
                           "https://hunter2@o1.example.com", "https://hunter2@o1.example.com/4 2",
                           "https://hunter2\r\nX: y@o1.example.com/42"}) {
    const auto dsn = SentryDsn::Parse(text);
    ASSERT_FALSE(dsn.ok()) << text;
    EXPECT_EQ(dsn.status().message().find("hunter2"), absl::string_view::npos) << text;
  }
}

TEST(SentryEvent, OnlyFieldsThatMayTravelDo) {
  EXPECT_THAT(TagsOf({{"method", "kasbah.vault.v1.SecretService/AddSecretVersion"},
                      {"sqlstate", "23505"},
                      {"table", "secrets"},
                      {"code", 13},
                      {"tenant", "ten_01h455vb4pex5vsknk084sn02q"},
                      {"request_id", "ada.lovelace"},
                      {"error", "duplicate key value (ada@example.com)"},
                      {"statement", "SELECT"},
                      {"peer", "operator/ada"},
                      {"source_address", "192.0.2.7"}}),
              ElementsAre(Pair("method", "kasbah.vault.v1.SecretService/AddSecretVersion"),
                          Pair("sqlstate", "23505"), Pair("table", "secrets"), Pair("code", "13")));
}

TEST(SentryEvent, AFieldThatMayTravelDoesNotTakeAnythingElseAlong) {
  EXPECT_THAT(TagsOf({{"reason", "ada@example.com"},
                      {"kind", "born 1815-12-10"},
                      {"table", "secrets; SELECT 1"},
                      {"topic", ""},
                      {"code", std::string(101, 'A')},
                      {"constraint", "a\nb"}}),
              IsEmpty());
}

TEST(SentryEvent, AnEnvelopeHoldsOneEventOfItsLength) {
  const absl::Time time = absl::FromUnixMillis(1'790'000'000'123);
  const std::string envelope = EncodeEnvelope(kOrigin,
                                              {.id = "0190163d8694739baea5966c26f8ad91",
                                               .time = time,
                                               .message = "a statement \"failed\"\n\xFF",
                                               .tags = {{"sqlstate", "23505"}},
                                               .repeats = 3},
                                              time + absl::Seconds(1));
  const std::vector<std::string> lines = absl::StrSplit(envelope, '\n');
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[3], "");
  EXPECT_EQ(Json::parse(lines[0]), (Json{{"event_id", "0190163d8694739baea5966c26f8ad91"},
                                         {"sent_at", "2026-09-21T14:13:21.123Z"}}));
  EXPECT_EQ(Json::parse(lines[1]),
            (Json{{"type", "event"},
                  {"content_type", "application/json"},
                  {"length", lines[2].size()}}));
  const Json event = Json::parse(lines[2]);
  EXPECT_EQ(event["event_id"], "0190163d8694739baea5966c26f8ad91");
  EXPECT_EQ(event["timestamp"], "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(event["level"], "error");
  EXPECT_EQ(event["release"], "kasbah-vault@0.1.0");
  EXPECT_EQ(event["environment"], "staging");
  EXPECT_EQ(event["logentry"]["formatted"], "a statement \"failed\"\n\xEF\xBF\xBD");
  EXPECT_EQ(event["tags"], Json::object({{"sqlstate", "23505"}}));
  EXPECT_EQ(event["extra"]["repeats"], 3);
  EXPECT_EQ(event["sdk"]["settings"]["infer_ip"], "never");
  for (const char* personal : {"server_name", "user", "request", "breadcrumbs", "contexts"}) {
    EXPECT_FALSE(event.contains(personal)) << personal;
  }
}

absl::Duration PauseAfter(int status, std::map<std::string, std::string> headers) {
  return SentryPause({.status = status, .headers = std::move(headers), .body = {}},
                     absl::FromUnixSeconds(1'790'000'000));
}

TEST(SentryLimits, ALimitOnErrorsOrOnEverythingIsHonoured) {
  EXPECT_EQ(PauseAfter(200, {}), absl::ZeroDuration());
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", "60:error:organization"}}),
            absl::Seconds(60));
  EXPECT_EQ(
      PauseAfter(429, {{"x-sentry-rate-limits", "50:transaction;error:key, 2700::organization"}}),
      absl::Seconds(2700));
  EXPECT_EQ(PauseAfter(429, {{"x-sentry-rate-limits", "60:transaction;metric_bucket:key:quota"}}),
            absl::ZeroDuration());
}

TEST(SentryLimits, WithoutOneRetryAfterCountsWith429) {
  EXPECT_EQ(PauseAfter(429, {{"retry-after", "7"}}), absl::Seconds(7));
  EXPECT_EQ(PauseAfter(429, {}), absl::Minutes(1));
  EXPECT_EQ(PauseAfter(503, {{"retry-after", "7"}}), absl::ZeroDuration());
}

TEST(SentryLimits, NonsenseIsAMinuteAndNothingIsForEver) {
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", "soon::"}}), absl::Minutes(1));
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", "nan::"}}), absl::Minutes(1));
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", "-5::"}}), absl::Minutes(1));
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", "1e18::"}}), absl::Hours(24));
  EXPECT_EQ(PauseAfter(200, {{"x-sentry-rate-limits", ""}}), absl::ZeroDuration());
}

}  // namespace
}  // namespace kasbah::reporting
