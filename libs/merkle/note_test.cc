#include "libs/merkle/note.h"

#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

// The example of the C2SP signed-note specification.
constexpr std::string_view kVerifierKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kSeed = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr std::string_view kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr std::string_view kSignature =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

crypto::Ed25519Key ExampleKey() {
  const std::string typed = crypto::ParseBase64(kSeed).value();
  return crypto::Ed25519Key::FromSeed(crypto::SecretBytes::Copy(std::string_view(typed).substr(1)))
      .value();
}

std::string ExampleNote() { return StrCat(kText, "\n", kSignature); }

TEST(NoteTest, SignsTheSpecificationsExample) {
  ASSERT_OK_AND_ASSIGN(const std::string note, SignNote(kText, "PeterNeumann", ExampleKey()));
  EXPECT_EQ(note, ExampleNote());
}

TEST(NoteTest, OpensTheSpecificationsExample) {
  ASSERT_OK_AND_ASSIGN(const VerifierKey key, VerifierKey::Parse(kVerifierKey));
  ASSERT_OK_AND_ASSIGN(const std::string text, OpenNote(ExampleNote(), key));
  EXPECT_EQ(text, kText);
}

TEST(NoteTest, VerifierKeyIsWrittenAsItIsRead) {
  ASSERT_OK_AND_ASSIGN(const VerifierKey key, VerifierKey::Parse(kVerifierKey));
  EXPECT_EQ(key.name(), "PeterNeumann");
  EXPECT_EQ(key.ToString(), kVerifierKey);
}

TEST(NoteTest, EveryChangedByteOfAVerifierKeyIsRefused) {
  for (size_t i = 0; i < kVerifierKey.size(); ++i) {
    std::string changed(kVerifierKey);
    changed[i] = static_cast<char>(changed[i] + 1);
    EXPECT_FALSE(VerifierKey::Parse(changed).ok()) << changed;
  }
  // Another length and another algorithm, each with a hash that fits.
  EXPECT_FALSE(VerifierKey::Parse(
                   "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
                   .ok());
  EXPECT_FALSE(
      VerifierKey::Parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
          .ok());
}

TEST(NoteTest, EveryChangedByteOfANoteIsRefused) {
  ASSERT_OK_AND_ASSIGN(const VerifierKey key, VerifierKey::Parse(kVerifierKey));
  const std::string note = ExampleNote();
  for (size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(OpenNote(changed, key).ok()) << i;
  }
}

TEST(NoteTest, ASignatureOfSomebodyElseIsPassedOver) {
  ASSERT_OK_AND_ASSIGN(const VerifierKey key, VerifierKey::Parse(kVerifierKey));
  const crypto::Ed25519Key other = crypto::Ed25519Key::Generate();
  ASSERT_OK_AND_ASSIGN(const std::string foreign, SignNote(kText, "EnochRoot", other));
  EXPECT_FALSE(OpenNote(foreign, key).ok());
  const std::string both = foreign + std::string(kSignature);
  ASSERT_OK_AND_ASSIGN(const std::string text, OpenNote(both, key));
  EXPECT_EQ(text, kText);
}

TEST(NoteTest, MalformedNotesAreRefused) {
  ASSERT_OK_AND_ASSIGN(const VerifierKey key, VerifierKey::Parse(kVerifierKey));
  const std::string text(kText);
  const std::string signature(kSignature);
  for (const std::string& note :
       {text + signature, text + "\n", text,
        text + "\n" + signature.substr(0, signature.size() - 1), text + "\n" + signature + "\n",
        text + "\x01\n\n" + signature, text + "\n- " + signature, text + "\n— PeterNeumann \n",
        text + "\n—  x08go/ZJ\n"}) {
    EXPECT_FALSE(OpenNote(note, key).ok()) << note;
  }
  EXPECT_FALSE(SignNote("no newline", "PeterNeumann", ExampleKey()).ok());
  EXPECT_FALSE(SignNote("text\n", "Peter Neumann", ExampleKey()).ok());
}

TEST(CheckpointTest, IsReadAsItIsWritten) {
  const Checkpoint checkpoint{"kasbah.dev/audit/ten_x", 42, LeafHash("x")};
  ASSERT_OK_AND_ASSIGN(const Checkpoint parsed, Checkpoint::Parse(checkpoint.ToText()));
  EXPECT_EQ(parsed.origin, checkpoint.origin);
  EXPECT_EQ(parsed.size, 42u);
  EXPECT_EQ(parsed.root, checkpoint.root);
}

TEST(CheckpointTest, AnotherSpellingIsRefused) {
  const std::string root = crypto::Base64(View(LeafHash("x")));
  for (const std::string& text :
       {StrCat("o\n042\n", root, "\n"), StrCat("o\n+42\n", root, "\n"),
        StrCat("\n42\n", root, "\n"), StrCat("o\n42\n", root), StrCat("o\n42\n", root, "\nmore\n"),
        std::string("o\n42\nAAAA\n")}) {
    EXPECT_FALSE(Checkpoint::Parse(text).ok()) << text;
  }
}

TEST(CheckpointTest, OneOfAnotherLogIsRefused) {
  const crypto::Ed25519Key signer = crypto::Ed25519Key::Generate();
  const Checkpoint checkpoint{"kasbah.dev/audit/ten_a", 1, LeafHash("x")};
  ASSERT_OK_AND_ASSIGN(const std::string note,
                       SignNote(checkpoint.ToText(), "kasbah.dev/audit/ten_b", signer));
  ASSERT_OK_AND_ASSIGN(const VerifierKey key,
                       VerifierKey::Create("kasbah.dev/audit/ten_b", signer.public_key()));
  EXPECT_FALSE(OpenCheckpoint(note, key).ok());
}

}  // namespace
}  // namespace kasbah::merkle
