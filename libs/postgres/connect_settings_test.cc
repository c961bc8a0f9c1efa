#include "libs/postgres/connect_settings.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "libs/testing/status_matchers.h"

namespace kasbah::postgres::internal {
namespace {

absl::Status Check(const std::string& dsn) {
  PoolOptions options;
  options.dsn = dsn;
  return ConnectSettings::Create(options).status();
}

TEST(ConnectSettings, OffThisMachineOnlyWithVerifiedTls) {
  for (const char* dsn :
       {"host=127.0.0.1 user=u", "host=/run/postgresql", "host=localhost",
        "postgresql://u@localhost:5433/db", "host=::1", "host=db.example sslmode=verify-full",
        "postgresql://u@db.example/kasbah?sslmode=verify-full"}) {
    EXPECT_OK(Check(dsn)) << dsn;
  }
  for (const char* dsn : {"host=db.example", "host=db.example sslmode=require",
                          "host=db.example sslmode=verify-ca", "host=127.0.0.1,db.example",
                          "host=localhost hostaddr=10.0.0.1", "postgresql://u@10.0.0.1/db"}) {
    EXPECT_THAT(Check(dsn), testing::StatusIs(absl::StatusCode::kFailedPrecondition)) << dsn;
  }
}

TEST(ConnectSettings, AMalformedStringIsNotQuoted) {
  const absl::Status status = Check("host=localhost password=canary bogus");
  EXPECT_THAT(status, testing::StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(status.ToString().find("canary"), std::string::npos);
}

TEST(ConnectSettings, ThePasswordIsReadAgainForEachConnection) {
  const std::string path = ::testing::TempDir() + "/password";
  std::ofstream(path) << "first\n";
  PoolOptions options;
  options.dsn = "host=localhost user=u";
  options.password_file = path;
  ASSERT_OK_AND_ASSIGN(const ConnectSettings settings, ConnectSettings::Create(options));
  const auto password = [&]() -> std::string {
    const auto parameters = settings.Parameters();
    if (!parameters.ok()) return "none";
    return std::map<std::string, std::string>(parameters->begin(), parameters->end())["password"];
  };
  EXPECT_EQ(password(), "first");
  std::ofstream(path) << "second";
  EXPECT_EQ(password(), "second");
  std::remove(path.c_str());
  EXPECT_EQ(password(), "none");
}

}  // namespace
}  // namespace kasbah::postgres::internal
