#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "libs/crypto/hash.h"
#include "services/vault/rpc/crypto_service.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using kasbah::testing::StatusIs;
using CryptoStub = v1::CryptoService::Stub;

class CryptoServiceTest : public VaultServerTest {
 protected:
  const std::string owner_ = "service/tenant-data";

  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Do(const std::string& peer, TenantId tenant,
                           grpc::Status (CryptoStub::*method)(grpc::ClientContext*, const Request&,
                                                              Reply*),
                           const Request& request) {
    return As(peer, tenant, method, request);
  }
  absl::StatusOr<v1::EncryptResponse> Encrypt(const std::string& peer, TenantId tenant,
                                              const std::string& plaintext,
                                              const std::string& key = "fields") {
    v1::EncryptRequest request;
    request.set_key(key);
    request.set_plaintext(plaintext);
    (*request.mutable_context())["record"] = "rec_x";
    return Do(peer, tenant, &CryptoStub::Encrypt, request);
  }
  absl::StatusOr<v1::DecryptResponse> Decrypt(const std::string& peer, TenantId tenant,
                                              const std::string& ciphertext,
                                              const std::string& record = "rec_x") {
    v1::DecryptRequest request;
    request.set_key("fields");
    request.set_ciphertext(ciphertext);
    (*request.mutable_context())["record"] = record;
    return Do(peer, tenant, &CryptoStub::Decrypt, request);
  }
};

TEST_F(CryptoServiceTest, OpensWhatItSealedAndNothingElse) {
  ASSERT_OK_AND_ASSIGN(const auto sealed, Encrypt(owner_, a_, "value"));
  EXPECT_EQ(sealed.key_version(), 1u);
  ASSERT_OK_AND_ASSIGN(const auto opened, Decrypt(owner_, a_, sealed.ciphertext()));
  EXPECT_EQ(opened.plaintext(), "value");

  // Another owner's key of the name, another tenant's, another context, other bytes: one error.
  ASSERT_OK(Encrypt("service/webhook", a_, "x"));
  ASSERT_OK(Encrypt(owner_, b_, "x"));
  std::string broken = sealed.ciphertext();
  broken.back() = static_cast<char>(broken.back() ^ 1);
  const std::vector<absl::Status> failures = {
      Decrypt("service/webhook", a_, sealed.ciphertext()).status(),
      Decrypt("service/audit", a_, sealed.ciphertext()).status(),
      Decrypt(owner_, b_, sealed.ciphertext()).status(),
      Decrypt(owner_, a_, sealed.ciphertext(), "rec_y").status(),
      Decrypt(owner_, a_, broken).status(),
      Decrypt(owner_, a_, "short").status(),
  };
  for (const absl::Status& failure : failures) {
    EXPECT_THAT(failure, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(failure, ReasonIs("OPEN_FAILED"));
    EXPECT_EQ(failure.message(), failures[0].message());
  }
  // Trying to open made no key.
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.keys WHERE owner = 'service/audit'"),
            "0");
}

TEST_F(CryptoServiceTest, ABatchAnswersEachItemInOrder) {
  v1::BatchEncryptRequest request;
  request.set_key("fields");
  for (int i = 0; i < 100; ++i) {
    auto* item = request.add_items();
    item->set_plaintext(std::to_string(i));
    (*item->mutable_context())["i"] = std::to_string(i);
  }
  ASSERT_OK_AND_ASSIGN(const auto sealed, Do(owner_, a_, &CryptoStub::BatchEncrypt, request));
  ASSERT_EQ(sealed.items_size(), 100);
  v1::BatchDecryptRequest back;
  back.set_key("fields");
  for (int i = 0; i < 100; ++i) {
    auto* item = back.add_items();
    item->set_ciphertext(sealed.items(i).ciphertext());
    (*item->mutable_context())["i"] = std::to_string(i == 7 ? 8 : i);
  }
  ASSERT_OK_AND_ASSIGN(const auto opened, Do(owner_, a_, &CryptoStub::BatchDecrypt, back));
  ASSERT_EQ(opened.items_size(), 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(opened.items(i).plaintext(), i == 7 ? "" : std::to_string(i));
    EXPECT_EQ(opened.items(i).error(), i == 7 ? "OPEN_FAILED" : "");
  }
  // Counted as single calls are.
  ASSERT_OK(counted_->Flush());
  EXPECT_EQ(EventCount("crypto.encrypt"), "1");
  EXPECT_EQ(EventCount("crypto.decrypt"), "1");
}

TEST_F(CryptoServiceTest, UsesAreCountedIntoTheTrail) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(Encrypt(owner_, a_, "value"));
  ASSERT_OK(counted_->Flush());
  EXPECT_EQ(EventCount("crypto.encrypt"), "1");
  EXPECT_EQ(EventCount("key.create"), "1");
}

TEST_F(CryptoServiceTest, OnALiveLeaseNoDatabaseIsNeeded) {
  ASSERT_OK_AND_ASSIGN(const auto sealed, Encrypt(owner_, a_, "value"));
  test_->Execute("ALTER TABLE vault.keys RENAME TO keys_away");
  EXPECT_THAT(Encrypt(owner_, a_, "value"), IsOk());
  EXPECT_THAT(Decrypt(owner_, a_, sealed.ciphertext()), IsOk());
  test_->Execute("ALTER TABLE vault.keys_away RENAME TO keys");
}

TEST_F(CryptoServiceTest, AKeyServesOnePurpose) {
  ASSERT_OK(Encrypt(owner_, a_, "value"));
  v1::MacSignRequest mac;
  mac.set_key("fields");
  EXPECT_THAT(Do(owner_, a_, &CryptoStub::MacSign, mac), ReasonIs("KEY_PURPOSE_MISMATCH"));
  v1::AsymmetricSignRequest sign;
  sign.set_key("fields");
  EXPECT_THAT(Do(owner_, a_, &CryptoStub::AsymmetricSign, sign), ReasonIs("KEY_PURPOSE_MISMATCH"));
}

TEST_F(CryptoServiceTest, SignaturesVerifyUnderThePublishedKeyAfterRotationToo) {
  v1::AsymmetricSignRequest sign;
  sign.set_key("tokens");
  sign.set_data("statement");
  const std::string auth = "service/auth";
  ASSERT_OK_AND_ASSIGN(const auto first,
                       Do(auth, kSystemTenant, &CryptoStub::AsymmetricSign, sign));
  ASSERT_OK(vault_->ring->Rotate(Call(kSystemTenant), {auth, "tokens"}));
  ASSERT_OK_AND_ASSIGN(const auto second,
                       Do(auth, kSystemTenant, &CryptoStub::AsymmetricSign, sign));
  EXPECT_EQ(second.key_version(), 2u);
  v1::GetPublicKeyRequest get;
  get.set_key("tokens");
  ASSERT_OK_AND_ASSIGN(const auto keys, Do(auth, kSystemTenant, &CryptoStub::GetPublicKey, get));
  ASSERT_EQ(keys.versions_size(), 2);
  const auto verify = [&](int at, const std::string& signature) {
    return crypto::Ed25519PublicKey::FromRaw(keys.versions(at).public_key())
        ->Verify("statement", signature);
  };
  EXPECT_TRUE(verify(0, first.signature()));
  EXPECT_TRUE(verify(1, second.signature()));
  EXPECT_FALSE(verify(0, second.signature()));
}

TEST_F(CryptoServiceTest, MacsAreRepeatableByVersion) {
  v1::MacSignRequest mac;
  mac.set_key("index");
  mac.set_data("value");
  ASSERT_OK_AND_ASSIGN(const auto first, Do(owner_, a_, &CryptoStub::MacSign, mac));
  ASSERT_OK(vault_->ring->Rotate(Call(a_), {owner_, "index"}));
  ASSERT_OK_AND_ASSIGN(const auto newest, Do(owner_, a_, &CryptoStub::MacSign, mac));
  EXPECT_NE(newest.mac(), first.mac());
  mac.set_key_version(1);
  ASSERT_OK_AND_ASSIGN(const auto again, Do(owner_, a_, &CryptoStub::MacSign, mac));
  EXPECT_EQ(again.mac(), first.mac());
  mac.set_key_version(9);
  EXPECT_THAT(Do(owner_, a_, &CryptoStub::MacSign, mac), ReasonIs("NOT_FOUND"));
}

TEST_F(CryptoServiceTest, BatchMacServesManyTenantsAndJudgesEachItem) {
  const std::string webhook = "service/webhook";
  const std::string key_bytes(32, 'k');
  ASSERT_OK_AND_ASSIGN(const auto of_a, Encrypt(webhook, a_, key_bytes, "endpoints"));
  ASSERT_OK_AND_ASSIGN(const auto of_b, Encrypt(webhook, b_, key_bytes, "endpoints"));
  ASSERT_OK_AND_ASSIGN(const auto too_short, Encrypt(webhook, b_, "short", "endpoints"));
  const TenantId suspended = test_->CreateTenant("c");
  ASSERT_OK_AND_ASSIGN(const auto of_c, Encrypt("service/audit", suspended, key_bytes));
  test_->SetTenantState(suspended, "suspended");

  v1::BatchSealedMacRequest request;
  request.set_key("endpoints");
  const auto add = [&](TenantId tenant, const std::string& sealed) {
    auto* item = request.add_items();
    item->set_tenant_id(tenant.ToString());
    item->set_sealed_key(sealed);
    (*item->mutable_context())["record"] = "rec_x";
    item->set_data("payload");
  };
  add(a_, of_a.ciphertext());
  add(b_, of_b.ciphertext());
  add(b_, of_a.ciphertext());
  add(b_, too_short.ciphertext());
  add(suspended, of_c.ciphertext());
  add(TenantId::New(absl::Now()), of_c.ciphertext());
  // The call itself names no tenant.
  ASSERT_OK_AND_ASSIGN(const auto reply,
                       Do(webhook, TenantId(), &CryptoStub::BatchSealedMac, request));
  ASSERT_EQ(reply.items_size(), 6);
  const std::string expected = crypto::HmacSha256(crypto::SecretBytes::Copy(key_bytes), "payload");
  EXPECT_EQ(reply.items(0).mac(), expected);
  EXPECT_EQ(reply.items(1).mac(), expected);
  EXPECT_EQ(reply.items(2).error(), "OPEN_FAILED");
  EXPECT_EQ(reply.items(3).error(), "MAC_KEY_SIZE");
  EXPECT_EQ(reply.items(4).error(), "TENANT_SUSPENDED");
  EXPECT_EQ(reply.items(5).error(), "OPEN_FAILED");
}

TEST_F(CryptoServiceTest, OnlyServicesMayAsk) {
  EXPECT_THAT(Encrypt("operator/root", a_, "value"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Encrypt("tenant/" + a_.ToString() + "/workload/x", a_, "value"),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(CryptoServiceTest, KeysAreListedWithoutAnythingOfThem) {
  ASSERT_OK(Encrypt(owner_, a_, "value"));
  ASSERT_OK(Encrypt(owner_, b_, "value"));
  using Keys = v1::KeyService;
  ASSERT_OK_AND_ASSIGN(const auto keys,
                       AsUser(a_, &Keys::CryptoStub::ListKeys, v1::ListKeysRequest()));
  ASSERT_EQ(keys.keys_size(), 1);
  EXPECT_EQ(keys.keys(0).name(), "service/tenant-data/fields");
  EXPECT_EQ(keys.keys(0).purpose(), v1::Key::PURPOSE_ENCRYPT);
  v1::RotateKeyRequest rotate;
  rotate.set_key("service/tenant-data/absent");
  EXPECT_THAT(AsUser(a_, &Keys::CryptoStub::RotateKey, rotate), ReasonIs("NOT_FOUND"));
}

// The same server before its seal could be used.
class SealedServerTest : public CryptoServiceTest {
 protected:
  void SetUp() override {
    CryptoServiceTest::SetUp();
    TearDownServer();
    vault_ = std::make_unique<Replica>(*test_, shares_.path());
    counted_ =
        std::make_unique<outbox::CountedEvents>(*vault_->database, vault_->outbox, Clock::Real());
    StartServer();
  }
  void TearDownServer() {
    StopServer();
    counted_.reset();
  }
};

TEST_F(SealedServerTest, EveryCallThatNeedsAKeySaysSealed) {
  const auto encrypt = Encrypt(owner_, a_, "value");
  EXPECT_THAT(encrypt, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(encrypt, ReasonIs("SEALED"));
  EXPECT_THAT(Decrypt(owner_, a_, "x"), ReasonIs("SEALED"));
  v1::GetSecretRequest get;
  get.set_secret("s");
  EXPECT_THAT(AsUser(a_, &v1::SecretService::Stub::GetSecret, get), ReasonIs("SEALED"));
  EXPECT_THAT(AsUser(a_, &v1::KeyService::Stub::ListKeys, v1::ListKeysRequest()),
              ReasonIs("SEALED"));
  using Seals = v1::SealService;
  ASSERT_OK_AND_ASSIGN(const auto sealed,
                       As("operator/root", TenantId(), &Seals::CryptoStub::GetSealStatus,
                          v1::GetSealStatusRequest()));
  EXPECT_TRUE(sealed.sealed());
  ASSERT_OK(vault_->Unseal());
  ASSERT_OK_AND_ASSIGN(const auto open,
                       As("operator/root", TenantId(), &Seals::CryptoStub::GetSealStatus,
                          v1::GetSealStatusRequest()));
  EXPECT_FALSE(open.sealed());
  EXPECT_EQ(open.root_key_version(), 1u);
  EXPECT_THAT(Encrypt(owner_, a_, "value"), IsOk());
}

}  // namespace
}  // namespace kasbah::vault
