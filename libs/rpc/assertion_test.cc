#include "libs/rpc/assertion.h"

#include <gtest/gtest.h>

#include <functional>

#include "libs/crypto/ed25519.h"
#include "libs/crypto/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/rpc/assertion_verifier.h"
#include "libs/rpc/claims.h"
#include "libs/rpc/key_ring.h"
#include "libs/rpc/revocations.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/status_matchers.h"
#include <nlohmann/json.hpp>

namespace kasbah::rpc {
namespace {

using ::kasbah::testing::ReasonIs;
using ::kasbah::testing::StatusIs;

constexpr std::string_view kIssuer = "spiffe://kasbah.dev/service/auth";
constexpr std::string_view kAudience = "kasbah.dev";
const TenantId kTenant(*Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8057"));

std::string Jwk(std::string_view key_id, std::string_view raw, const std::string& type = "OKP") {
  return nlohmann::json(
             {{"kty", type}, {"crv", "Ed25519"}, {"kid", key_id}, {"x", crypto::Base64Url(raw)}})
      .dump();
}

class AssertionTest : public ::testing::Test {
 protected:
  AssertionTest() {
    jwks_ = R"({"keys":[)" + Jwk("k1", key_.public_key()) + "]}";
    verifier_.RevocationsFresh();
    assertion_.actor_id = "key_01h45ytscbebyvny4gc8cr8ma2";
    assertion_.kind = policy::v1::ACTOR_KIND_API_KEY;
    assertion_.azp = "spiffe://kasbah.dev/service/gateway";
    assertion_.tenant = kTenant;
    assertion_.session_id = "key_01h45ytscbebyvny4gc8cr8ma2";
    assertion_.permissions.set(policy::v1::PERMISSION_RECORD_READ);
    assertion_.issue_time = clock_.Now();
    assertion_.expire_time = clock_.Now() + kAssertionLifetime;
  }

  nlohmann::json Header() const {
    return {{"alg", "EdDSA"}, {"typ", kAssertionType}, {"kid", "k1"}};
  }
  nlohmann::json Payload() const {
    return nlohmann::json::parse(EncodeClaims(assertion_, kIssuer, kAudience, "t-1"));
  }
  std::string Sign(const std::string& header, const std::string& payload) const {
    const std::string input = crypto::Base64Url(header) + "." + crypto::Base64Url(payload);
    return input + "." + crypto::Base64Url(key_.Sign(input));
  }
  std::string Sign(const nlohmann::json& header, const nlohmann::json& payload) const {
    return Sign(header.dump(), payload.dump());
  }
  std::string Token() const { return Sign(Header(), Payload()); }
  // A token whose header or claims were changed before it was signed.
  std::string WithHeader(const std::string& name, const nlohmann::json& value) const {
    nlohmann::json header = Header();
    header[name] = value;
    return Sign(header, Payload());
  }
  std::string WithClaim(const std::string& name, const nlohmann::json& value) const {
    nlohmann::json payload = Payload();
    payload[name] = value;
    return Sign(Header(), payload);
  }

  testing::FakeClock clock_;
  crypto::Ed25519Key key_ = crypto::Ed25519Key::Generate();
  absl::StatusOr<std::string> jwks_;
  int fetches_ = 0;
  AssertionVerifier verifier_{std::string(kIssuer), std::string(kAudience),
                              [this] {
                                ++fetches_;
                                return jwks_;
                              },
                              clock_};
  Assertion assertion_;
};

TEST_F(AssertionTest, WhatIsEncodedIsWhatIsVerified) {
  assertion_.kind = policy::v1::ACTOR_KIND_USER;
  assertion_.assurance = policy::v1::ASSURANCE_MULTI;
  assertion_.customer = CustomerId(*Uuid::Parse("01890a5d-ac96-774b-bcce-b302099a8058"));
  assertion_.permissions.set(127);
  ASSERT_OK_AND_ASSIGN(const std::string token,
                       EncodeAssertion(assertion_, kIssuer, kAudience, "k1", "t-1",
                                       [&](std::string_view input) { return key_.Sign(input); }));
  ASSERT_OK_AND_ASSIGN(const Assertion read, verifier_.Verify(token));
  EXPECT_EQ(read.actor_id, assertion_.actor_id);
  EXPECT_EQ(read.kind, assertion_.kind);
  EXPECT_EQ(read.azp, assertion_.azp);
  EXPECT_EQ(read.tenant, kTenant);
  EXPECT_EQ(read.customer, assertion_.customer);
  EXPECT_EQ(read.session_id, assertion_.session_id);
  EXPECT_EQ(read.assurance, policy::v1::ASSURANCE_MULTI);
  EXPECT_EQ(read.permissions, assertion_.permissions);
  EXPECT_EQ(read.expire_time, assertion_.expire_time);
}

TEST_F(AssertionTest, ARegisteredWorkloadIsNamedByItsClaim) {
  const std::string id = "wkl_01h45ytscbebyvny4gc8cr8ma2";
  const auto sign = [&](std::string_view input) { return key_.Sign(input); };
  assertion_.workload = *WorkloadId::Parse(id);
  ASSERT_OK_AND_ASSIGN(const Assertion with_key, verifier_.Verify(Token()));
  EXPECT_EQ(with_key.workload, assertion_.workload);
  EXPECT_EQ(with_key.kind, policy::v1::ACTOR_KIND_API_KEY);

  assertion_.kind = policy::v1::ACTOR_KIND_TENANT_WORKLOAD;
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("ASSERTION_INVALID")) << "it acts as a key";
  assertion_.actor_id = assertion_.session_id = id;
  ASSERT_OK_AND_ASSIGN(const std::string token,
                       EncodeAssertion(assertion_, kIssuer, kAudience, "k1", "t-1", sign));
  ASSERT_OK_AND_ASSIGN(const Assertion alone, verifier_.Verify(token));
  EXPECT_EQ(alone.kind, policy::v1::ACTOR_KIND_TENANT_WORKLOAD);
  EXPECT_EQ(alone.workload, assertion_.workload);
  for (const nlohmann::json& other :
       {nlohmann::json("wkl_01h45ytscbebyvny4gc8cr8ma3"), nlohmann::json("key_01h45"),
        nlohmann::json(""), nlohmann::json(7), nlohmann::json(nullptr)}) {
    EXPECT_THAT(verifier_.Verify(WithClaim("wkl", other)), ReasonIs("ASSERTION_INVALID")) << other;
  }
  // Nobody acts as a workload that is not registered.
  assertion_.workload.reset();
  EXPECT_FALSE(EncodeAssertion(assertion_, kIssuer, kAudience, "k1", "t-1", sign).ok());
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("ASSERTION_INVALID"));
}

TEST_F(AssertionTest, WhoIsRevokedAsAWorkloadIsWhicheverCredentialItHas) {
  assertion_.workload = *WorkloadId::Parse("wkl_01h45ytscbebyvny4gc8cr8ma2");
  const std::string token = Token();
  ASSERT_OK(verifier_.Verify(token));
  verifier_.Revoke("wkl_01h45ytscbebyvny4gc8cr8ma2", clock_.Now() + absl::Milliseconds(1));
  EXPECT_THAT(*verifier_.FindCached(token), ReasonIs("ASSERTION_REVOKED"));
  EXPECT_THAT(verifier_.Verify(token), ReasonIs("ASSERTION_REVOKED"));
}

TEST_F(AssertionTest, PermissionsAreLittleEndianHex) {
  assertion_.permissions.reset();
  assertion_.permissions.set(0);
  assertion_.permissions.set(9);
  EXPECT_EQ(Payload()["prm"], "01020000000000000000000000000000");
}

TEST_F(AssertionTest, NobodyIssuesOneForTheSystemTenantAWorkloadOrAnHour) {
  const auto sign = [&](std::string_view input) { return key_.Sign(input); };
  Assertion system = assertion_;
  system.tenant = kSystemTenant;
  Assertion workload = assertion_;
  workload.kind = policy::v1::ACTOR_KIND_WORKLOAD;
  Assertion hour = assertion_;
  hour.expire_time = hour.issue_time + absl::Hours(1);
  for (const Assertion& assertion : {system, workload, hour}) {
    EXPECT_FALSE(EncodeAssertion(assertion, kIssuer, kAudience, "k1", "t", sign).ok());
  }
}

TEST_F(AssertionTest, AForgedSignatureIsRefused) {
  const crypto::Ed25519Key forger = crypto::Ed25519Key::Generate();
  const std::string token = Token();
  const std::string input = token.substr(0, token.rfind('.'));
  EXPECT_THAT(verifier_.Verify(input + "." + crypto::Base64Url(forger.Sign(input))),
              ReasonIs("ASSERTION_INVALID"));
  EXPECT_THAT(verifier_.Verify(input + "."), ReasonIs("ASSERTION_INVALID"));
}

TEST_F(AssertionTest, OneChangedByteAnywhereIsRefused) {
  const std::string token = Token();
  for (size_t i = 0; i < token.size(); i += 7) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(verifier_.Verify(changed), StatusIs(absl::StatusCode::kUnauthenticated)) << i;
  }
}

TEST_F(AssertionTest, TheAlgorithmIsComparedAndNeverFollowed) {
  const std::string none =
      crypto::Base64Url(R"({"alg":"none","typ":"kasbah-assertion+jwt","kid":"k1"})") + "." +
      crypto::Base64Url(Payload().dump()) + ".";
  EXPECT_THAT(verifier_.Verify(none), ReasonIs("ASSERTION_INVALID"));
  const std::string input =
      crypto::Base64Url(R"({"alg":"HS256","typ":"kasbah-assertion+jwt","kid":"k1"})") + "." +
      crypto::Base64Url(Payload().dump());
  const std::string mac = crypto::HmacSha256(crypto::SecretBytes::Copy(key_.public_key()), input);
  EXPECT_THAT(verifier_.Verify(input + "." + crypto::Base64Url(mac)),
              ReasonIs("ASSERTION_INVALID"));
}

TEST_F(AssertionTest, AnotherHeaderIsRefused) {
  for (const std::string& token :
       {WithHeader("typ", "JWT"), WithHeader("typ", "kasbah-access+jwt"),
        WithHeader("typ", nullptr), WithHeader("alg", "Ed25519"), WithHeader("alg", "none"),
        WithHeader("kid", "k2"), WithHeader("kid", 1),
        WithHeader("crit", nlohmann::json::array({"b64"}))}) {
    EXPECT_THAT(verifier_.Verify(token), ReasonIs("ASSERTION_INVALID")) << token;
    clock_.Advance(absl::Seconds(2));
    verifier_.RevocationsFresh();
  }
}

TEST_F(AssertionTest, OtherClaimsAreRefused) {
  const double now = static_cast<double>(absl::ToUnixSeconds(clock_.Now()));
  for (const std::string& token : {WithClaim("iss", "spiffe://kasbah.dev/service/vault"),
                                   WithClaim("aud", "other.dev"),
                                   WithClaim("aud", nlohmann::json::array({"kasbah.dev"})),
                                   WithClaim("iat", now + 6),
                                   WithClaim("iat", "yesterday"),
                                   WithClaim("exp", now),
                                   WithClaim("exp", now + 61),
                                   WithClaim("exp", now - 1),
                                   WithClaim("knd", "workload"),
                                   WithClaim("knd", "operator"),
                                   WithClaim("knd", ""),
                                   WithClaim("sub", ""),
                                   WithClaim("sub", 7),
                                   WithClaim("azp", ""),
                                   WithClaim("ten", kSystemTenant.ToString()),
                                   WithClaim("ten", TenantId().ToString()),
                                   WithClaim("ten", "cus_01h45ytscbebyvny4gc8cr8ma2"),
                                   WithClaim("cus", ""),
                                   WithClaim("cus", nullptr),
                                   WithClaim("sid", nullptr),
                                   WithClaim("jti", nullptr),
                                   WithClaim("acr", "three"),
                                   WithClaim("prm", "00"),
                                   WithClaim("prm", "0000000000000000000000000000000G")}) {
    EXPECT_THAT(verifier_.Verify(token), ReasonIs("ASSERTION_INVALID")) << token;
  }
}

TEST_F(AssertionTest, LooseJsonAndLooseBase64AreRefused) {
  const std::string payload = Payload().dump();
  const std::string twice = R"({"ten":")" + kSystemTenant.ToString() + R"(",)" + payload.substr(1);
  EXPECT_THAT(verifier_.Verify(Sign(Header().dump(), twice)), ReasonIs("ASSERTION_INVALID"));
  EXPECT_THAT(verifier_.Verify(Sign(Header().dump(), payload + " x")),
              ReasonIs("ASSERTION_INVALID"));
  EXPECT_THAT(verifier_.Verify(Sign(Header().dump(), "[]")), ReasonIs("ASSERTION_INVALID"));
  const std::string token = Token();
  for (const std::string& loose :
       {token + "=", token + "\n", " " + token, token + ".x", "." + token, std::string(""),
        std::string("."), std::string(".."), std::string(5000, 'A')}) {
    EXPECT_THAT(verifier_.Verify(loose), ReasonIs("ASSERTION_INVALID")) << loose;
    EXPECT_TRUE(!verifier_.FindCached(loose).has_value() || !verifier_.FindCached(loose)->ok());
  }
}

TEST_F(AssertionTest, AVerdictIsRememberedUntilItExpires) {
  const std::string token = Token();
  EXPECT_FALSE(verifier_.FindCached(token).has_value());
  ASSERT_OK(verifier_.Verify(token));
  ASSERT_TRUE(verifier_.FindCached(token).has_value());
  EXPECT_OK(*verifier_.FindCached(token));
  clock_.Advance(kAssertionLifetime - absl::Seconds(1));
  verifier_.RevocationsFresh();
  EXPECT_OK(*verifier_.FindCached(token));
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(*verifier_.FindCached(token), ReasonIs("ASSERTION_INVALID"));
  EXPECT_THAT(verifier_.Verify(token), ReasonIs("ASSERTION_INVALID"));
}

TEST_F(AssertionTest, ARevokedSubjectIsRefusedThoughItsTokenIsRemembered) {
  const std::string token = Token();
  ASSERT_OK(verifier_.Verify(token));
  verifier_.Revoke("key_01h45ytscbebyvny4gc8cr8ma2", clock_.Now() + absl::Milliseconds(1));
  EXPECT_THAT(*verifier_.FindCached(token), ReasonIs("ASSERTION_REVOKED"));
  EXPECT_THAT(verifier_.Verify(token), ReasonIs("ASSERTION_REVOKED"));
}

TEST_F(AssertionTest, ARevokedTenantIsSuspended) {
  verifier_.Revoke(kTenant.ToString(), clock_.Now() + absl::Milliseconds(1));
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("TENANT_SUSPENDED"));
}

TEST_F(AssertionTest, WhatIsIssuedAfterARevocationHolds) {
  clock_.Advance(absl::Milliseconds(200));
  verifier_.Revoke("key_01h45ytscbebyvny4gc8cr8ma2", clock_.Now());
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("ASSERTION_REVOKED"));
  assertion_.issue_time = clock_.Now();
  EXPECT_OK(verifier_.Verify(Token()));
}

TEST_F(AssertionTest, AStaleWatchRefusesEverything) {
  const std::string token = Token();
  ASSERT_OK(verifier_.Verify(token));
  clock_.Advance(absl::Seconds(5));
  EXPECT_OK(*verifier_.FindCached(token));
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(verifier_.IsStale());
  EXPECT_THAT(*verifier_.FindCached(token), ReasonIs("REVOCATIONS_STALE"));
  EXPECT_THAT(verifier_.Verify(token), StatusIs(absl::StatusCode::kUnavailable));
  verifier_.RevocationsFresh();
  EXPECT_OK(*verifier_.FindCached(token));
}

TEST_F(AssertionTest, AnUnknownKeyIsFetchedOnceASecond) {
  ASSERT_OK(verifier_.Verify(Token()));
  EXPECT_EQ(fetches_, 1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(verifier_.Verify(WithHeader("kid", "k9")), ReasonIs("ASSERTION_INVALID"));
  }
  EXPECT_EQ(fetches_, 1);
  clock_.Advance(absl::Seconds(1));
  jwks_ = R"({"keys":[)" + Jwk("k9", key_.public_key()) + "]}";
  EXPECT_OK(verifier_.Verify(WithHeader("kid", "k9")));
  EXPECT_EQ(fetches_, 2);
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("ASSERTION_INVALID")) << "k1 was withdrawn";
}

TEST_F(AssertionTest, WithoutKeysTheAnswerIsUnavailableAndHealsItself) {
  const absl::StatusOr<std::string> good = jwks_;
  jwks_ = absl::UnavailableError("auth is away");
  EXPECT_THAT(verifier_.Verify(Token()), ReasonIs("KEYS_UNAVAILABLE"));
  clock_.Advance(absl::Seconds(1));
  jwks_ = good;
  EXPECT_OK(verifier_.Verify(Token()));
}

TEST(Jwks, KeysOfOtherKindsArePassedOver) {
  const std::string raw(32, 'k');
  ASSERT_OK_AND_ASSIGN(const auto keys, ParseJwks(R"({"keys":[)" + Jwk("ec", raw, "EC") + "," +
                                                  Jwk("oct", raw, "oct") + "," + Jwk("short", "k") +
                                                  R"(,"text",{"kty":"OKP"}]})"));
  EXPECT_TRUE(keys.empty());
  EXPECT_FALSE(ParseJwks("[]").ok());
  EXPECT_FALSE(ParseJwks(R"({"keys":{}})").ok());
}

// RFC 8037, appendix A.2 and A.4.
TEST(Jwks, TheKeyOfRfc8037VerifiesItsSignature) {
  ASSERT_OK_AND_ASSIGN(const auto keys,
                       ParseJwks(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"rfc",)"
                                 R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"));
  ASSERT_OK_AND_ASSIGN(
      const std::string signature,
      crypto::ParseBase64Url("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
                             "9g7sVvpAr_MuM0KAg"));
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  EXPECT_TRUE(keys.at("rfc").Verify(input, signature));
  EXPECT_FALSE(keys.at("rfc").Verify(input + "A", signature));
}

TEST(Revocations, PastTheBoundNothingIsForgottenInSilence) {
  testing::FakeClock clock;
  Revocations revocations(100);
  const absl::Time issued = clock.Now();
  clock.Advance(absl::Seconds(1));
  for (int i = 0; i < 150; ++i) {
    revocations.Revoke("s" + std::to_string(i), clock.Now(), clock.Now());
  }
  for (int i = 0; i < 150; ++i) {
    EXPECT_TRUE(revocations.IsRevoked("s" + std::to_string(i), issued)) << i;
  }
  EXPECT_FALSE(revocations.IsRevoked("other", clock.Now()));
}

}  // namespace
}  // namespace kasbah::rpc
