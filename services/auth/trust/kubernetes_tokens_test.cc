#include "services/auth/trust/kubernetes_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "absl/time/clock.h"
#include "libs/crypto/encoding.h"
#include "libs/testing/fake_clock.h"
#include "libs/testing/kubernetes_cluster.h"
#include "libs/testing/status_matchers.h"

namespace kasbah::auth {
namespace {

using ::kasbah::testing::ReasonIs;
using nlohmann::json;
using Cluster = ::kasbah::testing::KubernetesCluster;

constexpr char kAudience[] = "kasbah";

class KubernetesTokensTest : public ::testing::Test {
 protected:
  KubernetesTokensTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jwksXXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    tokens_ = Make({Setting(prod_), Setting(edge_)});
  }
  ~KubernetesTokensTest() override { std::filesystem::remove_all(directory_); }

  std::string FileOf(const Cluster& cluster) {
    return directory_ + (&cluster == &edge_ ? "/edge" : "/prod");
  }
  KubernetesCluster Setting(const Cluster& cluster) {
    std::ofstream(FileOf(cluster)) << cluster.Jwks();
    return {cluster.issuer(), kAudience, FileOf(cluster)};
  }
  std::unique_ptr<KubernetesTokens> Make(const std::vector<KubernetesCluster>& clusters) {
    auto made = KubernetesTokens::Create(clusters, clock_);
    EXPECT_OK(made);
    return *std::move(made);
  }
  json Claims(const Cluster& cluster) {
    return cluster.Claims(kAudience, "shop", "web", clock_.Now());
  }
  void Refused(const std::string& token, std::string_view why) {
    const auto verified = tokens_->Verify(token);
    EXPECT_THAT(verified, ReasonIs("KUBERNETES_TOKEN_INVALID")) << why;
    answers_.insert(std::string(verified.status().message()));
  }
  // With one claim changed, or taken away by null.
  void RefusedWith(const std::string& claim, const json& value) {
    json claims = Claims(prod_);
    if (value.is_null()) {
      claims.erase(claim);
    } else {
      claims[claim] = value;
    }
    Refused(prod_.Token(claims), claim + " " + value.dump());
  }

  testing::FakeClock clock_{absl::FromUnixSeconds(1'900'000'000)};
  std::string directory_;
  Cluster prod_{"https://prod.example"};
  Cluster edge_{"https://edge.example", Cluster::Algorithm::kEs256};
  std::unique_ptr<KubernetesTokens> tokens_;
  std::set<std::string> answers_;
};

TEST_F(KubernetesTokensTest, APodIsWhoItsClusterSaysItIs) {
  for (const Cluster* cluster : {&prod_, &edge_}) {
    ASSERT_OK_AND_ASSIGN(const PodIdentity pod, tokens_->Verify(cluster->Token(Claims(*cluster))));
    EXPECT_EQ(pod.service_account, (ServiceAccount{cluster->issuer(), "shop", "web"}));
    EXPECT_EQ(pod.pod_name, "web-1");
    EXPECT_EQ(pod.pod_uid, "uid-of-web-1");
  }
  json claims = Claims(prod_);
  claims["aud"] = kAudience;
  EXPECT_OK(tokens_->Verify(prod_.Token(claims)));
  claims["aud"] = {"https://kubernetes.default.svc", kAudience};
  EXPECT_OK(tokens_->Verify(prod_.Token(claims)));
}

TEST_F(KubernetesTokensTest, WhateverIsWrongTheAnswerIsTheSame) {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  RefusedWith("exp", now);
  RefusedWith("exp", nullptr);
  RefusedWith("exp", "never");
  RefusedWith("nbf", now + 60);
  RefusedWith("nbf", "soon");
  RefusedWith("aud", "other");
  RefusedWith("aud", json::array({"other"}));
  RefusedWith("aud", nullptr);
  RefusedWith("iss", "https://elsewhere.example");
  RefusedWith("iss", nullptr);
  RefusedWith("iss", edge_.issuer());
  RefusedWith("sub", "system:serviceaccount:shop:other");
  RefusedWith("sub", nullptr);
  RefusedWith("kubernetes.io", nullptr);
  // A token of a secret: bound to no pod.
  json unbound = Claims(prod_)["kubernetes.io"];
  unbound.erase("pod");
  RefusedWith("kubernetes.io", unbound);
  json elsewhere = Claims(prod_)["kubernetes.io"];
  elsewhere["namespace"] = "bank";
  RefusedWith("kubernetes.io", elsewhere);
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(KubernetesTokensTest, NobodyElsesSignatureIsTaken) {
  // Of the same name, with a key of its own.
  const Cluster forger("https://prod.example");
  Refused(forger.Token(Claims(prod_)), "another's key");
  const Cluster forger_es("https://prod.example", Cluster::Algorithm::kEs256);
  Refused(forger_es.Token(Claims(prod_)), "another's key of another kind");
  Refused(edge_.Token(Claims(prod_)), "another cluster's key");

  const std::string good = prod_.Token(Claims(prod_));
  const size_t dot = good.rfind('.');
  const std::string body = good.substr(0, dot);
  Refused(body + ".", "no signature");
  Refused(body, "no third part");
  Refused("", "nothing");
  Refused("a.b.c", "not base64url");
  Refused(good + "=", "padding");
  Refused(good + ".x", "a fourth part");
  Refused(std::string(20000, 'a') + good, "too long");
  json claims = Claims(prod_);
  claims["sub"] = "system:serviceaccount:bank:web";
  claims["kubernetes.io"]["namespace"] = "bank";
  const std::string changed = crypto::Base64Url(prod_.Header().dump()) + "." +
                              crypto::Base64Url(claims.dump()) + good.substr(dot);
  Refused(changed, "claims changed after signing");
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(KubernetesTokensTest, TheKeyDecidesTheAlgorithm) {
  const json claims = Claims(prod_);
  const std::string body = crypto::Base64Url(claims.dump());
  for (const char* none : {"none", "None", "HS256", "ES256", "RS512", ""}) {
    json header = prod_.Header();
    header["alg"] = none;
    Refused(prod_.Sign(header, claims), none);
    Refused(crypto::Base64Url(header.dump()) + "." + body + ".", none);
  }
  json critical = prod_.Header();
  critical["crit"] = {"exp"};
  Refused(prod_.Sign(critical, claims), "crit");
  json nameless = prod_.Header();
  nameless.erase("kid");
  Refused(prod_.Sign(nameless, claims), "no kid");
  json other_type = prod_.Header();
  other_type["typ"] = "kasbah-assertion+jwt";
  Refused(prod_.Sign(other_type, claims), "typ");
  // Two names of which a reader could take either.
  const std::string twice = R"({"alg":"RS256","alg":"none","kid":"cluster-key"})";
  Refused(crypto::Base64Url(twice) + "." + body + ".", "a repeated name");
}

TEST_F(KubernetesTokensTest, ARotatedKeyEndsAndABrokenFileChangesNothing) {
  const Cluster next("https://prod.example");
  std::ofstream(FileOf(prod_)) << next.Jwks();
  clock_.Advance(absl::Seconds(11));
  EXPECT_OK(tokens_->Verify(next.Token(Claims(prod_))));
  Refused(prod_.Token(Claims(prod_)), "rotated out");

  std::ofstream(FileOf(prod_)) << "{";
  clock_.Advance(absl::Seconds(11));
  EXPECT_OK(tokens_->Verify(next.Token(Claims(prod_))));
}

TEST_F(KubernetesTokensTest, FilesWithoutAKeyOfOursAreNamedAtTheStart) {
  for (const char* text :
       {"", "{}", "[]", R"({"keys":[]})", R"({"keys":[{"kty":"oct","kid":"a"}]})"}) {
    const std::string path = directory_ + "/bad";
    std::ofstream(path) << text;
    const auto made = KubernetesTokens::Create({{"https://x", kAudience, path}}, clock_);
    EXPECT_THAT(made, ReasonIs("KUBERNETES_KEYS_INVALID"));
    EXPECT_THAT(std::string(made.status().message()), ::testing::HasSubstr(path));
  }
  EXPECT_FALSE(KubernetesTokens::Create({{"https://x", kAudience, "/nowhere"}}, clock_).ok());
  // None set up: nobody's token is taken.
  tokens_ = Make({});
  Refused(prod_.Token(Claims(prod_)), "no cluster");
}

}  // namespace
}  // namespace kasbah::auth
