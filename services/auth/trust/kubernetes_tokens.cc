#include "services/auth/trust/kubernetes_tokens.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/strings.h"
#include "libs/crypto/encoding.h"
#include "libs/rpc/strict_json.h"
#include "libs/telemetry/log.h"
#include "services/auth/trust/kubernetes_keys.h"

namespace kasbah::auth {
namespace {

using nlohmann::json;

constexpr size_t kLongestToken = 16384;
constexpr absl::Duration kReadEvery = absl::Seconds(10);
constexpr absl::Duration kClockSkew = absl::Seconds(5);

absl::StatusOr<KubernetesKeys> ReadKeys(const KubernetesCluster& cluster) {
  std::ifstream file(cluster.jwks_file, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const absl::StatusOr<KubernetesKeys> keys = ParseKubernetesKeys(text.str());
  if (file && keys.ok() && !keys->empty()) return keys;
  return Error(absl::StatusCode::kFailedPrecondition, "KUBERNETES_KEYS_INVALID",
               StrCat(cluster.jwks_file,
                      " must be a JWK Set with an RSA or P-256 key: kubectl get "
                      "--raw /openid/v1/jwks writes one"));
}

// A JWT in its three parts, decoded and not yet believed.
struct Parts {
  json header;
  json claims;
  std::string_view signed_text;
  std::string signature;
};

absl::StatusOr<Parts> Split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (token.size() > kLongestToken || first == last) return KubernetesTokenInvalid();
  // A further dot between the two is no character of base64url.
  ASSIGN_OR_RETURN(const std::string header, crypto::ParseBase64Url(token.substr(0, first)));
  ASSIGN_OR_RETURN(const std::string claims,
                   crypto::ParseBase64Url(token.substr(first + 1, last - first - 1)));
  Parts parts;
  parts.signed_text = token.substr(0, last);
  ASSIGN_OR_RETURN(parts.signature, crypto::ParseBase64Url(token.substr(last + 1)));
  ASSIGN_OR_RETURN(parts.header, rpc::ParseStrictJson(header));
  ASSIGN_OR_RETURN(parts.claims, rpc::ParseStrictJson(claims));
  return parts;
}

std::string TextIn(const json& object, const char* name) {
  const std::string* text = object.is_object() ? rpc::FindString(object, name) : nullptr;
  return text == nullptr ? "" : *text;
}

const json& ObjectIn(const json& object, const char* name) {
  static const json& nothing = *new json(json::object());
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nothing;
}

std::optional<absl::Time> TimeIn(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds > 0 && seconds < 1e11)) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// `aud` is a text or a list of texts (RFC 7519, 4.1.3).
bool IsFor(const json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return found->get<std::string>() == audience;
  return found->is_array() && std::ranges::any_of(*found, [&](const json& one) {
           return one.is_string() && one.get<std::string>() == audience;
         });
}

bool HoldsAt(const json& claims, absl::Time now) {
  const std::optional<absl::Time> expires = TimeIn(claims, "exp");
  if (!expires || now >= *expires) return false;
  if (!claims.contains("nbf")) return true;
  const std::optional<absl::Time> begins = TimeIn(claims, "nbf");
  return begins && *begins <= now + kClockSkew;
}

// Who it is about, said twice: in `sub`, and in the claims of Kubernetes.
absl::StatusOr<PodIdentity> PodOf(const json& claims) {
  const json& bound = ObjectIn(claims, "kubernetes.io");
  PodIdentity pod;
  pod.service_account = {TextIn(claims, "iss"), TextIn(bound, "namespace"),
                         TextIn(ObjectIn(bound, "serviceaccount"), "name")};
  pod.pod_name = TextIn(ObjectIn(bound, "pod"), "name");
  pod.pod_uid = TextIn(ObjectIn(bound, "pod"), "uid");
  const ServiceAccount& account = pod.service_account;
  const bool complete = !account.namespace_name.empty() && !account.name.empty() &&
                        !pod.pod_name.empty() && !pod.pod_uid.empty();
  if (!complete || TextIn(claims, "sub") != StrCat("system:serviceaccount:", account.namespace_name,
                                                   ":", account.name)) {
    return KubernetesTokenInvalid();
  }
  return pod;
}

}  // namespace

absl::Status KubernetesTokenInvalid() {
  return Error(absl::StatusCode::kUnauthenticated, "KUBERNETES_TOKEN_INVALID",
               "the service account's token is malformed, expired, of another cluster, audience or "
               "pod, or not signed by its cluster");
}

struct KubernetesTokens::State {
  explicit State(const Clock& c) : clock(c) {}

  struct Cluster {
    KubernetesCluster settings;
    KubernetesKeys keys;
    absl::Time read;
  };

  // The key that the token says it is signed with, and the cluster that it says it is of.
  std::optional<std::pair<KubernetesKey, std::string>> Find(const std::string& issuer,
                                                            const std::string& key_id)
      ABSL_LOCKS_EXCLUDED(mutex);

  const Clock& clock;
  absl::Mutex mutex;
  std::vector<Cluster> clusters ABSL_GUARDED_BY(mutex);
};

std::optional<std::pair<KubernetesKey, std::string>> KubernetesTokens::State::Find(
    const std::string& issuer, const std::string& key_id) {
  absl::MutexLock lock(&mutex);
  const auto cluster = std::ranges::find_if(
      clusters, [&](const Cluster& known) { return known.settings.issuer == issuer; });
  if (cluster == clusters.end()) return std::nullopt;
  const absl::Time now = clock.Now();
  if (now - cluster->read >= kReadEvery) {
    cluster->read = now;
    // A file that is being replaced, or was broken: what was read before holds until it is mended.
    if (absl::StatusOr<KubernetesKeys> keys = ReadKeys(cluster->settings); keys.ok()) {
      cluster->keys = *std::move(keys);
    } else {
      telemetry::LogWarning("a cluster's keys cannot be read",
                            {{"error", FromAbsl(keys.status().message())}});
    }
  }
  const auto key = cluster->keys.find(key_id);
  if (key == cluster->keys.end()) return std::nullopt;
  return std::make_pair(key->second, cluster->settings.audience);
}

KubernetesTokens::KubernetesTokens(std::unique_ptr<State> state) : state_(std::move(state)) {}
KubernetesTokens::~KubernetesTokens() = default;

absl::StatusOr<std::unique_ptr<KubernetesTokens>> KubernetesTokens::Create(
    const std::vector<KubernetesCluster>& clusters, const Clock& clock) {
  auto state = std::make_unique<State>(clock);
  {
    absl::MutexLock lock(&state->mutex);
    for (const KubernetesCluster& cluster : clusters) {
      ASSIGN_OR_RETURN(KubernetesKeys keys, ReadKeys(cluster));
      state->clusters.push_back({cluster, std::move(keys), clock.Now()});
    }
  }
  return std::unique_ptr<KubernetesTokens>(new KubernetesTokens(std::move(state)));
}

absl::StatusOr<PodIdentity> KubernetesTokens::Verify(std::string_view token) {
  const absl::StatusOr<Parts> parts = Split(token);
  if (!parts.ok()) return KubernetesTokenInvalid();
  const auto& [header, claims, signed_text, signature] = *parts;
  const auto found = state_->Find(TextIn(claims, "iss"), TextIn(header, "kid"));
  if (!found) return KubernetesTokenInvalid();
  const auto& [key, audience] = *found;
  const bool has_form = TextIn(header, "alg") == key.algorithm() && !header.contains("crit") &&
                        (!header.contains("typ") || TextIn(header, "typ") == "JWT");
  if (!has_form || !key.Verify(signed_text, signature) || !IsFor(claims, audience) ||
      !HoldsAt(claims, state_->clock.Now())) {
    return KubernetesTokenInvalid();
  }
  return PodOf(claims);
}

}  // namespace kasbah::auth
