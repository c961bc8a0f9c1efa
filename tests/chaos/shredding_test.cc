// What was shredded stays so when yesterday's database comes back, and a tenant who takes its own
// key away is sealed alone: the real processes, a real dump and restore, KMS by its wire protocol.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>

#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/aws_server.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using kasbah::testing::AwsServer;
using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Secrets = vault::v1::SecretService;
using Seals = vault::v1::TenantSealService;
using Shred = vault::v1::ShredService;

class Shredding : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    aws_ = new AwsServer();
    const std::string path = System::Get().installation().config_file("vault");
    YAML::Node config = YAML::LoadFile(path);
    config["tenant_seals"]["aws_kms"]["enabled"] = true;
    config["tenant_seals"]["aws_kms"]["endpoint"] = aws_->endpoint();
    config["tenant_seals"]["aws_kms"]["credentials_file"] = aws_->credentials_file();
    std::ofstream(path) << config;
    ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
    ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
    gone_ = new TestTenant(System::Get().CreateTenant("gone"));
    stays_ = new TestTenant(System::Get().CreateTenant("stays"));
  }
  static void TearDownTestSuite() { delete aws_; }

  static absl::Status Store(const TestTenant& tenant, const std::string& path) {
    vault::v1::CreateSecretRequest create;
    create.set_path(path);
    const auto made = AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::CreateSecret, create);
    if (!made.ok()) return made.status();
    vault::v1::AddSecretVersionRequest add;
    add.set_secret(path);
    add.set_payload("the payload");
    return AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::AddSecretVersion, add).status();
  }
  // The payload, or the reason why there is none.
  static std::string Access(const TestTenant& tenant, const std::string& path) {
    vault::v1::AccessSecretVersionRequest request;
    request.set_secret(path);
    const auto reply =
        AsOwner<Secrets>(tenant, "vault", &Secrets::Stub::AccessSecretVersion, request);
    return reply.ok() ? reply->payload() : ReasonOf(reply.status());
  }
  static bool Reads(const TestTenant& tenant, const std::string& path, const std::string& wanted,
                    absl::Duration within) {
    return WaitUntil(within, [&] { return Access(tenant, path) == wanted; });
  }
  static int Postgres(const std::string& command) {
    return system(
        StrCat("export PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH; ", command)
            .c_str());
  }

  static AwsServer* aws_;
  static TestTenant* gone_;
  static TestTenant* stays_;
};
AwsServer* Shredding::aws_ = nullptr;
TestTenant* Shredding::gone_ = nullptr;
TestTenant* Shredding::stays_ = nullptr;

TEST_F(Shredding, ATenantThatTakesItsKeyAwayIsSealedAloneWithinAMinute) {
  ASSERT_TRUE(Store(*gone_, "own").ok());
  ASSERT_TRUE(Store(*stays_, "own").ok());
  vault::v1::SetTenantSealRequest set;
  set.mutable_aws_kms()->set_key_arn(AwsServer::kKey);
  const auto sealed = AsOperator<Seals>(gone_->id, "vault", &Seals::Stub::SetTenantSeal, set);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_EQ(Access(*gone_, "own"), "the payload");

  aws_->SetEnabled(AwsServer::kKey, false);
  EXPECT_TRUE(Reads(*gone_, "own", "TENANT_SEALED", absl::Seconds(60)));
  EXPECT_EQ(Access(*stays_, "own"), "the payload");
  const auto checked = AsOperator<Seals>(gone_->id, "vault", &Seals::Stub::CheckTenantSeal,
                                         vault::v1::CheckTenantSealRequest());
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_THAT(checked->problem(), ::testing::HasSubstr("DisabledException"));

  aws_->SetEnabled(AwsServer::kKey, true);
  EXPECT_TRUE(Reads(*gone_, "own", "the payload", absl::Seconds(30)));
}

TEST_F(Shredding, YesterdaysDatabaseBringsNothingBack) {
  ASSERT_TRUE(Store(*gone_, "s").ok());
  ASSERT_TRUE(Store(*stays_, "s").ok());
  dev::Supervisor& supervisor = System::Get().supervisor();
  const std::string dump = StrCat(System::Get().directory(), "/yesterday.dump");
  ASSERT_EQ(Postgres(StrCat("pg_dump -Fc -f '", dump, "' -d \"",
                            supervisor.PostgresAdminDsn("kasbah"), "\"")),
            0);

  vault::v1::ShredTenantRequest shred;
  shred.set_confirm(gone_->id.ToString());
  const auto shredded = AsOperator<Shred>(gone_->id, "vault", &Shred::Stub::ShredTenant, shred);
  ASSERT_TRUE(shredded.ok()) << shredded.status();
  EXPECT_TRUE(Reads(*gone_, "s", "KEY_SHREDDED", absl::Seconds(10)));
  EXPECT_EQ(Access(*stays_, "s"), "the payload");

  const std::vector<std::string> services = {"auth", "vault", "tenant-data", "webhook", "audit"};
  for (const std::string& name : services) ASSERT_TRUE(supervisor.StopService(name).ok());
  const std::string server = supervisor.PostgresAdminDsn("postgres");
  ASSERT_EQ(Postgres(StrCat("psql -q -d \"", server,
                            "\" -c 'DROP DATABASE kasbah WITH (FORCE)'"
                            " && pg_restore --create -d \"",
                            server, "\" '", dump, "'")),
            0);
  for (const std::string& name : services) ASSERT_TRUE(supervisor.StartService(name).ok());

  // The database says that nothing was shredded; what is outside says otherwise.
  EXPECT_EQ(System::Get().QueryValue("SELECT count(*) FROM vault.shares"
                                     " WHERE shredded_at IS NOT NULL"),
            "0");
  EXPECT_TRUE(Reads(*stays_, "s", "the payload", absl::Seconds(30)));
  EXPECT_TRUE(Reads(*gone_, "s", "KEY_SHREDDED", absl::Seconds(30)));
}

}  // namespace
}  // namespace kasbah::chaos_test
