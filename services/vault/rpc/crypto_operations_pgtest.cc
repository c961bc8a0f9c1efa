// Every operation alone and in a batch: what it makes, what it refuses, and what rotation does to
// it.

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/keys.grpc.pb.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/p256.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::IsOk;
using kasbah::testing::ReasonIs;
using CryptoStub = v1::CryptoService::Stub;

class CryptoOperationsTest : public VaultServerTest {
 protected:
  const std::string owner_ = "service/tenant-data";

  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Do(grpc::Status (CryptoStub::*method)(grpc::ClientContext*, const Request&,
                                                              Reply*),
                           const Request& request) {
    return As(owner_, a_, method, request);
  }
  std::string Sealed(const std::string& plaintext, const std::string& context) {
    v1::EncryptRequest request;
    request.set_key("fields");
    request.set_plaintext(plaintext);
    (*request.mutable_context())["at"] = context;
    const auto reply = Do(&CryptoStub::Encrypt, request);
    EXPECT_OK(reply);
    return reply.ok() ? reply->ciphertext() : "";
  }
  absl::StatusOr<std::string> Opened(const std::string& ciphertext, const std::string& context) {
    v1::DecryptRequest request;
    request.set_key("fields");
    request.set_ciphertext(ciphertext);
    (*request.mutable_context())["at"] = context;
    auto reply = Do(&CryptoStub::Decrypt, request);
    if (!reply.ok()) return reply.status();
    return reply->plaintext();
  }
  void Rotate(const std::string& key) { ASSERT_OK(vault_->ring->Rotate(Call(a_), {owner_, key})); }
  // As another replica does, of which this one has not heard.
  void RotateElsewhere(const std::string& key) {
    Replica other(*test_, shares_.path());
    ASSERT_OK(other.Unseal());
    ASSERT_OK(other.ring->Rotate(Call(a_), {owner_, key}));
  }
};

TEST_F(CryptoOperationsTest, RewrapSealsUnderTheNewestVersionWithTheSameContext) {
  const std::string old = Sealed("value", "here");
  Rotate("fields");
  v1::RewrapRequest request;
  request.set_key("fields");
  request.set_ciphertext(old);
  (*request.mutable_context())["at"] = "here";
  ASSERT_OK_AND_ASSIGN(const auto again, Do(&CryptoStub::Rewrap, request));
  EXPECT_EQ(again.old_key_version(), 1u);
  EXPECT_EQ(again.key_version(), 2u);
  EXPECT_EQ(crypto::ciphertext_v1::ParseKeyRef(again.ciphertext())->version, 2u);
  ASSERT_OK_AND_ASSIGN(const std::string opened, Opened(again.ciphertext(), "here"));
  EXPECT_EQ(opened, "value");
  EXPECT_THAT(Opened(again.ciphertext(), "there"), ReasonIs("OPEN_FAILED"));
  // It opens with what it was made with only.
  (*request.mutable_context())["at"] = "there";
  EXPECT_THAT(Do(&CryptoStub::Rewrap, request), ReasonIs("OPEN_FAILED"));
}

TEST_F(CryptoOperationsTest, RewrapMayBindToAnotherContext) {
  v1::RewrapRequest request;
  request.set_key("fields");
  request.set_ciphertext(Sealed("value", "here"));
  (*request.mutable_context())["at"] = "here";
  (*request.mutable_new_context()->mutable_pairs())["at"] = "there";
  ASSERT_OK_AND_ASSIGN(auto moved, Do(&CryptoStub::Rewrap, request));
  EXPECT_THAT(Opened(moved.ciphertext(), "here"), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Opened(moved.ciphertext(), "there"), IsOk());
  (*request.mutable_new_context()->mutable_pairs())["kasbah.tenant"] = "x";
  EXPECT_THAT(Do(&CryptoStub::Rewrap, request), ReasonIs("INVALID_FIELDS"));
}

TEST_F(CryptoOperationsTest, ABatchJudgesEachItem) {
  v1::BatchEncryptRequest encrypt;
  encrypt.set_key("fields");
  encrypt.add_items()->set_plaintext("a");
  (*encrypt.add_items()->mutable_context())["kasbah.tenant"] = "x";
  encrypt.add_items()->set_plaintext("c");
  ASSERT_OK_AND_ASSIGN(const auto sealed, Do(&CryptoStub::BatchEncrypt, encrypt));
  ASSERT_EQ(sealed.items_size(), 3);
  EXPECT_EQ(sealed.items(0).error(), "");
  EXPECT_EQ(sealed.items(1).error(), "INVALID_FIELDS");
  EXPECT_EQ(sealed.items(1).ciphertext(), "");
  EXPECT_EQ(sealed.items(2).error(), "");

  v1::BatchRewrapRequest rewrap;
  rewrap.set_key("fields");
  rewrap.add_items()->set_ciphertext(sealed.items(0).ciphertext());
  rewrap.add_items()->set_ciphertext("nonsense");
  rewrap.add_items()->set_ciphertext(sealed.items(2).ciphertext());
  ASSERT_OK_AND_ASSIGN(const auto again, Do(&CryptoStub::BatchRewrap, rewrap));
  ASSERT_EQ(again.items_size(), 3);
  EXPECT_EQ(again.items(1).error(), "OPEN_FAILED");
  v1::BatchDecryptRequest decrypt;
  decrypt.set_key("fields");
  for (const auto& item : again.items()) decrypt.add_items()->set_ciphertext(item.ciphertext());
  ASSERT_OK_AND_ASSIGN(const auto opened, Do(&CryptoStub::BatchDecrypt, decrypt));
  EXPECT_EQ(opened.items(0).plaintext(), "a");
  EXPECT_EQ(opened.items(1).error(), "OPEN_FAILED");
  EXPECT_EQ(opened.items(2).plaintext(), "c");
}

TEST_F(CryptoOperationsTest, MacsVerifyWhateverVersionMadeThem) {
  v1::MacSignRequest sign;
  sign.set_key("index");
  sign.set_data("value");
  ASSERT_OK_AND_ASSIGN(const auto first, Do(&CryptoStub::MacSign, sign));
  Rotate("index");
  v1::MacVerifyRequest verify;
  verify.set_key("index");
  verify.set_data("value");
  verify.set_mac(first.mac());
  ASSERT_OK_AND_ASSIGN(auto found, Do(&CryptoStub::MacVerify, verify));
  EXPECT_TRUE(found.valid());
  EXPECT_EQ(found.key_version(), 1u);
  verify.set_key_version(2);
  ASSERT_OK_AND_ASSIGN(found, Do(&CryptoStub::MacVerify, verify));
  EXPECT_FALSE(found.valid());
  EXPECT_EQ(found.key_version(), 0u);
  verify.set_key_version(0);
  verify.set_mac(first.mac().substr(0, 31));
  ASSERT_OK_AND_ASSIGN(found, Do(&CryptoStub::MacVerify, verify));
  EXPECT_FALSE(found.valid());
  verify.set_key("absent");
  EXPECT_THAT(Do(&CryptoStub::MacVerify, verify), ReasonIs("NOT_FOUND"));
}

TEST_F(CryptoOperationsTest, WhatAnotherReplicaMadeWithANewVersionVerifies) {
  v1::AsymmetricSignRequest sign;
  sign.set_key("tokens");
  sign.set_data("statement");
  ASSERT_OK(Do(&CryptoStub::AsymmetricSign, sign));
  RotateElsewhere("tokens");
  Replica other(*test_, shares_.path());
  ASSERT_OK(other.Unseal());
  ASSERT_OK_AND_ASSIGN(const auto theirs,
                       other.ring->Get(Call(a_), {owner_, "tokens"}, KeyPurpose::kSign));
  v1::AsymmetricVerifyRequest verify;
  verify.set_key("tokens");
  verify.set_data("statement");
  verify.set_signature(theirs->Sign("statement"));
  ASSERT_OK_AND_ASSIGN(const auto found, Do(&CryptoStub::AsymmetricVerify, verify));
  EXPECT_TRUE(found.valid());
  EXPECT_EQ(found.key_version(), 2u);
}

TEST_F(CryptoOperationsTest, BatchesOfMacsAndOfVerifications) {
  v1::BatchMacSignRequest sign;
  sign.set_key("index");
  sign.add_items()->set_data("a");
  sign.add_items()->set_data("b");
  sign.mutable_items(1)->set_key_version(7);
  ASSERT_OK_AND_ASSIGN(const auto macs, Do(&CryptoStub::BatchMacSign, sign));
  EXPECT_EQ(macs.items(0).key_version(), 1u);
  EXPECT_EQ(macs.items(1).error(), "NOT_FOUND");
  v1::BatchMacVerifyRequest verify;
  verify.set_key("index");
  for (const char* data : {"a", "b"}) {
    auto* item = verify.add_items();
    item->set_data(data);
    item->set_mac(macs.items(0).mac());
  }
  ASSERT_OK_AND_ASSIGN(const auto found, Do(&CryptoStub::BatchMacVerify, verify));
  EXPECT_TRUE(found.items(0).valid());
  EXPECT_FALSE(found.items(1).valid());
}

TEST_F(CryptoOperationsTest, AKeyMadeForP256SignsAndVerifiesSo) {
  v1::CreateKeyRequest create;
  create.set_key(owner_ + "/ecdsa");
  create.set_purpose(v1::Key::PURPOSE_SIGN_P256);
  ASSERT_OK(AsUser(a_, &v1::KeyService::Stub::CreateKey, create));
  v1::BatchAsymmetricSignRequest sign;
  sign.set_key("ecdsa");
  sign.add_items()->set_data("a");
  sign.add_items()->set_data("b");
  ASSERT_OK_AND_ASSIGN(const auto signatures, Do(&CryptoStub::BatchAsymmetricSign, sign));
  v1::BatchGetPublicKeyRequest get;
  get.add_items()->set_key("ecdsa");
  get.add_items()->set_key("ed");
  ASSERT_OK_AND_ASSIGN(const auto keys, Do(&CryptoStub::BatchGetPublicKey, get));
  EXPECT_EQ(keys.items(1).versions(0).public_key().size(), 32u);
  ASSERT_OK_AND_ASSIGN(const auto verifier,
                       crypto::P256PublicKey::FromPoint(keys.items(0).versions(0).public_key()));
  EXPECT_TRUE(verifier.Verify("a", signatures.items(0).signature()));
  EXPECT_TRUE(verifier.Verify("b", signatures.items(1).signature()));
  v1::BatchAsymmetricVerifyRequest verify;
  verify.set_key("ecdsa");
  for (const char* data : {"a", "x"}) {
    auto* item = verify.add_items();
    item->set_data(data);
    item->set_signature(signatures.items(0).signature());
  }
  ASSERT_OK_AND_ASSIGN(const auto found, Do(&CryptoStub::BatchAsymmetricVerify, verify));
  EXPECT_TRUE(found.items(0).valid());
  EXPECT_FALSE(found.items(1).valid());
}

TEST_F(CryptoOperationsTest, ABlindIndexTellsEqualValuesOfOneContextAndNothingElse) {
  const auto index = [&](const std::string& value, const std::string& field, uint32_t bits,
                         TenantId tenant) {
    v1::BlindIndexRequest request;
    request.set_key("search");
    request.set_value(value);
    (*request.mutable_context())["field"] = field;
    request.set_bits(bits);
    const auto reply = As(owner_, tenant, &CryptoStub::BlindIndex, request);
    EXPECT_OK(reply);
    return reply.ok() ? reply->index() : "";
  };
  const std::string whole = index("value", "email", 0, a_);
  EXPECT_EQ(whole.size(), 32u);
  EXPECT_EQ(index("value", "email", 256, a_), whole);
  EXPECT_NE(index("other", "email", 0, a_), whole);
  EXPECT_NE(index("value", "phone", 0, a_), whole);
  EXPECT_NE(index("value", "email", 0, b_), whole);
  EXPECT_EQ(index("value", "email", 16, a_), whole.substr(0, 2));
  const std::string cut = index("value", "email", 12, a_);
  EXPECT_EQ(cut.size(), 2u);
  EXPECT_EQ(cut[0], whole[0]);
  EXPECT_EQ(static_cast<uint8_t>(cut[1]), static_cast<uint8_t>(whole[1]) & 0xF0);

  v1::BatchBlindIndexRequest batch;
  batch.set_key("search");
  batch.add_items()->set_bits(7);
  (*batch.add_items()->mutable_context())["field"] = "email";
  batch.mutable_items(1)->set_value("value");
  ASSERT_OK_AND_ASSIGN(auto reply, Do(&CryptoStub::BatchBlindIndex, batch));
  EXPECT_EQ(reply.items(0).error(), "INVALID_FIELDS");
  EXPECT_EQ(reply.items(1).index(), whole);
  Rotate("search");
  ASSERT_OK_AND_ASSIGN(reply, Do(&CryptoStub::BatchBlindIndex, batch));
  EXPECT_NE(reply.items(1).index(), whole);
  batch.mutable_items(1)->set_key_version(1);
  ASSERT_OK_AND_ASSIGN(reply, Do(&CryptoStub::BatchBlindIndex, batch));
  EXPECT_EQ(reply.items(1).index(), whole);
}

TEST_F(CryptoOperationsTest, DataKeysOpenAndAreNeverTheSame) {
  v1::GenerateDataKeyRequest request;
  request.set_key("fields");
  (*request.mutable_context())["at"] = "file";
  ASSERT_OK_AND_ASSIGN(const auto made, Do(&CryptoStub::GenerateDataKey, request));
  EXPECT_EQ(made.plaintext().size(), 32u);
  ASSERT_OK_AND_ASSIGN(const std::string opened, Opened(made.ciphertext(), "file"));
  EXPECT_EQ(opened, made.plaintext());
  request.set_without_plaintext(true);
  request.set_size(64);
  ASSERT_OK_AND_ASSIGN(const auto sealed, Do(&CryptoStub::GenerateDataKey, request));
  EXPECT_EQ(sealed.plaintext(), "");
  ASSERT_OK_AND_ASSIGN(const std::string second, Opened(sealed.ciphertext(), "file"));
  EXPECT_EQ(second.size(), 64u);
  EXPECT_NE(second.substr(0, 32), opened);
  request.set_size(15);
  EXPECT_THAT(Do(&CryptoStub::GenerateDataKey, request), ReasonIs("INVALID_FIELDS"));
  request.set_size(1025);
  EXPECT_THAT(Do(&CryptoStub::GenerateDataKey, request), ReasonIs("INVALID_FIELDS"));

  v1::BatchGenerateDataKeyRequest batch;
  batch.set_key("fields");
  batch.add_items();
  batch.add_items()->set_size(1);
  ASSERT_OK_AND_ASSIGN(const auto keys, Do(&CryptoStub::BatchGenerateDataKey, batch));
  EXPECT_EQ(keys.items(0).plaintext().size(), 32u);
  EXPECT_EQ(keys.items(1).error(), "INVALID_FIELDS");
}

TEST_F(CryptoOperationsTest, RandomBytesAreAsManyAsAsked) {
  v1::GenerateRandomBytesRequest request;
  request.set_size(32);
  request.set_count(3);
  ASSERT_OK_AND_ASSIGN(const auto reply,
                       As(owner_, TenantId(), &CryptoStub::GenerateRandomBytes, request));
  ASSERT_EQ(reply.values_size(), 3);
  EXPECT_EQ(reply.values(0).size(), 32u);
  EXPECT_NE(reply.values(0), reply.values(1));
  request.set_size(65536);
  request.set_count(17);
  EXPECT_THAT(As(owner_, TenantId(), &CryptoStub::GenerateRandomBytes, request),
              ReasonIs("INVALID_FIELDS"));
}

}  // namespace
}  // namespace kasbah::vault
