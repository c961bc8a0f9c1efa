// The vault is killed between its statements: a lock of the test's own holds its transaction up at
// a table, SIGKILL comes while it waits there, the lock goes, and the vault starts again. Whatever
// the step, nothing is half done: an operation holds with its event once, or not at all without
// one; what was acknowledged holds; and what was sealed opens.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <thread>

#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/testing/soft_token.h"
#include "tests/chaos/replica.h"
#include "tests/chaos/table_lock.h"
#include "tests/system/system.h"

namespace kasbah::chaos_test {
namespace {

using system_test::AsOperator;
using system_test::AsOwner;
using system_test::Invoke;
using system_test::System;
using system_test::TestTenant;
using system_test::WaitUntil;
using Keys = vault::v1::KeyService;
using Secrets = vault::v1::SecretService;

constexpr char kKey[] = "service/vault/secrets";

class KilledSteps : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Before the first process of Kasbah: the vault inherits where the token is.
    token_ = new testing::SoftToken();
    System::Get();
  }
  static void TearDownTestSuite() { delete token_; }

  // A tenant with a secret under each of two versions of its key.
  KilledSteps() : tenant_(System::Get().CreateTenant(StrCat("killed-", ++tenants_))) {
    Store("first");
    EXPECT_TRUE(Do(&Keys::Stub::RotateKey, Named<vault::v1::RotateKeyRequest>()).ok());
    Store("second");
  }

  template <typename Request>
  static Request Named(uint32_t version = 0) {
    Request request;
    request.set_key(kKey);
    if constexpr (requires { request.set_version(version); }) request.set_version(version);
    // The first version still opens a secret: that is what is looked at.
    if constexpr (requires { request.set_force(true); }) request.set_force(true);
    return request;
  }
  template <typename Request>
  absl::StatusOr<vault::v1::Key> Do(grpc::Status (Keys::Stub::*method)(grpc::ClientContext*,
                                                                       const Request&,
                                                                       vault::v1::Key*),
                                    const Request& request) {
    return AsOperator<Keys>(tenant_.id, "vault", method, request);
  }
  absl::StatusOr<vault::v1::Key> Destroy() {
    return Do(&Keys::Stub::DestroyKeyVersion, Named<vault::v1::DestroyKeyVersionRequest>(1));
  }
  absl::StatusOr<vault::v1::Key> Restore() {
    return Do(&Keys::Stub::RestoreKeyVersion, Named<vault::v1::RestoreKeyVersionRequest>(1));
  }
  absl::StatusOr<vault::v1::Key> Rotate() {
    return Do(&Keys::Stub::RotateKey, Named<vault::v1::RotateKeyRequest>());
  }

  void Store(const std::string& path) {
    vault::v1::CreateSecretRequest create;
    create.set_path(path);
    EXPECT_TRUE(AsOwner<Secrets>(tenant_, "vault", &Secrets::Stub::CreateSecret, create).ok());
    vault::v1::AddSecretVersionRequest add;
    add.set_secret(path);
    add.set_payload("value of " + path);
    const auto added = AsOwner<Secrets>(tenant_, "vault", &Secrets::Stub::AddSecretVersion, add);
    EXPECT_TRUE(added.ok()) << added.status();
  }
  bool Opens(const std::string& path) {
    vault::v1::AccessSecretVersionRequest access;
    access.set_secret(path);
    const auto reply =
        AsOwner<Secrets>(tenant_, "vault", &Secrets::Stub::AccessSecretVersion, access);
    return reply.ok() && reply->payload() == "value of " + path;
  }
  // Whatever lease is held has ended by the time it answers so.
  void ExpectOpens(const std::string& path) {
    EXPECT_TRUE(WaitUntil(absl::Seconds(20), [&] { return Opens(path); })) << path;
  }

  std::string Query(const std::string& what) const {
    return System::Get().QueryValue(
        StrCat(what, " WHERE tenant_id = '", tenant_.id.uuid().ToString(), "'"));
  }
  int Versions() const { return std::stoi(Query("SELECT count(*) FROM vault.key_versions")); }
  // "scheduled", "destroyed" or "there": the first version.
  std::string StateOfFirst() const {
    return Query(
        "SELECT max(CASE WHEN destroyed_at IS NOT NULL AND wrapped IS NULL THEN 'destroyed'"
        " WHEN destroy_at IS NOT NULL THEN 'scheduled' ELSE 'there' END)"
        " FILTER (WHERE version = 1) FROM vault.key_versions");
  }
  // In the trail, once what is on its way has arrived.
  int Events(const std::string& action) const {
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] {
      return Query(
                 "SELECT count(*) FROM (SELECT tenant_id FROM vault.outbox WHERE topic = "
                 "'audit') o") == "0";
    }));
    return std::stoi(StrCat(0, System::Get().QueryValue(StrCat(
                                   "SELECT count(*) FROM audit.event WHERE action = '", action,
                                   "' AND tenant_id = '", tenant_.id.uuid().ToString(), "'"))));
  }

  // Kills the vault where `lock` holds it up, and has it back.
  static void KillAt(TableLock& lock, const std::string& table,
                     const std::string& subject = "vault.keys") {
    EXPECT_TRUE(IsHeldUp(table, subject));
    ASSERT_TRUE(System::Get().supervisor().KillService("vault").ok());
    lock.Release();
    EXPECT_TRUE(IsQuiet("vault"));
    WaitForAnswers();
  }
  // Ready, and our connection to it made again: an operation that is not repeated needs both.
  static void WaitForAnswers() {
    ASSERT_TRUE(System::Get().supervisor().WaitReady(absl::Seconds(60)).ok());
    EXPECT_TRUE(WaitUntil(absl::Seconds(30), [] {
      return AsOperator<vault::v1::SealService>(TenantId(), "vault",
                                                &vault::v1::SealService::Stub::GetSealStatus,
                                                vault::v1::GetSealStatusRequest())
          .ok();
    }));
  }
  template <typename Operation>
  absl::Status KilledIn(const std::string& table, const Operation& operation,
                        const std::string& subject = "vault.keys") {
    TableLock lock(table);
    absl::Status answer;
    std::thread caller([&] { answer = operation().status(); });
    KillAt(lock, table, subject);
    caller.join();
    EXPECT_FALSE(answer.ok()) << "answered though it was killed before its commit";
    return answer;
  }

  static int tenants_;
  static testing::SoftToken* token_;
  TestTenant tenant_;
};
int KilledSteps::tenants_ = 0;
testing::SoftToken* KilledSteps::token_ = nullptr;

constexpr const char* kTables[] = {"vault.keys", "vault.key_versions", "vault.outbox"};

TEST_F(KilledSteps, ARotationIsWholeOrDidNotHappen) {
  for (const char* table : kTables) {
    SCOPED_TRACE(table);
    const int before = Versions();
    KilledIn(table, [&] { return Rotate(); }).IgnoreError();
    const int after = Versions();
    EXPECT_TRUE(after == before || after == before + 1) << before << " to " << after;
    // The first version is made with its key.
    EXPECT_EQ(Events("key.rotate"), after - 1);
    EXPECT_EQ(Query("SELECT primary_version FROM vault.keys"), StrCat(after));
    ExpectOpens("first");
    ExpectOpens("second");
    const auto again = Rotate();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Versions(), after + 1);
    Store(StrCat("after-", table + sizeof("vault.") - 1));
  }
}

TEST_F(KilledSteps, ADestructionAndItsRevocationAreWholeOrDidNotHappen) {
  int scheduled = 0;
  int restored = 0;
  for (const char* table : kTables) {
    SCOPED_TRACE(table);
    KilledIn(table, [&] { return Destroy(); }).IgnoreError();
    if (StateOfFirst() == "scheduled") ++scheduled;
    EXPECT_EQ(Events("key.version.destroy"), scheduled);
    ExpectOpens("second");
    if (StateOfFirst() == "there") {
      ExpectOpens("first");
      const auto again = Destroy();
      ASSERT_TRUE(again.ok()) << again.status();
      ++scheduled;
    }
    EXPECT_EQ(StateOfFirst(), "scheduled");

    KilledIn(table, [&] { return Restore(); }).IgnoreError();
    if (StateOfFirst() == "there") ++restored;
    EXPECT_EQ(Events("key.version.restore"), restored);
    if (StateOfFirst() == "scheduled") {
      const auto again = Restore();
      ASSERT_TRUE(again.ok()) << again.status();
      ++restored;
    }
    ExpectOpens("first");
    ExpectOpens("second");
  }
}

TEST_F(KilledSteps, TheEndOfAVersionComesOnceThoughItIsBrokenOffEachTime) {
  const auto scheduled = Destroy();
  ASSERT_TRUE(scheduled.ok()) << scheduled.status();
  // Nothing runs while the version becomes due and the lock is taken.
  ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
  System::Get().QueryValue(
      StrCat("UPDATE vault.key_versions SET destroy_at = now() - interval '1 s' WHERE version = 1"
             " AND tenant_id = '",
             tenant_.id.uuid().ToString(), "' RETURNING 1"));
  for (const char* table : kTables) {
    SCOPED_TRACE(table);
    TableLock lock(table);
    ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
    if (StateOfFirst() == "destroyed") break;
    KillAt(lock, table);
    ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
  }
  ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
  WaitForAnswers();
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] { return StateOfFirst() == "destroyed"; }));
  EXPECT_EQ(Events("key.version.destroyed"), 1);
  ExpectOpens("second");
  EXPECT_FALSE(Opens("first"));
}

TEST_F(KilledSteps, TwoVaultsThatRotateAtOnceMakeAVersionEach) {
  Replica second("vault");
  auto channel = rpc::CreateChannel(second.address(), dev::Installation::ServiceId("vault"),
                                    {System::Get().CertificateOf(dev::kOperator)});
  ASSERT_TRUE(channel.ok());
  const auto rotate_at = [&](const std::shared_ptr<grpc::Channel>& at) {
    return Invoke<Keys>(at, System::ContextFor(tenant_.id), &Keys::Stub::RotateKey,
                        Named<vault::v1::RotateKeyRequest>());
  };
  ASSERT_TRUE(WaitUntil(absl::Seconds(30), [&] { return rotate_at(*channel).ok(); }));
  const int before = Versions();
  std::atomic<int> rotated{0};
  const auto rotate_often = [&](const std::shared_ptr<grpc::Channel>& at) {
    for (int i = 0; i < 5; ++i) {
      const auto key = rotate_at(at);
      EXPECT_TRUE(key.ok()) << key.status();
      if (key.ok()) ++rotated;
    }
  };
  std::thread one([&] { rotate_often(System::Get().OperatorChannel("vault")); });
  std::thread two([&] { rotate_often(*channel); });
  one.join();
  two.join();
  EXPECT_EQ(Versions(), before + rotated);
  EXPECT_EQ(Query("SELECT max(version) FROM vault.key_versions"), StrCat(before + rotated));
  EXPECT_EQ(Events("key.rotate"), before + rotated - 1);
  ExpectOpens("first");
  ExpectOpens("second");
  Store("third");
  ExpectOpens("third");
}

TEST_F(KilledSteps, ASealComesAndGoesWholeOrNotAtAll) {
  const std::string path = System::Get().installation().config_file("vault");
  YAML::Node config = YAML::LoadFile(path);
  config["pkcs11"]["module"] = testing::SoftToken::kModule;
  config["pkcs11"]["token"] = testing::SoftToken::kLabel;
  config["pkcs11"]["pin_file"] = token_->pin_file();
  const std::string init =
      StrCat("'", KASBAH_BINARY_DIR, "/kasbah-vault' --init-pkcs11 ", testing::SoftToken::kModule,
             " ", testing::SoftToken::kLabel, " ", token_->pin_file(), " kasbah-seal");
  ASSERT_EQ(system(init.c_str()), 0);
  const auto wraps = [] {
    return System::Get().QueryValue(
        "SELECT count(*) FROM vault.root_key_wraps WHERE seal = 'pkcs11'");
  };
  const auto told = [] {
    return System::Get().QueryValue("SELECT count(*) FROM audit.event WHERE action = 'seal.wrap'");
  };
  ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
  std::ofstream(path) << config;
  // The vault that comes back may have wrapped it before it is stopped: the next step begins anew.
  int removed = 0;
  for (const char* table : {"vault.root_key_wraps", "vault.outbox"}) {
    SCOPED_TRACE(table);
    TableLock lock(table);
    ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
    KillAt(lock, table, "vault.root_key_wraps");
    ExpectOpens("first");
    ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
    removed += std::stoi(System::Get().QueryValue(
        "WITH gone AS (DELETE FROM vault.root_key_wraps WHERE seal = 'pkcs11' RETURNING 1) "
        "SELECT count(*) FROM gone"));
  }
  ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
  EXPECT_TRUE(WaitUntil(absl::Seconds(30),
                        [&] { return wraps() == "1" && told() == std::to_string(removed + 1); }))
      << wraps() << " wraps, " << removed << " before, told " << told() << " times";
  ExpectOpens("first");

  // Out of the settings it can be forgotten; killed in between it is there as before, or gone.
  config.remove("pkcs11");
  ASSERT_TRUE(System::Get().supervisor().StopService("vault").ok());
  std::ofstream(path) << config;
  ASSERT_TRUE(System::Get().supervisor().StartService("vault").ok());
  WaitForAnswers();
  vault::v1::ForgetSealRequest forget;
  forget.set_seal("pkcs11");
  const auto do_forget = [&] {
    return AsOperator<vault::v1::SealService>(TenantId(), "vault",
                                              &vault::v1::SealService::Stub::ForgetSeal, forget);
  };
  const auto told_gone = [] {
    return System::Get().QueryValue(
        "SELECT count(*) FROM audit.event WHERE action = 'seal.forget'");
  };
  for (const char* table : {"vault.root_key_wraps", "vault.outbox"}) {
    SCOPED_TRACE(table);
    if (wraps() == "0") break;
    KilledIn(table, do_forget, "vault.root_key_wraps").IgnoreError();
    ExpectOpens("first");
  }
  if (wraps() != "0") {
    const auto forgotten = do_forget();
    EXPECT_TRUE(forgotten.ok()) << forgotten.status();
  }
  EXPECT_EQ(wraps(), "0");
  EXPECT_TRUE(WaitUntil(absl::Seconds(30), [&] { return told_gone() == "1"; })) << told_gone();
  ExpectOpens("second");
}

}  // namespace
}  // namespace kasbah::chaos_test
