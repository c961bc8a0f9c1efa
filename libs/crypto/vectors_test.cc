// The whole published files, read from $KASBAH_VECTORS: Wycheproof and NIST CAVP.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "libs/crypto/aead.h"
#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/p256.h"
#include <nlohmann/json.hpp>

namespace kasbah::crypto {
namespace {

using nlohmann::json;

std::string FromHex(const std::string& text) {
  absl::StatusOr<std::string> bytes = ParseHex(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return bytes.value_or("");
}

// Calls `check(group, test)` for every case of a Wycheproof file and returns how many there were.
template <typename F>
int ForEachCase(const std::string& name, F check) {
  std::ifstream file(std::string(std::getenv("KASBAH_VECTORS")) + "/wycheproof/" + name);
  EXPECT_TRUE(file.good()) << name;
  const json document = json::parse(file);
  int cases = 0;
  for (const json& group : document["testGroups"]) {
    for (const json& test : group["tests"]) {
      SCOPED_TRACE(name + " " + std::to_string(test["tcId"].get<int>()));
      check(group, test);
      ++cases;
    }
  }
  EXPECT_EQ(cases, document["numberOfTests"].get<int>());
  return cases;
}

class PublishedVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("KASBAH_VECTORS") == nullptr) {
      GTEST_SKIP() << "KASBAH_VECTORS does not name the folder of published test vectors";
    }
  }
};

std::optional<std::string> Open(const std::string& key, const std::string& nonce,
                                const std::string& aad, const std::string& sealed) {
  std::string plaintext(sealed.size() - kAeadTagSize, '\0');
  if (!AeadOpen(key, nonce, aad, sealed, reinterpret_cast<uint8_t*>(plaintext.data()))) {
    EXPECT_EQ(plaintext, std::string(plaintext.size(), '\0'));
    return std::nullopt;
  }
  return plaintext;
}

std::string Seal(const std::string& key, const std::string& nonce, const std::string& aad,
                 const std::string& plaintext) {
  std::string sealed(plaintext.size() + kAeadTagSize, '\0');
  AeadSeal(key, nonce, aad, plaintext, reinterpret_cast<uint8_t*>(sealed.data()));
  return sealed;
}

TEST_F(PublishedVectors, AesGcmAgreesWithWycheproof) {
  int checked = 0;
  ForEachCase("aes_gcm_test.json", [&](const json& group, const json& test) {
    // Other sizes are not offered.
    if (group["keySize"] != 256 || group["ivSize"] != 96) return;
    const std::string key = FromHex(test["key"]), iv = FromHex(test["iv"]);
    const std::string aad = FromHex(test["aad"]), plaintext = FromHex(test["msg"]);
    const std::string sealed = FromHex(test["ct"]) + FromHex(test["tag"]);
    const bool valid = test["result"] == "valid";
    EXPECT_EQ(Seal(key, iv, aad, plaintext) == sealed, valid);
    EXPECT_EQ(Open(key, iv, aad, sealed), valid ? std::optional(plaintext) : std::nullopt);
    ++checked;
  });
  EXPECT_GT(checked, 50);
}

TEST_F(PublishedVectors, HkdfSha256AgreesWithWycheproof) {
  ForEachCase("hkdf_sha256_test.json", [](const json&, const json& test) {
    const size_t size = test["size"].get<size_t>();
    const SecretBytes key = SecretBytes::Copy(FromHex(test["ikm"]));
    if (test["result"] != "valid") {
      EXPECT_GT(size, 8160u);
      EXPECT_DEATH(HkdfSha256(key, "", "", size), "size");
      return;
    }
    const SecretBytes derived = HkdfSha256(key, FromHex(test["salt"]), FromHex(test["info"]), size);
    EXPECT_EQ(derived.view(SecretAccess::ForTest()), FromHex(test["okm"]));
  });
}

TEST_F(PublishedVectors, HmacSha256AgreesWithWycheproof) {
  ForEachCase("hmac_sha256_test.json", [](const json& group, const json& test) {
    const std::string mac =
        HmacSha256(SecretBytes::Copy(FromHex(test["key"])), FromHex(test["msg"]))
            .substr(0, group["tagSize"].get<size_t>() / 8);
    EXPECT_EQ(ConstantTimeEquals(mac, FromHex(test["tag"])), test["result"] == "valid");
  });
}

TEST_F(PublishedVectors, Ed25519AgreesWithWycheproof) {
  ForEachCase("ed25519_test.json", [](const json& group, const json& test) {
    const auto key = Ed25519PublicKey::FromRaw(FromHex(group["publicKey"]["pk"]));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->Verify(FromHex(test["msg"]), FromHex(test["sig"])), test["result"] == "valid");
  });
}

TEST_F(PublishedVectors, EcdsaP256AgreesWithWycheproof) {
  ForEachCase("ecdsa_secp256r1_sha256_test.json", [](const json& group, const json& test) {
    const auto key = P256PublicKey::FromPoint(FromHex(group["publicKey"]["uncompressed"]));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->Verify(FromHex(test["msg"]), FromHex(test["sig"])), test["result"] == "valid");
  });
}

// Calls `check(fields, failed)` for every case with a 96 bit nonce and a 128 bit tag.
template <typename F>
int ForEachCavpCase(const std::string& name, F check) {
  std::ifstream file(std::string(std::getenv("KASBAH_VECTORS")) + "/nist-cavp/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::map<std::string, std::string> fields;
  bool failed = false, supported = false;
  int cases = 0;
  const auto finish = [&] {
    if (fields.count("Count") != 0 && supported) {
      SCOPED_TRACE(name + " " + fields["Key"]);
      check(fields, failed);
      ++cases;
    }
    fields.clear();
    failed = false;
  };
  std::map<std::string, std::string> sizes;
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    const size_t equals = line.find(" =");
    if (line.starts_with("[")) {
      finish();
      sizes[line.substr(1, equals - 1)] = line.substr(equals + 3, line.size() - equals - 4);
      supported = sizes["IVlen"] == "96" && sizes["Taglen"] == "128";
    } else if (line == "FAIL") {
      failed = true;
    } else if (equals != std::string::npos) {
      const std::string field = line.substr(0, equals);
      if (field == "Count") finish();
      fields[field] = line.size() > equals + 3 ? line.substr(equals + 3) : "";
    }
  }
  finish();
  return cases;
}

TEST_F(PublishedVectors, AesGcmEncryptsAsNistSays) {
  const int cases = ForEachCavpCase("gcmEncryptExtIV256.rsp", [](auto& f, bool) {
    EXPECT_EQ(Hex(Seal(FromHex(f["Key"]), FromHex(f["IV"]), FromHex(f["AAD"]), FromHex(f["PT"]))),
              f["CT"] + f["Tag"]);
  });
  EXPECT_GT(cases, 100);
}

TEST_F(PublishedVectors, AesGcmDecryptsAsNistSays) {
  int refused = 0;
  const int cases = ForEachCavpCase("gcmDecrypt256.rsp", [&](auto& f, bool failed) {
    const auto opened =
        Open(FromHex(f["Key"]), FromHex(f["IV"]), FromHex(f["AAD"]), FromHex(f["CT"] + f["Tag"]));
    EXPECT_EQ(opened.has_value(), !failed);
    EXPECT_EQ(Hex(opened.value_or("")), failed ? "" : f["PT"]);
    refused += failed ? 1 : 0;
  });
  EXPECT_GT(cases, 100);
  EXPECT_GT(refused, 20);
}

}  // namespace
}  // namespace kasbah::crypto
