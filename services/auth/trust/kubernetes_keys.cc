#include "services/auth/trust/kubernetes_keys.h"

#include <optional>
#include <utility>

#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/strict_json.h"

namespace kasbah::auth {
namespace {

constexpr size_t kCoordinateSize = 32;

bool Says(const nlohmann::json& key, const char* name, std::string_view value) {
  const std::string* found = rpc::FindString(key, name);
  return found != nullptr && *found == value;
}

absl::StatusOr<std::string> BytesOf(const nlohmann::json& key, const char* name) {
  const std::string* text = rpc::FindString(key, name);
  if (text == nullptr) return absl::InvalidArgumentError("a number is missing");
  return crypto::ParseBase64Url(*text);
}

absl::StatusOr<KubernetesKey> ParseRsa(const nlohmann::json& key) {
  ASSIGN_OR_RETURN(const std::string modulus, BytesOf(key, "n"));
  ASSIGN_OR_RETURN(const std::string exponent, BytesOf(key, "e"));
  ASSIGN_OR_RETURN(crypto::RsaPublicKey parsed,
                   crypto::RsaPublicKey::FromNumbers(modulus, exponent));
  return KubernetesKey(std::move(parsed));
}

absl::StatusOr<KubernetesKey> ParseP256(const nlohmann::json& key) {
  ASSIGN_OR_RETURN(const std::string x, BytesOf(key, "x"));
  ASSIGN_OR_RETURN(const std::string y, BytesOf(key, "y"));
  if (x.size() != kCoordinateSize || y.size() != kCoordinateSize) {
    return absl::InvalidArgumentError("a coordinate has 32 bytes");
  }
  ASSIGN_OR_RETURN(crypto::P256PublicKey parsed,
                   crypto::P256PublicKey::FromPoint(StrCat("\x04", x, y)));
  return KubernetesKey(std::move(parsed));
}

std::optional<KubernetesKey> Parse(const nlohmann::json& key) {
  absl::StatusOr<KubernetesKey> parsed = absl::InvalidArgumentError("of another kind");
  if (Says(key, "kty", "RSA")) parsed = ParseRsa(key);
  if (Says(key, "kty", "EC") && Says(key, "crv", "P-256")) parsed = ParseP256(key);
  if (!parsed.ok()) return std::nullopt;
  if (key.contains("use") && !Says(key, "use", "sig")) return std::nullopt;
  if (key.contains("alg") && !Says(key, "alg", parsed->algorithm())) return std::nullopt;
  return *std::move(parsed);
}

}  // namespace

std::string_view KubernetesKey::algorithm() const {
  return std::holds_alternative<crypto::RsaPublicKey>(key_) ? "RS256" : "ES256";
}

bool KubernetesKey::Verify(std::string_view message, std::string_view signature) const {
  if (const auto* rsa = std::get_if<crypto::RsaPublicKey>(&key_); rsa != nullptr) {
    return rsa->Verify(message, signature);
  }
  return std::get<crypto::P256PublicKey>(key_).VerifyRaw(message, signature);
}

absl::StatusOr<KubernetesKeys> ParseKubernetesKeys(std::string_view json) {
  ASSIGN_OR_RETURN(const nlohmann::json set, rpc::ParseStrictJson(json));
  const auto listed = set.find("keys");
  if (listed == set.end() || !listed->is_array()) {
    return absl::InvalidArgumentError("not a JWK Set");
  }
  KubernetesKeys keys;
  for (const nlohmann::json& key : *listed) {
    if (!key.is_object()) continue;
    const std::string* key_id = rpc::FindString(key, "kid");
    std::optional<KubernetesKey> parsed = Parse(key);
    if (key_id == nullptr || key_id->empty() || !parsed) continue;
    keys.emplace(*key_id, *std::move(parsed));
  }
  return keys;
}

}  // namespace kasbah::auth
