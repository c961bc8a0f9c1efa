// Ten thousand versions added to one secret at once, each request repeated until it is
// acknowledged: their numbers are contiguous, none is lost and none is there twice.

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/strings.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::System;
using system_test::TestTenant;
using Secrets = vault::v1::SecretService;

constexpr int kVersions = 10'000;
constexpr int kCallers = 64;

TEST(Versions, TenThousandAtOnceAreContiguousAndNoneIsLost) {
  const TestTenant tenant = System::Get().CreateTenant("versions");
  // As many calls as the machine does, not as one caller may.
  const std::string path = System::Get().installation().config_file("vault");
  YAML::Node config = YAML::LoadFile(path);
  config["server"]["rate_limits"]["sensitive"] = 1'000'000;
  config["server"]["rate_limits"]["write"] = 1'000'000;
  std::ofstream(path) << config;
  ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
  ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
  ASSERT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(30)).ok());

  const auto stub = Secrets::NewStub(System::Get().Channel("vault", tenant.certificate_directory));
  vault::v1::CreateSecretRequest create;
  create.set_path("s");
  vault::v1::Secret secret;
  ASSERT_TRUE(system_test::WaitUntil(absl::Seconds(20), [&] {
    return stub->CreateSecret(System::Get().OwnerContext(tenant).get(), create, &secret).ok();
  }));

  std::atomic<int> next{0};
  std::atomic<int> repeated{0};
  absl::Mutex mutex;
  std::map<uint32_t, int> payload_of;
  const absl::Time patience = absl::Now() + absl::Minutes(5);
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; ++c) {
    callers.emplace_back([&] {
      for (int i = next++; i < kVersions; i = next++) {
        vault::v1::AddSecretVersionRequest add;
        add.set_secret("s");
        add.set_payload(std::to_string(i));
        add.set_request_id(StrCat("add-", i));
        vault::v1::SecretVersion version;
        std::unique_ptr<grpc::ClientContext> context;
        {
          // It makes assertions for one thread at a time.
          const absl::MutexLock lock(&mutex);
          context = System::Get().OwnerContext(tenant);
        }
        while (!stub->AddSecretVersion(context.get(), add, &version).ok()) {
          ASSERT_LT(absl::Now(), patience);
          ++repeated;
          const absl::MutexLock lock(&mutex);
          context = System::Get().OwnerContext(tenant);
        }
        const absl::MutexLock lock(&mutex);
        EXPECT_TRUE(payload_of.emplace(version.version(), i).second) << version.version();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  RecordProperty("repeated", repeated);
  ASSERT_EQ(payload_of.size(), static_cast<size_t>(kVersions));
  EXPECT_EQ(payload_of.begin()->first, 1u);
  EXPECT_EQ(payload_of.rbegin()->first, static_cast<uint32_t>(kVersions));
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) || ' ' || max(version)"
                                     " FROM vault.secret_versions"),
            StrCat(kVersions, " ", kVersions));
  for (const uint32_t version : {1u, 2u, 5000u, 9999u, 10000u}) {
    vault::v1::AccessSecretVersionRequest access;
    access.set_secret("s");
    access.set_version(version);
    vault::v1::AccessSecretVersionResponse reply;
    ASSERT_TRUE(
        stub->AccessSecretVersion(System::Get().OwnerContext(tenant).get(), access, &reply).ok());
    EXPECT_EQ(reply.payload(), std::to_string(payload_of[version]));
  }
}

}  // namespace
}  // namespace kasbah::chaos_test
