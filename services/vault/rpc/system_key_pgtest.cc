// Operators and the installation's own keys, and nobody else and them.

#include <gmock/gmock.h>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::ReasonIs;
using SystemKeys = v1::SystemKeyService::Stub;
using Crypto = v1::CryptoService::Stub;

class SystemKeyTest : public VaultServerTest {
 protected:
  void SetUp() override {
    VaultServerTest::SetUp();
    ASSERT_OK(Sign(1));
  }

  // As auth does; makes the key at the first time.
  absl::Status Sign(uint32_t with_version) {
    v1::AsymmetricSignRequest sign;
    sign.set_key("assertion-certificates");
    sign.set_data("certificate");
    const auto reply = As("service/auth", kSystemTenant, &Crypto::AsymmetricSign, sign);
    EXPECT_EQ(reply.ok() ? reply->key_version() : with_version, with_version);
    return reply.status();
  }
  v1::RotateSystemKeyRequest Rotation() const {
    v1::RotateSystemKeyRequest request;
    request.set_key(key_);
    return request;
  }
  v1::SetSystemKeyRotationRequest Every(absl::Duration period) const {
    v1::SetSystemKeyRotationRequest request;
    request.set_key(key_);
    request.mutable_rotation_period()->set_seconds(absl::ToInt64Seconds(period));
    return request;
  }
  // Events of the system's trail about the key, by whoever did it.
  std::string Events(const std::string& action, const std::string& actor) {
    return test_->QueryValue(
        "SELECT count(*) FROM vault.outbox WHERE tenant_id = '" + kSystemTenant.uuid().ToString() +
        "' AND topic = 'audit' AND position('" + action +
        "'::bytea in payload) > 0 AND position('" + actor + "'::bytea in payload) > 0");
  }

  const std::string operator_ = "operator/ada";
  const std::string key_ = "service/auth/assertion-certificates";
};

TEST_F(SystemKeyTest, AnOperatorListsThemAndNoTenants) {
  v1::EncryptRequest encrypt;
  encrypt.set_key("fields");
  encrypt.set_plaintext("x");
  ASSERT_OK(As("service/tenant-data", a_, &Crypto::Encrypt, encrypt));
  ASSERT_OK_AND_ASSIGN(const auto listed, As(operator_, TenantId(), &SystemKeys::ListSystemKeys,
                                             v1::ListSystemKeysRequest()));
  ASSERT_EQ(listed.keys_size(), 1);
  EXPECT_EQ(listed.keys(0).name(), key_);
  EXPECT_EQ(listed.keys(0).primary_version(), 1u);
}

TEST_F(SystemKeyTest, AnOperatorRotatesOneAndIsNamedInTheTrail) {
  ASSERT_OK_AND_ASSIGN(const v1::Key key,
                       As(operator_, TenantId(), &SystemKeys::RotateSystemKey, Rotation()));
  EXPECT_EQ(key.primary_version(), 2u);
  EXPECT_OK(Sign(2));
  EXPECT_EQ(Events("key.rotate", operator_), "1");
  v1::RotateSystemKeyRequest absent;
  absent.set_key("service/auth/nothing");
  EXPECT_THAT(As(operator_, TenantId(), &SystemKeys::RotateSystemKey, absent),
              ReasonIs("NOT_FOUND"));
}

TEST_F(SystemKeyTest, WithAPeriodItIsRotatedByItself) {
  ASSERT_OK_AND_ASSIGN(
      const v1::Key key,
      As(operator_, TenantId(), &SystemKeys::SetSystemKeyRotation, Every(absl::Hours(24 * 90))));
  EXPECT_EQ(key.next_rotation_time().seconds() - key.versions(0).create_time().seconds(),
            86400 * 90);
  EXPECT_EQ(Events("key.update", operator_), "1");
  EXPECT_EQ(UpkeepIn(absl::Hours(24 * 89)), 0);
  EXPECT_EQ(UpkeepIn(absl::Hours(24 * 91)), 1);
  ASSERT_OK(vault_->ring->Refresh(Call(kSystemTenant), *KeyName::Parse(key_)));
  EXPECT_OK(Sign(2));
  // And by hand again.
  v1::SetSystemKeyRotationRequest none;
  none.set_key(key_);
  ASSERT_OK_AND_ASSIGN(const v1::Key by_hand,
                       As(operator_, TenantId(), &SystemKeys::SetSystemKeyRotation, none));
  EXPECT_FALSE(by_hand.has_rotation_period() || by_hand.has_next_rotation_time());
  EXPECT_THAT(As(operator_, TenantId(), &SystemKeys::SetSystemKeyRotation, Every(absl::Hours(23))),
              ReasonIs("INVALID_FIELDS"));
}

TEST_F(SystemKeyTest, NobodyElseComesToThem) {
  const std::string program = ProgramPath(a_);
  const auto refused = [&](auto method, const auto& request) {
    // A user or program of a tenant, whatever it is permitted; the tenant's own certificate;
    // services; and an operator who has somebody's assertion or names a tenant.
    EXPECT_THAT(AsUser(a_, method, request), ReasonIs("PEER_NOT_ALLOWED"));
    EXPECT_THAT(AsProgram(a_, method, request), ReasonIs("PEER_NOT_ALLOWED"));
    EXPECT_THAT(As(program, a_, method, request), ReasonIs("PEER_NOT_ALLOWED"));
    for (const char* service : {"service/auth", "service/audit", "service/gateway"}) {
      EXPECT_THAT(As(service, TenantId(), method, request), ReasonIs("PEER_NOT_ALLOWED"));
    }
    EXPECT_THAT(With<SystemKeys>(operator_, AssertionFor(a_), method, request),
                ReasonIs("ACTOR_NOT_ALLOWED"));
    EXPECT_THAT(As(operator_, a_, method, request), ReasonIs("TENANT_NOT_ALLOWED"));
    EXPECT_THAT(As(operator_, kSystemTenant, method, request),
                ReasonIs("SYSTEM_TENANT_NOT_ALLOWED"));
  };
  refused(&SystemKeys::ListSystemKeys, v1::ListSystemKeysRequest());
  refused(&SystemKeys::RotateSystemKey, Rotation());
  refused(&SystemKeys::SetSystemKeyRotation, Every(absl::Hours(24)));
  EXPECT_OK(Sign(1));
}

TEST_F(SystemKeyTest, ATenantsKeyIsNotFoundByThem) {
  v1::EncryptRequest encrypt;
  encrypt.set_key("fields");
  encrypt.set_plaintext("x");
  ASSERT_OK(As("service/tenant-data", a_, &Crypto::Encrypt, encrypt));
  v1::RotateSystemKeyRequest tenants;
  tenants.set_key("service/tenant-data/fields");
  EXPECT_THAT(As(operator_, TenantId(), &SystemKeys::RotateSystemKey, tenants),
              ReasonIs("NOT_FOUND"));
}

}  // namespace
}  // namespace kasbah::vault
