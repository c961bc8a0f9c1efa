#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include <nlohmann/json.hpp>

namespace kasbah::testing {

// What signs the tokens of a cluster's service accounts, in kube-apiserver's place: same header,
// same claims, real signatures.
class KubernetesCluster {
 public:
  enum class Algorithm { kRs256, kEs256 };
  explicit KubernetesCluster(std::string issuer, Algorithm algorithm = Algorithm::kRs256);

  const std::string& issuer() const { return issuer_; }
  static constexpr char kKeyId[] = "cluster-key";

  // The public key, as `kubectl get --raw /openid/v1/jwks` shows it.
  std::string Jwks() const;

  // The claims of a projected token, bound to the pod "<account>-1", for an hour from `now`.
  nlohmann::json Claims(const std::string& audience, const std::string& namespace_name,
                        const std::string& account, absl::Time now) const;
  static std::string PodName(const std::string& account) { return account + "-1"; }
  static std::string PodUid(const std::string& account) { return "uid-of-" + account + "-1"; }

  nlohmann::json Header() const;
  // The token of any header and claims, signed whatever they say.
  std::string Sign(const nlohmann::json& header, const nlohmann::json& claims) const;
  std::string Token(const nlohmann::json& claims) const { return Sign(Header(), claims); }

 private:
  std::string SignatureOf(std::string_view text) const;

  const std::string issuer_;
  const Algorithm algorithm_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace kasbah::testing
