#include "libs/testing/kubernetes_cluster.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <utility>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"

namespace kasbah::testing {
namespace {

constexpr int kScalarSize = 32;

std::string NumberOf(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  KASBAH_CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return bytes;
}

// r and s, 32 bytes each, of a signature in DER (RFC 7518, 3.4).
std::string RawOf(const std::string& der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size()));
  KASBAH_CHECK(signature != nullptr);
  std::string raw(2 * kScalarSize, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, kScalarSize);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + kScalarSize, kScalarSize);
  ECDSA_SIG_free(signature);
  return raw;
}

}  // namespace

KubernetesCluster::KubernetesCluster(std::string issuer, Algorithm algorithm)
    : issuer_(std::move(issuer)),
      algorithm_(algorithm),
      key_(algorithm == Algorithm::kRs256 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"),
           EVP_PKEY_free) {
  KASBAH_CHECK(key_ != nullptr);
}

std::string KubernetesCluster::Jwks() const {
  nlohmann::json key = {{"kid", kKeyId}, {"use", "sig"}};
  if (algorithm_ == Algorithm::kRs256) {
    key["kty"] = "RSA";
    key["alg"] = "RS256";
    key["n"] = crypto::Base64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N));
    key["e"] = crypto::Base64Url(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E));
  } else {
    std::string point(65, '\0');
    size_t size = 0;
    KASBAH_CHECK(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                 reinterpret_cast<unsigned char*>(point.data()),
                                                 point.size(), &size) == 1);
    KASBAH_CHECK(size == point.size());
    key["kty"] = "EC";
    key["crv"] = "P-256";
    key["alg"] = "ES256";
    key["x"] = crypto::Base64Url(point.substr(1, kScalarSize));
    key["y"] = crypto::Base64Url(point.substr(1 + kScalarSize));
  }
  return nlohmann::json({{"keys", {key}}}).dump();
}

nlohmann::json KubernetesCluster::Claims(const std::string& audience,
                                         const std::string& namespace_name,
                                         const std::string& account, absl::Time now) const {
  const int64_t seconds = absl::ToUnixSeconds(now);
  return {{"iss", issuer_},
          {"aud", {audience}},
          {"sub", StrCat("system:serviceaccount:", namespace_name, ":", account)},
          {"iat", seconds},
          {"nbf", seconds},
          {"exp", seconds + 3600},
          {"kubernetes.io",
           {{"namespace", namespace_name},
            {"serviceaccount", {{"name", account}, {"uid", "uid-of-" + account}}},
            {"pod", {{"name", PodName(account)}, {"uid", PodUid(account)}}}}}};
}

nlohmann::json KubernetesCluster::Header() const {
  return {{"alg", algorithm_ == Algorithm::kRs256 ? "RS256" : "ES256"}, {"kid", kKeyId}};
}

std::string KubernetesCluster::SignatureOf(std::string_view text) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  KASBAH_CHECK(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
               EVP_DigestSign(context, nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  KASBAH_CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                              bytes, text.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return algorithm_ == Algorithm::kRs256 ? signature : RawOf(signature);
}

std::string KubernetesCluster::Sign(const nlohmann::json& header,
                                    const nlohmann::json& claims) const {
  std::string token =
      StrCat(crypto::Base64Url(header.dump()), ".", crypto::Base64Url(claims.dump()));
  const std::string signature = SignatureOf(token);
  StrAppend(&token, ".", crypto::Base64Url(signature));
  return token;
}

}  // namespace kasbah::testing
