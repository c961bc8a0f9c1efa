#include "libs/reporting/otlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/escaping.h"
#include "libs/base/strings.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace kasbah::reporting {
namespace {

namespace proto = ::opentelemetry::proto;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

const Origin kOrigin = {.service = "kasbah-vault",
                        .version = "0.1.0",
                        .environment = "staging",
                        .instance = "0190163d-8694-739b-aea5-966c26f8ad91"};

telemetry::Span Failed() {
  return {.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          .parent_span_id = "53995c3f42cd8ad8",
          .method = "kasbah.vault.v1.SecretService/AddSecretVersion",
          .start = absl::FromUnixNanos(1'790'000'000'000'000'001),
          .end = absl::FromUnixNanos(1'790'000'000'004'000'000),
          .code = 14,
          .code_name = "UNAVAILABLE",
          .reason = "DATABASE_UNAVAILABLE",
          .workload = "service/tenant-data",
          .tenant = "ten_01h455vb4pex5vsknk084sn02q"};
}
telemetry::Span Refused() {
  return {.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-1234567890abcdef-01",
          .method = "kasbah.status.v1.StatusService/Ping",
          .start = absl::FromUnixNanos(1'790'000'000'000'000'000),
          .end = absl::FromUnixNanos(1'790'000'000'000'000'000),
          .code = 7,
          .code_name = "PERMISSION_DENIED",
          .reason = "PERMISSION_DENIED",
          .workload = "operator/ada"};
}

proto::collector::trace::v1::ExportTraceServiceRequest Decode(const std::string& body) {
  proto::collector::trace::v1::ExportTraceServiceRequest request;
  EXPECT_TRUE(request.ParseFromString(body));
  return request;
}

template <typename Attributes>
std::map<std::string, std::string> ToMap(const Attributes& attributes) {
  std::map<std::string, std::string> map;
  for (const auto& attribute : attributes) {
    const auto& value = attribute.value();
    map[attribute.key()] =
        value.has_int_value() ? StrCat(value.int_value()) : value.string_value();
  }
  return map;
}

TEST(Otlp, ASpanSaysWhereItStandsInItsTraceAndHowTheCallEnded) {
  const auto request = Decode(EncodeSpans(kOrigin, {Failed()}));
  ASSERT_EQ(request.resource_spans_size(), 1);
  const auto& all = request.resource_spans(0);
  EXPECT_EQ(ToMap(all.resource().attributes()),
            (std::map<std::string, std::string>{
                {"service.namespace", "kasbah"},
                {"service.name", "kasbah-vault"},
                {"service.version", "0.1.0"},
                {"service.instance.id", "0190163d-8694-739b-aea5-966c26f8ad91"},
                {"deployment.environment.name", "staging"}}));
  ASSERT_EQ(all.scope_spans(0).spans_size(), 1);
  const auto& span = all.scope_spans(0).spans(0);
  EXPECT_EQ(absl::BytesToHexString(span.trace_id()), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(absl::BytesToHexString(span.span_id()), "00f067aa0ba902b7");
  EXPECT_EQ(absl::BytesToHexString(span.parent_span_id()), "53995c3f42cd8ad8");
  EXPECT_EQ(span.flags(), 0x301u);
  EXPECT_EQ(span.name(), "kasbah.vault.v1.SecretService/AddSecretVersion");
  EXPECT_EQ(span.kind(), proto::trace::v1::Span::SPAN_KIND_SERVER);
  EXPECT_EQ(span.start_time_unix_nano(), 1'790'000'000'000'000'001u);
  EXPECT_EQ(span.end_time_unix_nano(), 1'790'000'000'004'000'000u);
  EXPECT_EQ(span.status().code(), proto::trace::v1::Status::STATUS_CODE_ERROR);
  EXPECT_EQ(ToMap(span.attributes()), (std::map<std::string, std::string>{
                                          {"rpc.system", "grpc"},
                                          {"rpc.service", "kasbah.vault.v1.SecretService"},
                                          {"rpc.method", "AddSecretVersion"},
                                          {"rpc.grpc.status_code", "14"},
                                          {"error.type", "UNAVAILABLE"},
                                          {"kasbah.reason", "DATABASE_UNAVAILABLE"},
                                          {"kasbah.workload", "service/tenant-data"},
                                          {"kasbah.tenant", "ten_01h455vb4pex5vsknk084sn02q"}}));
}

TEST(Otlp, ARefusalIsNoFaultAndAnOperatorsNameIsNotSaid) {
  const std::string body = EncodeSpans(kOrigin, {Refused()});
  const auto request = Decode(body);
  const auto& span = request.resource_spans(0).scope_spans(0).spans(0);
  EXPECT_EQ(span.parent_span_id(), "");
  EXPECT_EQ(span.flags(), 0x101u);
  EXPECT_EQ(span.status().code(), proto::trace::v1::Status::STATUS_CODE_UNSET);
  const auto attributes = ToMap(span.attributes());
  EXPECT_EQ(attributes.at("kasbah.workload"), "operator");
  EXPECT_THAT(attributes, Not(Contains(Key("error.type"))));
  EXPECT_THAT(attributes, Not(Contains(Key("kasbah.tenant"))));
  EXPECT_EQ(body.find("ada"), std::string::npos);
}

TEST(Otlp, AWorkloadOfATenantIsNotNamed) {
  telemetry::Span span = Refused();
  span.workload = "tenant/ten_01h455vb4pex5vsknk084sn02q/workload/payroll";
  const std::string body = EncodeSpans(kOrigin, {span});
  EXPECT_EQ(body.find("payroll"), std::string::npos);
}

// tests/deploy/otlp_export.py decodes the same bytes with OpenTelemetry's own messages.
TEST(Otlp, TheCaptureThatOfficialDecodersAreHeldAgainstIsWhatIsSent) {
  std::ifstream file(std::string(KASBAH_SOURCE_DIR) + "/tests/deploy/otlp_export.hex");
  std::string word, captured;
  while (file >> word) captured += word;
  EXPECT_EQ(captured, absl::BytesToHexString(EncodeSpans(kOrigin, {Failed(), Refused()})));
}

TEST(Otlp, WhatACollectorDidNotTakeIsRead) {
  proto::collector::trace::v1::ExportTraceServiceResponse answer;
  answer.mutable_partial_success()->set_rejected_spans(3);
  answer.mutable_partial_success()->set_error_message(std::string(1000, 'x'));
  const PartialSuccess partial = ParseExportAnswer(answer.SerializeAsString());
  EXPECT_EQ(partial.rejected, 3);
  EXPECT_EQ(partial.message.size(), 200u);
  answer.mutable_partial_success()->set_rejected_spans(-3);
  EXPECT_EQ(ParseExportAnswer(answer.SerializeAsString()).rejected, 0);
  EXPECT_EQ(ParseExportAnswer("").rejected, 0);
  EXPECT_EQ(ParseExportAnswer("{\"partialSuccess\":{}}").rejected, 0);
}

}  // namespace
}  // namespace kasbah::reporting
