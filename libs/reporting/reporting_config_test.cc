#include "libs/reporting/reporting_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "libs/reporting/reporting.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::reporting {
namespace {

using ::kasbah::testing::ReasonIs;
using ::testing::HasSubstr;

class ReportingConfigTest : public ::testing::Test {
 protected:
  ReportingConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reportingXXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~ReportingConfigTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  absl::Status Load(const std::string& text, ReportingConfig* config) {
    return config::Load(File("c.yaml", text),
                        [config](config::Section& root) { config->Read(root); });
  }
  std::string ErrorsOf(const std::string& text) {
    ReportingConfig config;
    return std::string(Load(text, &config).message());
  }

  std::string directory_;
};

TEST_F(ReportingConfigTest, NothingIsToldUnlessACollectorIsNamed) {
  ReportingConfig config;
  ASSERT_OK(Load("environment: production\n", &config));
  ASSERT_OK_AND_ASSIGN(const auto reporting, Reporting::Start(config, "kasbah-test"));
  EXPECT_EQ(reporting, nullptr);
}

TEST_F(ReportingConfigTest, ValuesThatDoNotHoldAreNamed) {
  EXPECT_THAT(ErrorsOf("otlp: {endpoint: 'http://collector:4318/v1/traces'}\n"),
              HasSubstr("otlp.endpoint: must be https"));
  EXPECT_THAT(ErrorsOf("otlp: {endpoint: 'https://10.0.0.7/v1/traces'}\n"),
              HasSubstr("telemetry.allow_addresses"));
  EXPECT_THAT(ErrorsOf("otlp: {sampled_per_thousand: 1001}\n"), HasSubstr("must be from 0 to"));
  EXPECT_THAT(ErrorsOf("allow_addresses: [everywhere]\n"), HasSubstr("allow_addresses"));
  EXPECT_THAT(ErrorsOf("environment: 'a b'\n"), HasSubstr("environment: must be"));
  EXPECT_THAT(ErrorsOf("sentry: {dsn_file: /nowhere}\n"), HasSubstr("no such file"));
}

TEST_F(ReportingConfigTest, FilesThatDoNotHoldWhatTheyShouldStopTheStart) {
  ReportingConfig config;
  config.sentry_dsn_file = File("dsn", "hunter2\n");
  const auto no_dsn = Reporting::Start(config, "kasbah-test");
  EXPECT_THAT(no_dsn, ReasonIs("CONFIG_INVALID"));
  EXPECT_THAT(no_dsn.status().message(), HasSubstr("telemetry.sentry.dsn_file"));
  EXPECT_EQ(no_dsn.status().message().find("hunter2"), absl::string_view::npos);
  config.sentry_dsn_file = File("dsn", "https://key@10.0.0.7/1");
  EXPECT_THAT(Reporting::Start(config, "kasbah-test"), ReasonIs("CONFIG_INVALID"));
  config.sentry_dsn_file = "";
  config.otlp_endpoint = "http://127.0.0.1:1/v1/traces";
  config.otlp_headers_file = File("headers", std::string(20'000, 'x'));
  EXPECT_THAT(Reporting::Start(config, "kasbah-test"), ReasonIs("CONFIG_INVALID"));
}

}  // namespace
}  // namespace kasbah::reporting
