#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_split.h"
#include "services/audit/formats/format_fixture.h"
#include "services/audit/rpc/audit_server_fixture.h"

namespace kasbah::audit {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExportFormatsTest : public AuditServerTest {
 protected:
  absl::StatusOr<std::string> ExportAs(v1::ExportFormat format,
                                       const v1::EventFilter& filter = {}) {
    const auto stub = v1::AuditService::NewStub(ChannelOf("operator/grace"));
    grpc::ClientContext context;
    rpc::Propagate(Call(a_), &context);
    v1::ExportEventsRequest request;
    request.set_format(format);
    *request.mutable_filter() = filter;
    const auto reader = stub->ExportEvents(&context, request);
    std::string file;
    for (v1::ExportEventsResponse chunk; reader->Read(&chunk);) file += chunk.lines();
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return file;
  }
};

TEST_F(ExportFormatsTest, EachFormatHasALineForEachEvent) {
  Log(Repeat(a_, 700));
  const std::vector<std::pair<v1::ExportFormat, std::string>> starts = {
      {v1::EXPORT_FORMAT_JSON_LINES, R"({"tenant_id":"ten_)"},
      {v1::EXPORT_FORMAT_CSV, R"("seq","recorded_at",)"},
      {v1::EXPORT_FORMAT_CEF, "CEF:0|Kasbah|audit|1|secret.create|"},
      {v1::EXPORT_FORMAT_OCSF, R"({"category_uid":6,)"},
      {v1::EXPORT_FORMAT_SYSLOG, "<110>1 "}};
  for (const auto& [format, start] : starts) {
    ASSERT_OK_AND_ASSIGN(const std::string file, ExportAs(format));
    EXPECT_THAT(file.substr(0, 100), StartsWith(start));
    const int header = format == v1::EXPORT_FORMAT_CSV ? 1 : 0;
    EXPECT_EQ(std::count(file.begin(), file.end(), '\n'), 700 + header) << start;
    EXPECT_THAT(file, HasSubstr("evt_"));
  }
}

TEST_F(ExportFormatsTest, WithoutAFormatThereAreProofs) {
  Log(Repeat(a_, 3));
  for (const auto format : {v1::EXPORT_FORMAT_UNSPECIFIED, v1::EXPORT_FORMAT_PROOFS}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, ExportAs(format));
    EXPECT_TRUE(Verify(a_, file).ok());
  }
  EXPECT_THAT(ExportAs(static_cast<v1::ExportFormat>(99)), ReasonIs("INVALID_FIELDS"));
}

TEST_F(ExportFormatsTest, FiltersHoldAndAMissingEventIsFound) {
  Log({{a_, Event("record.update")}, {a_, Event()}, {a_, Event("record.delete")}});
  v1::EventFilter filter;
  filter.add_actions("record.");
  ASSERT_OK_AND_ASSIGN(const std::string file, ExportAs(v1::EXPORT_FORMAT_JSON_LINES, filter));
  EXPECT_EQ(std::count(file.begin(), file.end(), '\n'), 2);
  EXPECT_EQ(Waiting("EXPORT_FORMAT_JSON_LINES"), "1");
  Tamper(a_, "DELETE FROM audit.event WHERE tenant_id = $ AND seq = 1");
  EXPECT_THAT(ExportAs(v1::EXPORT_FORMAT_CSV), ReasonIs("LOG_DAMAGED"));
}

// PostgreSQL's own reader of CSV, over values that somebody chose.
TEST_F(ExportFormatsTest, CsvIsReadBackByPostgres) {
  std::vector<std::string> values;
  Events events;
  for (const std::string& value : HostileValues()) {
    if (value.size() > 1000 || value.starts_with("bad utf-8") || !IsOneCleanLine(value)) continue;
    values.push_back(value);
    events.push_back({a_, Event("secret.create", value)});
  }
  ASSERT_GT(values.size(), 10u);
  Log(events);
  ASSERT_OK_AND_ASSIGN(const std::string file, ExportAs(v1::EXPORT_FORMAT_CSV));
  const std::string path = ::testing::TempDir() + "/trail.csv";
  std::ofstream(path) << file;
  chmod(path.c_str(), 0644);
  const std::string header = file.substr(0, file.find("\r\n"));
  std::vector<std::string> columns = absl::StrSplit(header, ',');
  std::string definition;
  for (const std::string& column : columns) {
    StrAppend(&definition, definition.empty() ? "" : ", ", column, " text");
  }
  test_->Execute(StrCat("CREATE TABLE public.trail (", definition, "); COPY public.trail FROM '",
                        path, "' WITH (FORMAT csv, HEADER true)"));
  for (size_t i = 0; i < values.size(); ++i) {
    // What a reader takes off: the quote before a formula, and the backslash of an escape.
    const std::string cell = test_->QueryValue(StrCat(
        "SELECT replace(regexp_replace(actor_id, '^''', ''), '\\\\', '\\') FROM public.trail "
        "WHERE seq = '",
        i, "'"));
    EXPECT_EQ(cell, values[i]);
  }
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM public.trail"), StrCat(values.size()));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM public.trail WHERE actor_id ~ '^[ ]*[-=+@]'"),
            "0");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace kasbah::audit
