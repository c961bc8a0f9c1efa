// A tenant's own seal, data subjects, and their end, over mutual TLS and a real database.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "kasbah/vault/v1/crypto.grpc.pb.h"
#include "kasbah/vault/v1/secrets.grpc.pb.h"
#include "kasbah/vault/v1/tenant_keys.grpc.pb.h"
#include "libs/base/strings.h"
#include "services/vault/rpc/vault_server_fixture.h"

namespace kasbah::vault {
namespace {

using kasbah::testing::ReasonIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Crypto = v1::CryptoService::Stub;
using Shred = v1::ShredService::Stub;
using Seals = v1::TenantSealService::Stub;

constexpr char kOwner[] = "service/tenant-data";
constexpr char kOperator[] = "operator/ada";
constexpr char kArn[] = "arn:aws:kms:eu-central-1:111122223333:key/k1";

class TenantKeysTest : public VaultServerTest {
 protected:
  absl::StatusOr<std::string> Encrypt(TenantId tenant, const std::string& plaintext,
                                      const std::string& subject = "") {
    v1::EncryptRequest request;
    request.set_key("fields");
    request.set_plaintext(plaintext);
    request.set_subject(subject);
    const auto reply = As(kOwner, tenant, &Crypto::Encrypt, request);
    if (!reply.ok()) return reply.status();
    return reply->ciphertext();
  }
  absl::StatusOr<std::string> Decrypt(TenantId tenant, const std::string& ciphertext,
                                      const std::string& subject = "") {
    v1::DecryptRequest request;
    request.set_key("fields");
    request.set_ciphertext(ciphertext);
    request.set_subject(subject);
    const auto reply = As(kOwner, tenant, &Crypto::Decrypt, request);
    if (!reply.ok()) return reply.status();
    return reply->plaintext();
  }
  absl::StatusOr<v1::ShredSubjectResponse> ShredOne(TenantId tenant, const std::string& subject) {
    v1::ShredSubjectRequest request;
    request.set_subject(subject);
    return As(kOperator, tenant, &Shred::ShredSubject, request);
  }
  absl::StatusOr<v1::ShredTenantResponse> ShredAll(TenantId tenant) {
    v1::ShredTenantRequest request;
    request.set_confirm(tenant.ToString());
    return As(kOperator, tenant, &Shred::ShredTenant, request);
  }
  absl::StatusOr<v1::TenantSeal> SetSeal(TenantId tenant) {
    v1::SetTenantSealRequest request;
    request.mutable_aws_kms()->set_key_arn(kArn);
    return As(kOperator, tenant, &Seals::SetTenantSeal, request);
  }
  // Another replica, as it is after a start: it has nothing open.
  std::unique_ptr<Replica> Fresh() {
    auto replica = std::make_unique<Replica>(*test_, shares_.path());
    EXPECT_OK(replica->Unseal());
    return replica;
  }
  static absl::Status OpenBy(Replica& replica, TenantId tenant) {
    return replica.ring->Get(Call(tenant), {kOwner, "fields"}, KeyPurpose::kEncrypt).status();
  }
};

TEST_F(TenantKeysTest, WhatWasSealedForASubjectOpensForThatSubjectAlone) {
  ASSERT_OK_AND_ASSIGN(const std::string sealed, Encrypt(a_, "value", "cus_1"));
  ASSERT_OK_AND_ASSIGN(const std::string opened, Decrypt(a_, sealed, "cus_1"));
  EXPECT_EQ(opened, "value");
  ASSERT_OK(Encrypt(a_, "x", "cus_2").status());
  EXPECT_THAT(Decrypt(a_, sealed, "cus_2"), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Decrypt(a_, sealed), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Decrypt(a_, sealed, "nobody"), ReasonIs("OPEN_FAILED"));
  EXPECT_THAT(Decrypt(b_, sealed, "cus_1"), ReasonIs("OPEN_FAILED"));
  // Opening made nobody, and who they are stands nowhere.
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.shares WHERE subject_hash <> ''"), "2");
}

TEST_F(TenantKeysTest, ABatchHasManySubjectsAndEachItemsFaultIsItsOwn) {
  v1::BatchEncryptRequest encrypt;
  encrypt.set_key("fields");
  for (int i = 0; i < 40; ++i) {
    auto* item = encrypt.add_items();
    item->set_plaintext(std::to_string(i));
    if (i > 0) item->set_subject(StrCat("cus_", i % 20));
  }
  ASSERT_OK_AND_ASSIGN(const auto sealed, As(kOwner, a_, &Crypto::BatchEncrypt, encrypt));
  ASSERT_OK(ShredOne(a_, "cus_3").status());
  v1::BatchDecryptRequest decrypt;
  decrypt.set_key("fields");
  for (int i = 0; i < 40; ++i) {
    auto* item = decrypt.add_items();
    item->set_ciphertext(sealed.items(i).ciphertext());
    item->set_subject(encrypt.items(i).subject());
  }
  Restart();
  ASSERT_OK_AND_ASSIGN(const auto opened, As(kOwner, a_, &Crypto::BatchDecrypt, decrypt));
  for (int i = 0; i < 40; ++i) {
    const bool is_gone = i % 20 == 3;
    EXPECT_EQ(opened.items(i).error(), is_gone ? "KEY_SHREDDED" : "") << i;
    EXPECT_EQ(opened.items(i).plaintext(), is_gone ? "" : std::to_string(i));
  }
}

TEST_F(TenantKeysTest, AShreddedSubjectIsGoneForGoodAndNobodyElseIs) {
  ASSERT_OK_AND_ASSIGN(const std::string one, Encrypt(a_, "one", "cus_1"));
  ASSERT_OK_AND_ASSIGN(const std::string two, Encrypt(a_, "two", "cus_2"));
  ASSERT_OK_AND_ASSIGN(const auto shredded, ShredOne(a_, "cus_1"));
  EXPECT_THAT(shredded.keys(), ElementsAre("service/tenant-data/fields"));
  EXPECT_EQ(EventCount("subject.shred"), "1");
  ASSERT_OK_AND_ASSIGN(const auto again, ShredOne(a_, "cus_1"));
  EXPECT_THAT(again.keys(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto nobody, ShredOne(a_, "cus_9"));
  EXPECT_THAT(nobody.keys(), IsEmpty());
  Restart();
  EXPECT_THAT(Decrypt(a_, one, "cus_1"), ReasonIs("KEY_SHREDDED"));
  EXPECT_THAT(Encrypt(a_, "new", "cus_1"), ReasonIs("KEY_SHREDDED"));
  EXPECT_OK(Decrypt(a_, two, "cus_2").status());
}

TEST_F(TenantKeysTest, YesterdaysRowsBringNothingBack) {
  ASSERT_OK_AND_ASSIGN(const std::string of_subject, Encrypt(a_, "one", "cus_1"));
  ASSERT_OK_AND_ASSIGN(const std::string of_tenant, Encrypt(b_, "two"));
  ASSERT_OK(ShredOne(a_, "cus_1").status());
  ASSERT_OK(ShredAll(b_).status());
  test_->Execute("UPDATE vault.shares SET shredded_at = NULL, destroyed_at = NULL");
  Restart();
  EXPECT_THAT(Decrypt(a_, of_subject, "cus_1"), ReasonIs("KEY_SHREDDED"));
  EXPECT_THAT(Encrypt(a_, "again", "cus_1"), ReasonIs("KEY_SHREDDED"));
  EXPECT_THAT(Decrypt(b_, of_tenant), ReasonIs("KEY_SHREDDED"));
}

TEST_F(TenantKeysTest, ShreddingATenantSaysWhatIsLostAndLeavesTheOthers) {
  ASSERT_OK_AND_ASSIGN(const std::string sealed, Encrypt(a_, "value"));
  ASSERT_OK_AND_ASSIGN(const std::string others, Encrypt(b_, "value"));
  v1::CreateSecretRequest create;
  create.set_path("s");
  ASSERT_OK(AsUser(a_, &v1::SecretService::Stub::CreateSecret, create).status());
  v1::AddSecretVersionRequest add;
  add.set_secret("s");
  add.set_payload("p");
  ASSERT_OK(AsUser(a_, &v1::SecretService::Stub::AddSecretVersion, add).status());

  v1::ShredTenantRequest wrong;
  wrong.set_confirm(b_.ToString());
  EXPECT_THAT(As(kOperator, a_, &Shred::ShredTenant, wrong), ReasonIs("INVALID_FIELDS"));
  ASSERT_OK_AND_ASSIGN(const auto shredded, ShredAll(a_));
  ASSERT_EQ(shredded.keys_size(), 2);
  EXPECT_EQ(shredded.keys(0).key(), "service/tenant-data/fields");
  EXPECT_FALSE(shredded.keys(0).has_ciphertexts());
  EXPECT_EQ(shredded.keys(1).key(), "service/vault/secrets");
  EXPECT_EQ(shredded.keys(1).ciphertexts(), 1u);
  EXPECT_EQ(EventCount("tenant.shred"), "1");
  ASSERT_OK_AND_ASSIGN(const auto again, ShredAll(a_));
  EXPECT_THAT(again.keys(), IsEmpty());

  auto fresh = Fresh();
  EXPECT_THAT(OpenBy(*fresh, a_), ReasonIs("KEY_SHREDDED"));
  EXPECT_OK(OpenBy(*fresh, b_));
  // The replica that had it open lets go at the next renewal.
  vault_->ring->RenewDue();
  EXPECT_OK(Decrypt(b_, others).status());
}

TEST_F(TenantKeysTest, AStoreThatDoesNotAnswerDelaysTheEndAndDoesNotCallItOff) {
  ASSERT_OK(Encrypt(a_, "value").status());
  const std::filesystem::path directory = std::filesystem::path(shares_.path()) / a_.ToString();
  // A file where the mark must go: it cannot be made there, nor the share removed.
  std::filesystem::rename(directory, directory.string() + ".away");
  std::ofstream(directory).put('x');
  EXPECT_THAT(ShredAll(a_), ReasonIs("SHARES_NOT_DESTROYED_YET"));
  EXPECT_THAT(OpenBy(*Fresh(), a_), ReasonIs("KEY_SHREDDED"));
  std::filesystem::remove(directory);
  std::filesystem::rename(directory.string() + ".away", directory);
  // Not before the call that shredded has had its time: its event would be another's.
  EXPECT_EQ(UpkeepIn(absl::ZeroDuration()), 0);
  EXPECT_EQ(UpkeepIn(absl::Seconds(11)), 1);
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.shares WHERE destroyed_at IS NULL"), "0");
  EXPECT_EQ(EventCount("share.destroy"), "1");
  EXPECT_EQ(UpkeepIn(absl::ZeroDuration()), 0);
}

TEST_F(TenantKeysTest, ATenantsSealIsAskedForAndTheTenantAloneIsSealedWithoutIt) {
  ASSERT_OK_AND_ASSIGN(const std::string before, Encrypt(a_, "before"));
  ASSERT_OK_AND_ASSIGN(const auto set, SetSeal(a_));
  EXPECT_EQ(set.generation(), 2u);
  EXPECT_TRUE(set.opens());
  EXPECT_EQ(EventCount("tenant_seal.set"), "1");
  // All that is there went under it, and goes on opening.
  EXPECT_EQ(test_->QueryValue("SELECT min(generation) FROM vault.key_versions"), "2");
  ASSERT_OK_AND_ASSIGN(const std::string opened, Decrypt(a_, before));
  EXPECT_EQ(opened, "before");
  ASSERT_OK(Encrypt(b_, "x").status());

  auto fresh = Fresh();
  fresh->sealer.status = absl::FailedPreconditionError("the key is disabled");
  EXPECT_THAT(OpenBy(*fresh, a_), ReasonIs("TENANT_SEALED"));
  EXPECT_OK(OpenBy(*fresh, b_));

  vault_->sealer.status = absl::FailedPreconditionError("the key is disabled");
  ASSERT_OK_AND_ASSIGN(const auto checked,
                       As(kOperator, a_, &Seals::CheckTenantSeal, v1::CheckTenantSealRequest()));
  EXPECT_FALSE(checked.opens());
  EXPECT_EQ(checked.problem(), "the key is disabled");
  EXPECT_EQ(checked.aws_kms().key_arn(), kArn);
  // A person may be erased all the same.
  EXPECT_OK(ShredOne(a_, "cus_1").status());
}

TEST_F(TenantKeysTest, ASealIsRemovedOnlyWithItself) {
  EXPECT_THAT(As(kOperator, a_, &Seals::RemoveTenantSeal, v1::RemoveTenantSealRequest()),
              ReasonIs("NOT_FOUND"));
  ASSERT_OK_AND_ASSIGN(const std::string sealed, Encrypt(a_, "value"));
  ASSERT_OK(SetSeal(a_).status());
  Restart();
  vault_->sealer.status = absl::FailedPreconditionError("the key is disabled");
  EXPECT_THAT(As(kOperator, a_, &Seals::RemoveTenantSeal, v1::RemoveTenantSealRequest()),
              ReasonIs("TENANT_SEALED"));
  Restart();
  ASSERT_OK(As(kOperator, a_, &Seals::RemoveTenantSeal, v1::RemoveTenantSealRequest()).status());
  EXPECT_EQ(EventCount("tenant_seal.remove"), "1");
  auto last = Fresh();
  last->sealer.status = absl::FailedPreconditionError("the key is disabled");
  EXPECT_OK(OpenBy(*last, a_));
  EXPECT_OK(Decrypt(a_, sealed).status());
}

TEST_F(TenantKeysTest, ASealThatRefusesOrIsNotSetUpChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const std::string sealed, Encrypt(a_, "value"));
  vault_->sealer.status = absl::PermissionDeniedError("AccessDeniedException");
  EXPECT_THAT(SetSeal(a_), ReasonIs("TENANT_SEAL_REFUSED"));
  v1::SetTenantSealRequest token;
  token.mutable_pkcs11()->set_token("t");
  token.mutable_pkcs11()->set_key("k");
  EXPECT_THAT(As(kOperator, a_, &Seals::SetTenantSeal, token), ReasonIs("INVALID_FIELDS"));
  EXPECT_THAT(As(kOperator, a_, &Seals::SetTenantSeal, v1::SetTenantSealRequest()),
              ReasonIs("INVALID_FIELDS"));
  EXPECT_EQ(test_->QueryValue("SELECT count(*) FROM vault.tenant_seals"), "0");
  EXPECT_OK(OpenBy(*Fresh(), a_));
}

TEST_F(TenantKeysTest, KeysFromBeforeThereWereKeksAreTakenInByThemselves) {
  // As the version before this made them: wrapped by the root key alone.
  StoredKey key;
  key.id = KeyId::New(absl::Now());
  key.name = {kOwner, "fields"};
  key.primary_version = 1;
  StoredKeyVersion& version = key.versions.emplace_back();
  version.version = 1;
  version.wrapped =
      *vault_->root->Wrap({a_, key.id, 1, key.purpose}, crypto::SecretBytes::Random(32));
  ASSERT_OK(vault_->keys->Create(Call(a_), key));
  ASSERT_OK_AND_ASSIGN(const std::string sealed, Encrypt(a_, "value"));
  EXPECT_EQ(UpkeepIn(absl::ZeroDuration()), 1);
  EXPECT_EQ(test_->QueryValue("SELECT min(generation) FROM vault.key_versions"), "1");
  EXPECT_EQ(UpkeepIn(absl::ZeroDuration()), 0);
  auto fresh = Fresh();
  EXPECT_OK(OpenBy(*fresh, a_));
  EXPECT_OK(Decrypt(a_, sealed).status());
  ASSERT_OK(ShredAll(a_).status());
  EXPECT_THAT(OpenBy(*Fresh(), a_), ReasonIs("KEY_SHREDDED"));
}

}  // namespace
}  // namespace kasbah::vault
