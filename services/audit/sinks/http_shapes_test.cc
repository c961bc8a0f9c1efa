#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "libs/base/error.h"
#include "services/audit/formats/format_fixture.h"
#include "services/audit/sinks/http_answer.h"
#include "services/audit/sinks/http_body.h"

namespace kasbah::audit {
namespace {

using google::protobuf::Struct;
using ::testing::StartsWith;
using Kind = Delivery::Kind;

v1::HttpTarget Target(v1::HttpTarget::Shape shape) {
  v1::HttpTarget target;
  target.set_url("https://siem.example.com/in");
  target.set_shape(shape);
  target.set_index("trail");
  return target;
}

SinkBatch Batch(int events) {
  SinkBatch batch;
  for (int i = 0; i < events; ++i) {
    batch.events.push_back(PlainEvent());
    batch.events.back().event.set_sequence(static_cast<uint64_t>(10 + i));
  }
  batch.first = 10;
  batch.past = static_cast<uint64_t>(10 + events);
  return batch;
}

Struct Parsed(std::string_view line) {
  Struct json;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &json).ok()) << line;
  return json;
}

TEST(HttpBody, HecIsAnObjectForEachEvent) {
  const std::string body = BodyOf(Target(v1::HttpTarget::SHAPE_SPLUNK_HEC), Batch(1));
  EXPECT_THAT(body, StartsWith(R"({"time":1790000000.125,"source":"kasbah",)"
                               R"("sourcetype":"kasbah:audit","index":"trail",)"
                               R"("fields":{"kasbah_tenant":"ten_00000000000000000000000002",)"
                               R"("kasbah_seq":"10"},"event":{"tenant_id":)"));
}

TEST(HttpBody, BulkCreatesUnderTheEventsId) {
  const std::string body = BodyOf(Target(v1::HttpTarget::SHAPE_ELASTIC_BULK), Batch(1));
  EXPECT_THAT(body, StartsWith(R"({"create":{"_index":"trail",)"
                               R"("_id":"evt_01h455vb4pex5vsknk084sn02q"}})"
                               "\n"
                               R"({"@timestamp":"2026-09-21T14:13:20.125000Z","tenant_id":)"));
}

TEST(HttpBody, HostileValuesMakeNoOtherLines) {
  for (const std::string& value : HostileValues()) {
    SinkBatch batch = Batch(1);
    batch.events.push_back(EventOfValue(value));
    for (const auto shape :
         {v1::HttpTarget::SHAPE_SPLUNK_HEC, v1::HttpTarget::SHAPE_ELASTIC_BULK}) {
      const std::string body = BodyOf(Target(shape), batch);
      const std::vector<std::string> lines = absl::StrSplit(body, '\n', absl::SkipEmpty());
      ASSERT_EQ(lines.size(), shape == v1::HttpTarget::SHAPE_ELASTIC_BULK ? 4u : 2u);
      for (const std::string& line : lines) Parsed(line);
    }
    const std::string array = BodyOf(Target(v1::HttpTarget::SHAPE_JSON_ARRAY), batch);
    EXPECT_EQ(Parsed("{\"events\":" + array + "}").fields().at("events").list_value().values_size(),
              2);
  }
}

Delivery Of(int status, const std::string& body = "",
            v1::HttpTarget::Shape shape = v1::HttpTarget::SHAPE_JSON_ARRAY, int events = 2) {
  http::ClientResponse response;
  response.status = status;
  response.body = body;
  response.headers["retry-after"] = "7";
  return DeliveryOf(shape, Batch(events), response, absl::UnixEpoch());
}
Delivery OfBulk(const std::string& body, int events = 3) {
  return Of(200, body, v1::HttpTarget::SHAPE_ELASTIC_BULK, events);
}

TEST(HttpAnswer, StatusesAreOfTheBatchOrOfTheMoment) {
  for (const int status : {200, 201, 202, 204}) EXPECT_EQ(Of(status).kind, Kind::kTaken);
  for (const int status : {400, 413, 422}) EXPECT_EQ(Of(status).kind, Kind::kRefused);
  for (const int status : {301, 401, 403, 404, 410, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(Of(status).kind, Kind::kNotNow) << status;
  }
  EXPECT_EQ(Of(503).error, "HTTP_503");
  EXPECT_EQ(Of(429).retry_after, absl::Seconds(7));
  EXPECT_EQ(Of(500).retry_after, std::nullopt);
  EXPECT_EQ(
      DeliveryOf(v1::HttpTarget::SHAPE_JSON_ARRAY, Batch(1),
                 Error(absl::StatusCode::kUnavailable, "CONNECT_REFUSED", "x"), absl::UnixEpoch())
          .error,
      "CONNECT_REFUSED");
}

TEST(HttpAnswer, OfABulkEachItemCounts) {
  EXPECT_EQ(OfBulk(R"({"errors":false,"items":[{"create":{"status":201}},
      {"create":{"status":201}},{"create":{"status":201}}]})")
                .kind,
            Kind::kTaken);
  // There already: a batch that comes again.
  EXPECT_EQ(OfBulk(R"({"errors":true,"items":[{"create":{"status":201}},
      {"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
      {"create":{"status":201}}]})")
                .kind,
            Kind::kTaken);
  const Delivery half = OfBulk(R"({"errors":true,"items":[{"create":{"status":201}},
      {"create":{"status":400,"error":{"type":"mapper_parsing_exception"}}},
      {"create":{"status":201}}]})");
  EXPECT_EQ(half.kind, Kind::kTaken);
  ASSERT_EQ(half.refused.size(), 1u);
  EXPECT_EQ(half.refused[0].sequence, 11u);
  EXPECT_EQ(half.refused[0].reason, "MAPPER_PARSING_EXCEPTION");
  EXPECT_EQ(OfBulk(R"({"errors":true,"items":[{"create":{"status":201}},
      {"create":{"status":429}},{"create":{"status":400}}]})")
                .error,
            "HTTP_429");
  EXPECT_EQ(OfBulk(R"({"errors":true,"items":[{"create":{"status":400}},
      {"create":{"status":400}},{"create":{"status":400}}]})")
                .kind,
            Kind::kRefused);
}

TEST(HttpAnswer, AnAnswerThatIsNoBulksAcknowledgesNothing) {
  for (const char* body :
       {"", "ok", "[]", "{}", R"({"items":{}})", R"({"items":[{"create":{"status":201}}]})",
        R"({"items":[1,2,3]})", R"({"items":[{"create":{"status":"201"}},{},{}]})",
        R"({"items":[{"create":{}},{"create":{}},{"create":{}}]})"}) {
    EXPECT_EQ(OfBulk(body).kind, Kind::kNotNow) << body;
    EXPECT_EQ(OfBulk(body).error, "UNEXPECTED_ANSWER") << body;
  }
  EXPECT_EQ(OfBulk(std::string(100'000, '[')).kind, Kind::kNotNow);
  // What a receiver says is repeated only where it is a word.
  const Delivery rude = OfBulk(R"({"items":[{"create":{"status":201}},
      {"create":{"status":400,"error":{"type":"<script>\n"}}},{"create":{"status":201}}]})");
  EXPECT_EQ(rude.refused[0].reason, "HTTP_400");
}

}  // namespace
}  // namespace kasbah::audit
