#include "services/audit/domain/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kasbah::audit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FieldsOf(const SinkSettings& settings, bool allow_http = false,
                                  std::vector<std::string> allowed = {}) {
  const SinkRules rules{{.allow_http = allow_http}, http::AddressGuard::Create(allowed).value()};
  std::vector<std::string> fields;
  for (const Violation& one : CheckSettings(settings, rules)) fields.push_back(one.field);
  return fields;
}

SinkSettings Http(const std::string& url) {
  SinkSettings settings;
  settings.target.mutable_http()->set_url(url);
  settings.target.mutable_http()->set_shape(v1::HttpTarget::SHAPE_JSON_ARRAY);
  return settings;
}
SinkSettings S3() {
  SinkSettings settings;
  settings.target.mutable_s3()->set_bucket("trail");
  settings.target.mutable_s3()->set_region("eu-central-1");
  settings.target.mutable_s3()->set_access_key_id("AKID");
  return settings;
}
SinkSettings Syslog(const std::string& host) {
  SinkSettings settings;
  settings.target.mutable_syslog()->set_host(host);
  return settings;
}

TEST(Sink, GoodSettingsHaveNoViolations) {
  EXPECT_THAT(FieldsOf(Http("https://siem.example.com/collect")), IsEmpty());
  EXPECT_THAT(FieldsOf(S3()), IsEmpty());
  EXPECT_THAT(FieldsOf(Syslog("logs.example.com")), IsEmpty());
  EXPECT_THAT(FieldsOf(Syslog("2a00:1450::1")), IsEmpty());
}

TEST(Sink, PrivateAddressesAndPlainHttpAreRefusedUnlessAllowed) {
  EXPECT_THAT(FieldsOf(Http("https://10.0.0.1/x")), ElementsAre("http.url"));
  EXPECT_THAT(FieldsOf(Http("https://169.254.169.254/x")), ElementsAre("http.url"));
  EXPECT_THAT(FieldsOf(Http("http://siem.example.com/x")), ElementsAre("http.url"));
  EXPECT_THAT(FieldsOf(Syslog("127.0.0.1")), ElementsAre("syslog.host"));
  EXPECT_THAT(FieldsOf(Syslog("::1")), ElementsAre("syslog.host"));
  EXPECT_THAT(FieldsOf(Http("http://127.0.0.1:8088/x"), true, {"127.0.0.0/8"}), IsEmpty());
  EXPECT_THAT(FieldsOf(Syslog("127.0.0.1"), true, {"127.0.0.0/8"}), IsEmpty());
}

TEST(Sink, EachFieldThatIsWrongIsNamed) {
  EXPECT_THAT(FieldsOf(SinkSettings()), ElementsAre("target"));
  SinkSettings s3 = S3();
  s3.target.mutable_s3()->set_bucket("Trail/../other");
  s3.target.mutable_s3()->set_prefix("/a b");
  s3.filter.mutable_end_time()->set_seconds(5);
  EXPECT_THAT(FieldsOf(s3), ElementsAre("filter", "s3.bucket", "s3.prefix"));
  SinkSettings elastic = Http("https://es.example.com");
  elastic.target.mutable_http()->set_shape(v1::HttpTarget::SHAPE_ELASTIC_BULK);
  EXPECT_THAT(FieldsOf(elastic), ElementsAre("http.index"));
  elastic.target.mutable_http()->set_index("a\"},{");
  EXPECT_THAT(FieldsOf(elastic), ElementsAre("http.index"));
  SinkSettings csv = Syslog("logs.example.com");
  csv.target.mutable_syslog()->set_format(v1::EXPORT_FORMAT_CSV);
  EXPECT_THAT(FieldsOf(csv), ElementsAre("syslog.format"));
  EXPECT_THAT(FieldsOf(Syslog("a b")), Contains("syslog.host"));
}

TEST(Sink, ASecretIsTakenOut) {
  v1::Sink target;
  target.mutable_http()->set_authorization("Splunk x");
  EXPECT_EQ(TakeSecret(&target), "Splunk x");
  EXPECT_EQ(target.http().authorization(), "");
  target.mutable_s3()->set_secret_access_key("k");
  EXPECT_EQ(TakeSecret(&target), "k");
  target.mutable_syslog()->set_client_key("pem");
  EXPECT_EQ(TakeSecret(&target), "pem");
  EXPECT_EQ(TakeSecret(&target), "");
}

TEST(Sink, APlaceChangesWithTheHostAndNotWithThePath) {
  const std::string place = PlaceOf(Http("https://siem.example.com/a").target);
  EXPECT_EQ(PlaceOf(Http("https://siem.example.com/b?c").target), place);
  EXPECT_NE(PlaceOf(Http("https://siem.example.net/a").target), place);
  EXPECT_NE(PlaceOf(Http("https://siem.example.com:444/a").target), place);
  EXPECT_NE(PlaceOf(Http("http://siem.example.com/a").target), place);
  SinkSettings other = S3();
  other.target.mutable_s3()->set_endpoint("https://s3.example.com");
  EXPECT_NE(PlaceOf(other.target), PlaceOf(S3().target));
}

TEST(Sink, WaitsDoubleUpToFiveMinutes) {
  EXPECT_EQ(BackOff(1, 0.5, std::nullopt), absl::Seconds(1));
  EXPECT_EQ(BackOff(2, 0.5, std::nullopt), absl::Seconds(2));
  EXPECT_EQ(BackOff(5, 0.5, std::nullopt), absl::Seconds(16));
  EXPECT_EQ(BackOff(1000, 0.5, std::nullopt), absl::Minutes(5));
  EXPECT_EQ(BackOff(1, 0.0, std::nullopt), absl::Milliseconds(500));
  EXPECT_EQ(BackOff(1, 0.5, absl::Seconds(90)), absl::Seconds(90));
  EXPECT_EQ(BackOff(1, 0.5, absl::Hours(9)), absl::Hours(1));
}

TEST(Sink, ItsStateFollowsFromWhatHappened) {
  Sink sink;
  EXPECT_EQ(sink.state(), v1::Sink::STATE_ACTIVE);
  sink.last_error = "TIMEOUT";
  EXPECT_EQ(sink.state(), v1::Sink::STATE_FAILING);
  sink.refusals = kMaxRefusals;
  EXPECT_EQ(sink.state(), v1::Sink::STATE_REFUSING);
  sink.paused = true;
  EXPECT_EQ(sink.state(), v1::Sink::STATE_PAUSED);
}

}  // namespace
}  // namespace kasbah::audit
