#include "libs/merkle/tlog_proof.h"

#include <gtest/gtest.h>

#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/merkle/add_checkpoint.h"
#include "libs/merkle/system_head.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::merkle {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1\n";

std::string Line(std::string_view text) { return crypto::Base64(View(Sha256Of(text))) + "\n"; }

// The cases of transparency-dev/formats, proof/tlog_proof_test.go, TestMarshal.
TEST(TlogProofTest, IsWrittenAsThePublishedCasesAre) {
  const Hash h1 = Sha256Of("hash1");
  const Hash h2 = Sha256Of("hash2");
  struct Case {
    TlogProof proof;
    std::string text;
  };
  for (const Case& c :
       {Case{{std::nullopt, 5, {h1, h2}, "test checkpoint\n"},
             StrCat(kHeader, "index 5\n", Line("hash1"), Line("hash2"), "\ntest checkpoint\n")},
        Case{{"extra information", 10, {h1}, "checkpoint data\n"},
             StrCat(kHeader, "extra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n", Line("hash1"),
                    "\ncheckpoint data\n")},
        Case{{std::nullopt, 0, {}, "checkpoint\n"}, StrCat(kHeader, "index 0\n\ncheckpoint\n")}}) {
    EXPECT_EQ(c.proof.Serialize(), c.text);
    ASSERT_OK_AND_ASSIGN(const TlogProof parsed, TlogProof::Parse(c.text));
    EXPECT_EQ(parsed.index, c.proof.index);
    EXPECT_EQ(parsed.hashes, c.proof.hashes);
    EXPECT_EQ(parsed.extra, c.proof.extra);
    EXPECT_EQ(parsed.checkpoint, c.proof.checkpoint);
  }
}

// The same file's TestUnmarshalErrors, and what else is not the one spelling.
TEST(TlogProofTest, MalformedFilesAreRefused) {
  const std::string long_hash = crypto::Base64(std::string(64, '\0'));
  std::string many;
  for (int i = 0; i < 64; ++i) many += Line("h");
  for (const std::string& text :
       {std::string("wrong-header\nindex 0\n\ncheckpoint\n"),
        StrCat(kHeader, "extra !!notbase64!!\nindex 0\n\ncheckpoint\n"),
        StrCat(kHeader, "\n\ncheckpoint\n"), StrCat(kHeader, "index notanumber\n\ncheckpoint\n"),
        StrCat(kHeader, "index -5\n\ncheckpoint\n"),
        StrCat(kHeader, "index 0\n!!notbase64!!\n\ncheckpoint\n"),
        StrCat(kHeader, "index 0\n", long_hash, "\n\ncheckpoint\n"),
        StrCat(kHeader, "index 0\n", std::string(65 * 1024, 'a'), "\n"),
        StrCat(kHeader, "index 00\n\ncheckpoint\n"), StrCat(kHeader, "index 0\n", Line("h")),
        StrCat(kHeader, "index 0\n\n"), StrCat(kHeader, "index 0\n", many, "\ncheckpoint\n")}) {
    EXPECT_FALSE(TlogProof::Parse(text).ok()) << text;
  }
}

TEST(AddCheckpointTest, IsReadAsItIsWritten) {
  const AddCheckpoint request{7, {Sha256Of("a"), Sha256Of("b")}, "log\n9\nroot\n\n— log sig\n"};
  const std::string body = request.Serialize();
  EXPECT_EQ(body, StrCat("old 7\n", Line("a"), Line("b"), "\nlog\n9\nroot\n\n— log sig\n"));
  ASSERT_OK_AND_ASSIGN(const AddCheckpoint parsed, AddCheckpoint::Parse(body));
  EXPECT_EQ(parsed.old_size, 7u);
  EXPECT_EQ(parsed.proof, request.proof);
  EXPECT_EQ(parsed.checkpoint, request.checkpoint);
}

// The examples of the tlog-witness specification: a request and a response.
TEST(AddCheckpointTest, ReadsTheSpecificationsExamples) {
  const std::string checkpoint =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
      "— example.com/behind-the-sofa "
      "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
      "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
      "— example.com/behind-the-sofa "
      "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/"
      "V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
  const std::string body =
      "old 20852014\n"
      "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
      "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
      "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
      "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n" +
      checkpoint;
  ASSERT_OK_AND_ASSIGN(const AddCheckpoint request, AddCheckpoint::Parse(body));
  EXPECT_EQ(request.old_size, 20852014u);
  EXPECT_EQ(request.proof.size(), 4u);
  EXPECT_EQ(request.Serialize(), body);
  ASSERT_OK_AND_ASSIGN(const ParsedNote note, ParseNote(request.checkpoint));
  EXPECT_EQ(note.signatures.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const Checkpoint parsed, Checkpoint::Parse(note.text));
  EXPECT_EQ(parsed.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(parsed.size, 20852163u);
  EXPECT_EQ(parsed.ToText(), note.text);

  const std::string response =
      "— witness.example/w1 "
      "CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pW"
      "h6Up69HVOw==\n"
      "— witness.example/w2 "
      "AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/"
      "kWl7oJlqU3rXXvp"
      "ysAdyP3wQ==\n";
  ASSERT_OK_AND_ASSIGN(const auto lines, ParseSignatureLines(response));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].name, "witness.example/w2");
  // Key hash, time and signature: of random bytes, as the specification has them.
  EXPECT_EQ(lines[0].bytes.size(), 4u + 8 + 64);
  EXPECT_EQ(lines[0].ToLine() + lines[1].ToLine(), response);
}

TEST(AddCheckpointTest, MalformedBodiesAreRefused) {
  std::string many;
  for (int i = 0; i < 64; ++i) many += Line("h");
  for (const std::string& body :
       {std::string(""), std::string("old 7\n"), std::string("old 07\n\nlog\n"),
        std::string("old -1\n\nlog\n"), std::string("new 7\n\nlog\n"), std::string("\n\nlog\n"),
        std::string("old 7\nAAAA\n\nlog\n"), std::string("old 7\nnot base64\n\nlog\n"),
        StrCat("old 7\n", many, "\nlog\n")}) {
    EXPECT_FALSE(AddCheckpoint::Parse(body).ok()) << body;
  }
}

TEST(SystemHeadTest, IsReadAsItIsWrittenAndNamesOneLog) {
  const SystemHead head{SystemLogName("kasbah.dev/audit/ten_a"), 300, Sha256Of("root")};
  ASSERT_OK_AND_ASSIGN(const SystemHead parsed, SystemHead::Parse(head.Serialize()));
  EXPECT_EQ(parsed.name, head.name);
  EXPECT_EQ(parsed.size, 300u);
  EXPECT_EQ(parsed.root, head.root);
  EXPECT_NE(head.name, SystemLogName("kasbah.dev/audit/ten_b"));
  EXPECT_FALSE(SystemHead::Parse(head.Serialize().substr(1)).ok());
  EXPECT_FALSE(SystemHead::Parse("\x02" + head.Serialize().substr(1)).ok());
}

}  // namespace
}  // namespace kasbah::merkle
