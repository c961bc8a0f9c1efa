#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "services/auth/domain/workload.h"

namespace kasbah::auth {

// A cluster whose pods may have secrets.
struct KubernetesCluster {
  // The `iss` of its tokens (kube-apiserver's --service-account-issuer).
  std::string issuer;
  // The `aud` that tokens for us carry.
  std::string audience;
  // Its public keys, a JWK Set: `kubectl get --raw /openid/v1/jwks`.
  std::string jwks_file;
};

// A pod, as its cluster states.
struct PodIdentity {
  ServiceAccount service_account;
  std::string pod_name;
  std::string pod_uid;
};

// Checks the tokens of pods' service accounts (projected and bound, as the kubelet has them made)
// against their cluster's keys: RS256 and ES256, decided by the key and not by the token. Reads the
// key files again every 10 seconds, so a key that is rotated out of one ends soon. Thread safe.
class KubernetesTokens {
 public:
  // FAILED_PRECONDITION, KUBERNETES_KEYS_INVALID, naming the file, when one holds no key of ours.
  static absl::StatusOr<std::unique_ptr<KubernetesTokens>> Create(
      const std::vector<KubernetesCluster>& clusters, const Clock& clock);
  ~KubernetesTokens();

  // UNAUTHENTICATED, KUBERNETES_TOKEN_INVALID, in one text for whatever is wrong: no cluster of
  // ours, another audience, a signature or form that does not hold, expired, not yet valid, or not
  // bound to a pod (as tokens of secrets are, which never expire).
  absl::StatusOr<PodIdentity> Verify(std::string_view token);

 private:
  struct State;
  explicit KubernetesTokens(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The same answer for a token that is not of the pod that it was presented for.
absl::Status KubernetesTokenInvalid();

}  // namespace kasbah::auth
