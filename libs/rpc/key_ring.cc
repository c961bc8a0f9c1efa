#include "libs/rpc/key_ring.h"

#include <optional>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/strict_json.h"
#include "libs/telemetry/log.h"

namespace kasbah::rpc {
namespace {

constexpr absl::Duration kShortestPause = absl::Seconds(1);
constexpr absl::Duration kFreshFor = absl::Minutes(1);

bool Says(const nlohmann::json& key, const char* name, std::string_view value) {
  const std::string* found = FindString(key, name);
  return found != nullptr && *found == value;
}

}  // namespace

absl::StatusOr<absl::flat_hash_map<std::string, crypto::Ed25519PublicKey>> ParseJwks(
    std::string_view json) {
  ASSIGN_OR_RETURN(const nlohmann::json set, ParseStrictJson(json));
  const auto listed = set.find("keys");
  if (listed == set.end() || !listed->is_array()) {
    return absl::InvalidArgumentError("not a JWK Set");
  }
  absl::flat_hash_map<std::string, crypto::Ed25519PublicKey> keys;
  for (const nlohmann::json& key : *listed) {
    if (!key.is_object() || !Says(key, "kty", "OKP") || !Says(key, "crv", "Ed25519")) continue;
    if (key.contains("use") && !Says(key, "use", "sig")) continue;
    if (key.contains("alg") && !Says(key, "alg", "EdDSA")) continue;
    const std::string* key_id = FindString(key, "kid");
    const std::string* x = FindString(key, "x");
    if (key_id == nullptr || key_id->empty() || x == nullptr) continue;
    const absl::StatusOr<std::string> raw = crypto::ParseBase64Url(*x);
    if (!raw.ok()) continue;
    absl::StatusOr<crypto::Ed25519PublicKey> parsed = crypto::Ed25519PublicKey::FromRaw(*raw);
    if (parsed.ok()) keys.emplace(*key_id, *std::move(parsed));
  }
  return keys;
}

KeyRing::KeyRing(std::function<absl::StatusOr<std::string>()> fetch, const Clock& clock)
    : fetch_(std::move(fetch)), clock_(clock) {}

absl::StatusOr<crypto::Ed25519PublicKey> KeyRing::Find(const std::string& key_id) {
  const auto look_up = [&](bool stale_too) -> std::optional<crypto::Ed25519PublicKey> {
    absl::ReaderMutexLock lock(&mutex_);
    if (!stale_too && clock_.Now() - fetched_ > kFreshFor) return std::nullopt;
    const auto found = keys_.find(key_id);
    if (found == keys_.end()) return std::nullopt;
    return found->second;
  };
  if (auto key = look_up(/*stale_too=*/false)) return *std::move(key);

  absl::MutexLock lock(&fetching_);
  const absl::Time now = clock_.Now();
  if (now - tried_ >= kShortestPause) Refresh(now);
  // Keys that could not be refreshed still hold: what signs them is watched by revocations.
  if (auto key = look_up(/*stale_too=*/true)) return *std::move(key);
  if (failed_) {
    return Error(absl::StatusCode::kUnavailable, "KEYS_UNAVAILABLE",
                 "the keys that assertions are checked with cannot be had; try again");
  }
  return NotFound("key");
}

void KeyRing::Refresh(absl::Time now) {
  tried_ = now;
  const absl::StatusOr<std::string> json = fetch_();
  auto keys = json.ok() ? ParseJwks(*json) : json.status();
  failed_ = !keys.ok();
  if (failed_) {
    telemetry::LogWarning("the keys of assertions cannot be fetched",
                          {{"error", FromAbsl(keys.status().message())}});
    return;
  }
  absl::MutexLock lock(&mutex_);
  keys_ = *std::move(keys);
  fetched_ = now;
}

}  // namespace kasbah::rpc
