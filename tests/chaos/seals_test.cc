// The vault's seal is replaced while tenants go on: file, then file and a PKCS#11 token, then the
// token alone, whose key is SoftHSM's. What was sealed before still opens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <yaml-cpp/yaml.h>

#include <fstream>

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/soft_token.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Secrets = vault::v1::SecretService;

class Seals : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Before the first process of Kasbah: the vault inherits where the token is.
    token_ = new testing::SoftToken();
    tenant_ = new TestTenant(System::Get().CreateTenant("seals"));
  }
  static void TearDownTestSuite() { delete token_; }

  // Starts the vault again with these seals.
  static void Restart(bool file, bool token) {
    const std::string path = System::Get().installation().config_file("vault");
    YAML::Node config = YAML::LoadFile(path);
    config.remove("seal_file");
    config.remove("pkcs11");
    if (file) config["seal_file"] = System::Get().installation().Path("vault.seal");
    if (token) {
      config["pkcs11"]["module"] = testing::SoftToken::kModule;
      config["pkcs11"]["token"] = testing::SoftToken::kLabel;
      config["pkcs11"]["pin_file"] = token_->pin_file();
    }
    std::ofstream(path) << config;
    ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
    ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
  }
  // "file 1/1, pkcs11 1/0": what each wrapped and opened.
  static std::string Checked() {
    const auto reply = AsOperator<vault::v1::SealService>(TenantId(), "vault",
                                                          &vault::v1::SealService::Stub::CheckSeals,
                                                          vault::v1::CheckSealsRequest());
    if (!reply.ok()) return reply.status().ToString();
    std::string text;
    for (const auto& seal : reply->seals()) {
      StrAppend(&text, text.empty() ? "" : ", ", seal.name(), " ", seal.wrapped(), "/",
                seal.opened());
    }
    return text;
  }
  static std::string Forget(const std::string& seal) {
    vault::v1::ForgetSealRequest request;
    request.set_seal(seal);
    return ReasonOf(AsOperator<vault::v1::SealService>(
                        TenantId(), "vault", &vault::v1::SealService::Stub::ForgetSeal, request)
                        .status());
  }
  static absl::StatusOr<std::string> Access(const std::string& secret) {
    vault::v1::AccessSecretVersionRequest request;
    request.set_secret(secret);
    const auto reply =
        AsOwner<Secrets>(*tenant_, "vault", &Secrets::Stub::AccessSecretVersion, request);
    if (!reply.ok()) return reply.status();
    return reply->payload();
  }
  static bool Opens() {
    const auto value = Access("s");
    return value.ok() && *value == "sealed at first";
  }

  static testing::SoftToken* token_;
  static TestTenant* tenant_;
};
testing::SoftToken* Seals::token_ = nullptr;
TestTenant* Seals::tenant_ = nullptr;

TEST_F(Seals, ATokenTakesTheFilesPlace) {
  vault::v1::CreateSecretRequest create;
  create.set_path("s");
  ASSERT_TRUE(AsOwner<Secrets>(*tenant_, "vault", &Secrets::Stub::CreateSecret, create).ok());
  vault::v1::AddSecretVersionRequest add;
  add.set_secret("s");
  add.set_payload("sealed at first");
  ASSERT_TRUE(AsOwner<Secrets>(*tenant_, "vault", &Secrets::Stub::AddSecretVersion, add).ok());
  EXPECT_EQ(Checked(), "file 1/1");
  EXPECT_EQ(Forget("file"), "SEAL_CONFIGURED");
  EXPECT_EQ(Forget("aws_kms"), "NOT_FOUND");

  // The token's key, made as an operator would; then both.
  const std::string binary = KASBAH_BINARY_DIR;
  ASSERT_EQ(system(StrCat("'", binary, "/kasbah-vault' --init-pkcs11 ", testing::SoftToken::kModule,
                          " ", testing::SoftToken::kLabel, " ", token_->pin_file(), " kasbah-seal")
                       .c_str()),
            0);
  Restart(/*file=*/true, /*token=*/true);
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [] { return Checked() == "file 1/1, pkcs11 1/1"; }))
      << Checked();
  // Each channel finds the process again by itself.
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), Opens));

  // The token alone.
  Restart(/*file=*/false, /*token=*/true);
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), Opens));
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [] { return Checked() == "file 1/0, pkcs11 1/1"; }))
      << Checked();
  EXPECT_EQ(Forget("file"), "");
  EXPECT_EQ(Checked(), "pkcs11 1/1");

  // The file does not open it any more, and says so; calls are told that the vault is sealed.
  Restart(/*file=*/true, /*token=*/false);
  EXPECT_TRUE(
      WaitUntil(absl::Seconds(30), [] { return ReasonOf(Access("s").status()) == "SEALED"; }));
  EXPECT_TRUE(WaitUntil(absl::Seconds(10), [] {
    return System::Get().Logs().find("the root key is wrapped by pkcs11") != std::string::npos;
  }));
  Restart(/*file=*/false, /*token=*/true);
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), Opens));
  // Each step is in the system's trail.
  EXPECT_TRUE(WaitUntil(absl::Seconds(20),
                        [] {
                          return System::Get().QueryValue(
                                     "SELECT string_agg(action, ',' ORDER BY seq) FROM audit.event"
                                     " WHERE action LIKE 'seal.%'") == "seal.wrap,seal.forget";
                        }))
      << System::Get().QueryValue(
             "SELECT string_agg(action, ',' ORDER BY seq) FROM audit.event"
             " WHERE action LIKE 'seal.%'");
}

}  // namespace
}  // namespace kasbah::chaos_test
