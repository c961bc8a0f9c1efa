// What parsers of bytes from elsewhere promise whatever comes: they answer, without touching memory
// that is not theirs, and what they take they write the same again.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"
#include "libs/base/strings.h"
#include "libs/crypto/ciphertext_v1.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/dns/message_fixture.h"
#include "libs/dns/txt_answer.h"
#include "libs/http/address_guard.h"
#include "libs/http/url.h"
#include "libs/merkle/add_checkpoint.h"
#include "libs/merkle/leaf.h"
#include "libs/merkle/note.h"
#include "libs/merkle/system_head.h"
#include "libs/merkle/tile_path.h"
#include "libs/merkle/tlog_proof.h"
#include "libs/rpc/identity.h"
#include "libs/rpc/strict_json.h"
#include "tests/fuzz/mutator.h"

namespace kasbah::fuzz {
namespace {

int Rounds() {
  const char* const rounds = std::getenv("KASBAH_FUZZ_ROUNDS");
  int number = 0;
  return rounds != nullptr && absl::SimpleAtoi(rounds, &number) ? number : 20000;
}

// Gives `parse` the seeds as they are, which it has to take, and many changed ones. `parse` answers
// whether it took the input, and what it writes for it; an empty text where it writes nothing.
struct Taken {
  bool taken = false;
  std::string written;
};
void Fuzz(const std::vector<std::string>& seeds,
          const std::function<Taken(const std::string&)>& parse) {
  for (const std::string& seed : seeds) {
    const Taken answer = parse(seed);
    EXPECT_TRUE(answer.taken) << absl::CEscape(seed);
    if (!answer.written.empty()) {
      EXPECT_EQ(answer.written, seed);
    }
  }
  Mutator mutator(seeds, /*number=*/20261128);
  for (int round = 0; round < Rounds(); ++round) {
    const std::string input = mutator.Next();
    const Taken answer = parse(input);
    if (answer.taken && !answer.written.empty()) {
      ASSERT_EQ(answer.written, input) << "round " << round << ": " << absl::CEscape(input);
    }
  }
}

template <typename T>
Taken Reads(const absl::StatusOr<T>& parsed) {
  return {parsed.ok(), ""};
}

merkle::Hash HashOf(uint8_t byte) {
  merkle::Hash hash;
  hash.fill(byte);
  return hash;
}

TenantId SomeTenant() { return TenantId(*Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057")); }

std::string SignedNote() {
  const merkle::Checkpoint checkpoint{"kasbah.dev/audit/ten_x", 42, HashOf(1)};
  const absl::StatusOr<std::string> note = merkle::SignNote(
      checkpoint.ToText(), "kasbah.dev/audit/ten_x",
      *crypto::Ed25519Key::FromSeed(crypto::SecretBytes::Copy(std::string(32, 's'))));
  return note.value_or("");
}

TEST(FuzzTest, Urls) {
  Fuzz({"https://hooks.example.com:8443/a/b?c=d", "https://[2001:db8::1]/",
        "https://xn--bcher-kva.example/"},
       [](const std::string& input) { return Reads(http::ParseUrl(input, http::UrlRules{})); });
}

// Nothing that is refused by its address gets through by another spelling of it.
TEST(FuzzTest, UrlsOfThisMachine) {
  const http::AddressGuard guard = *http::AddressGuard::Create({});
  Fuzz({"https://1.1.1.1/", "https://[2606:4700::1111]/"}, [&](const std::string& input) {
    const absl::StatusOr<http::Url> url = http::ParseGuardedUrl(input, http::UrlRules{}, guard);
    if (url.ok()) {
      EXPECT_NE(url->host, "127.0.0.1");
      EXPECT_NE(url->host, "::1");
    }
    return Reads(url);
  });
}

TEST(FuzzTest, Cidrs) {
  Fuzz({"127.0.0.0/8", "fd00::/8", "10.0.0.1/32"},
       [](const std::string& input) { return Reads(http::Cidr::Parse(input)); });
}

TEST(FuzzTest, DnsAnswers) {
  const std::string name = "_kasbah.example.com";
  Fuzz({dns::Message(7, dns::kAnswered, name, 1, dns::TxtRecord(name, "proof")),
        dns::Message(
            7, dns::kAnswered, name, 2,
            dns::AliasRecord(name, "other.example") + dns::TxtRecord("other.example", "proof"))},
       [&](const std::string& input) { return Reads(dns::ParseTxtAnswer(name, input)); });
}

TEST(FuzzTest, Ids) {
  Fuzz({SomeTenant().ToString()}, [](const std::string& input) {
    const absl::StatusOr<TenantId> id = TenantId::Parse(input);
    return Taken{id.ok(), id.ok() ? id->ToString() : ""};
  });
}

TEST(FuzzTest, SpiffeIds) {
  Fuzz({"spiffe://kasbah.dev/service/vault",
        StrCat("spiffe://kasbah.dev/tenant/", SomeTenant().ToString(), "/workload/shop")},
       [](const std::string& input) {
         const absl::StatusOr<rpc::SpiffeId> id = rpc::SpiffeId::Parse(input);
         return Taken{id.ok(), id.ok() ? id->ToString() : ""};
       });
}

TEST(FuzzTest, SecurityJson) {
  Fuzz({R"({"a": {"b": [1, 2.5, "x", null, true]}, "c": "\u00e9"})",
        R"({"keys": [{"kty": "OKP", "x": "AA"}]})"},
       [](const std::string& input) { return Reads(rpc::ParseStrictJson(input)); });
}

TEST(FuzzTest, Ciphertexts) {
  namespace v1 = crypto::ciphertext_v1;
  const crypto::SecretBytes key = crypto::SecretBytes::Copy(std::string(v1::kKeySize, 'k'));
  const v1::KeyRef ref{SomeTenant().uuid(), 3};
  const std::string sealed = v1::Seal(v1::Use::kMessage, key, ref, "context", "plaintext");
  Fuzz({sealed}, [&](const std::string& input) {
    // Nothing but the ciphertext itself opens.
    const bool opens = v1::Open(v1::Use::kMessage, key, ref, "context", input).ok();
    EXPECT_EQ(opens, input == sealed) << absl::CEscape(input);
    return Reads(v1::ParseKeyRef(input));
  });
  Fuzz({v1::ToText(sealed)}, [](const std::string& input) {
    const absl::StatusOr<std::string> bytes = v1::FromText(input);
    return Taken{bytes.ok(), bytes.ok() ? v1::ToText(*bytes) : ""};
  });
}

TEST(FuzzTest, TilePaths) {
  Fuzz({"tile/0/x001/234.p/17", "tile/entries/000", "tile/3/x123/x456/789"},
       [](const std::string& input) {
         const absl::StatusOr<merkle::TilePath> path = merkle::TilePath::Parse(input);
         return Taken{path.ok(), path.ok() ? path->ToString() : ""};
       });
}

TEST(FuzzTest, EntryBundles) {
  const absl::StatusOr<std::string> bundle =
      merkle::EntryBundle({"one", "", std::string(300, 'x')});
  ASSERT_TRUE(bundle.ok());
  Fuzz({*bundle}, [](const std::string& input) {
    const absl::StatusOr<std::vector<std::string>> entries = merkle::ParseEntryBundle(input);
    if (!entries.ok()) return Taken{false, ""};
    return Taken{true, merkle::EntryBundle(*entries).value_or("not written again")};
  });
}

TEST(FuzzTest, Checkpoints) {
  Fuzz({merkle::Checkpoint{"kasbah.dev/audit/ten_x", 42, HashOf(1)}.ToText()},
       [](const std::string& input) {
         const absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::Checkpoint::Parse(input);
         return Taken{checkpoint.ok(), checkpoint.ok() ? checkpoint->ToText() : ""};
       });
}

TEST(FuzzTest, Notes) {
  Fuzz({SignedNote()}, [](const std::string& input) {
    const absl::StatusOr<merkle::ParsedNote> note = merkle::ParseNote(input);
    if (!note.ok()) return Taken{false, ""};
    std::string written = note->text + "\n";
    for (const merkle::NoteSignature& signature : note->signatures) written += signature.ToLine();
    return Taken{true, written};
  });
}

TEST(FuzzTest, Proofs) {
  const merkle::TlogProof proof{std::string("entry"), 7, {HashOf(1), HashOf(2)}, SignedNote()};
  const merkle::TlogProof bare{std::nullopt, 0, {}, SignedNote()};
  Fuzz({proof.Serialize(), bare.Serialize()}, [](const std::string& input) {
    const absl::StatusOr<merkle::TlogProof> parsed = merkle::TlogProof::Parse(input);
    return Taken{parsed.ok(), parsed.ok() ? parsed->Serialize() : ""};
  });
}

TEST(FuzzTest, WitnessRequests) {
  const merkle::AddCheckpoint request{41, {HashOf(1), HashOf(2)}, SignedNote()};
  Fuzz({request.Serialize()}, [](const std::string& input) {
    const absl::StatusOr<merkle::AddCheckpoint> parsed = merkle::AddCheckpoint::Parse(input);
    return Taken{parsed.ok(), parsed.ok() ? parsed->Serialize() : ""};
  });
}

TEST(FuzzTest, LogEntries) {
  merkle::Leaf leaf;
  leaf.tenant = SomeTenant();
  leaf.event_id = EventId(SomeTenant().uuid());
  leaf.occurred_at = leaf.recorded_at = absl::FromUnixSeconds(1700000000);
  leaf.personal[0] = HashOf(3);
  Fuzz({leaf.Serialize()}, [](const std::string& input) {
    const absl::StatusOr<merkle::Leaf> parsed = merkle::Leaf::Parse(input);
    return Taken{parsed.ok(), parsed.ok() ? parsed->Serialize() : ""};
  });
  Fuzz({merkle::SystemHead{HashOf(1), 9, HashOf(2)}.Serialize()}, [](const std::string& input) {
    const absl::StatusOr<merkle::SystemHead> parsed = merkle::SystemHead::Parse(input);
    return Taken{parsed.ok(), parsed.ok() ? parsed->Serialize() : ""};
  });
}

}  // namespace
}  // namespace kasbah::fuzz
