// What callers and operators see when PostgreSQL, a port, a disk or a configuration is not what it
// should be: a clear error, nothing lost, and recovery without a hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using ::testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string output;
};

// Runs one of our binaries to its end.
Outcome RunBinary(const std::string& name, const std::string& arguments) {
  const std::string command = StrCat("'", KASBAH_BINARY_DIR, "/", name, "' ", arguments, " 2>&1");
  FILE* pipe = popen(command.c_str(), "r");
  Outcome outcome;
  char buffer[4096];
  while (size_t n = fread(buffer, 1, sizeof(buffer), pipe)) outcome.output.append(buffer, n);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

class Outage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { tenant_ = new TestTenant(System::Get().CreateTenant("outage")); }

  static absl::StatusOr<vault::v1::Secret> CreateSecret(const std::string& path) {
    using Secrets = vault::v1::SecretService;
    vault::v1::CreateSecretRequest request;
    request.set_path(path);
    return system_test::AsOwner<Secrets>(*tenant_, "vault", &Secrets::Stub::CreateSecret, request);
  }

  static TestTenant* tenant_;
};
TestTenant* Outage::tenant_ = nullptr;

TEST_F(Outage, CallsAreUnavailableWithoutPostgresAndRecoverByThemselves) {
  ASSERT_TRUE(CreateSecret("outage/before").ok());
  ASSERT_TRUE(System::Get().supervisor().StopPostgres().ok());
  // Under load while it is away: everything answers, and answers UNAVAILABLE.
  for (int i = 0; i < 5; ++i) {
    const auto answer = CreateSecret(StrCat("outage/during-", i));
    ASSERT_FALSE(answer.ok());
    EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
    EXPECT_EQ(ReasonOf(answer.status()), reason::kDatabaseUnavailable) << answer.status();
  }
  ASSERT_TRUE(System::Get().supervisor().StartPostgres().ok());
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [] { return CreateSecret("outage/after").ok(); }));
}

TEST_F(Outage, AServiceThatStartsWithoutPostgresWaitsAndSaysSo) {
  dev::Supervisor& supervisor = System::Get().supervisor();
  ASSERT_TRUE(supervisor.StopService("vault").ok());
  ASSERT_TRUE(supervisor.StopPostgres().ok());
  const size_t before = System::Get().Logs().size();
  ASSERT_TRUE(supervisor.StartService("vault").ok());
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] {
    return System::Get().Logs().find("waiting for PostgreSQL", before) != std::string::npos;
  })) << System::Get().Logs().substr(before);
  ASSERT_TRUE(supervisor.StartPostgres().ok());
  EXPECT_TRUE(supervisor.WaitReady(absl::Seconds(30)).ok());
  for (const dev::ServiceState& state : supervisor.states()) {
    if (state.name == "vault") {
      EXPECT_EQ(state.restarts, 0) << "it crashed instead of waiting";
    }
  }
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [] { return CreateSecret("outage/late").ok(); }));
}

TEST_F(Outage, WritesAcknowledgedWhilePostgresRestartsAreThere) {
  std::vector<std::string> acknowledged;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string path = StrCat("outage/burst-", i);
      if (CreateSecret(path).ok()) acknowledged.push_back(path);
    }
  });
  const auto written = [] {
    return std::stoi("0" +
                     System::Get().QueryValue(
                         "SELECT count(*) FROM vault.secrets WHERE path LIKE 'outage/burst-%'"));
  };
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return written() > 20; }));
  ASSERT_TRUE(System::Get().supervisor().StopPostgres().ok());
  ASSERT_TRUE(System::Get().supervisor().StartPostgres().ok());
  const int at_restart = written();
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return written() > at_restart + 20; }));
  stop = true;
  writer.join();
  for (const std::string& path : acknowledged) {
    EXPECT_EQ(System::Get().QueryValue(
                  StrCat("SELECT count(*) FROM vault.secrets WHERE path = '", path, "'")),
              "1")
        << path;
  }
  // And each has its one event.
  EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] {
    return System::Get().QueryValue("SELECT count(*) FROM vault.outbox WHERE topic = 'audit'") ==
           "0";
  }));
  EXPECT_EQ(System::Get().QueryValue(
                "SELECT count(*) FROM vault.secrets s WHERE path LIKE 'outage/burst-%' AND 1 <> "
                "(SELECT count(*) FROM audit.event e WHERE e.tenant_id = s.tenant_id AND "
                "e.action = 'secret.create' AND convert_from(e.body, 'UTF8') LIKE "
                "'%\"' || s.path || '\"%')"),
            "0");
}

TEST_F(Outage, ABadConfigurationIsRefusedWholeBeforeAnythingStarts) {
  const std::string file = System::Get().directory() + "/bad vault.yaml";
  std::ofstream(file)
      << "server:\n  listen: 5\n  unknown_key: true\ndatabase:\n  connections: many\n";
  const Outcome outcome = RunBinary("kasbah-vault", StrCat("--config '", file, "'"));
  EXPECT_EQ(outcome.code, 2) << outcome.output;
  for (const char* field : {"server.listen", "server.unknown_key", "database.connections",
                            "database.dsn", "seal_file"}) {
    EXPECT_THAT(outcome.output, HasSubstr(field));
  }
  const Outcome missing = RunBinary("kasbah-vault", "--config /nonexistent/vault.yaml");
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.output, HasSubstr("/nonexistent/vault.yaml"));
}

TEST_F(Outage, ATakenPortIsNamed) {
  // The running vault has it.
  const std::string config = System::Get().installation().config_file("vault");
  const Outcome outcome = RunBinary("kasbah-vault", StrCat("--config '", config, "'"));
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.output, HasSubstr(System::Get().installation().Address("vault")));
  EXPECT_THAT(outcome.output, HasSubstr("server.listen"));
}

TEST_F(Outage, EveryConfigurationOfTheInstallationChecks) {
  for (const std::string& name : dev::ServiceNames()) {
    const Outcome outcome = RunBinary(
        StrCat("kasbah-", name),
        StrCat("--check-config --config '", System::Get().installation().config_file(name), "'"));
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    const Outcome schema = RunBinary(StrCat("kasbah-", name), "--print-config-schema");
    EXPECT_EQ(schema.code, 0);
    EXPECT_THAT(schema.output, HasSubstr("tls_directory"));
  }
}

}  // namespace
}  // namespace kasbah::chaos_test
