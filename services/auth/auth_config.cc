#include "services/auth/auth_config.h"

#include <algorithm>
#include <utility>

namespace kasbah::auth {

void AuthConfig::Read(config::Section& root) {
  service.Read(root);
  service::ReadPool(root.Child("resolver", "The door to users, revocations and signing keys"),
                    &resolver);
  for (config::Section* item :
       root.Items("kubernetes", "Clusters whose pods may be tenants' workloads")) {
    KubernetesCluster cluster;
    item->Field("issuer", &cluster.issuer, "The iss of the cluster's tokens, its alone").Required();
    item->Field("audience", &cluster.audience, "The aud of tokens for Kasbah").Required();
    item->Field("jwks_file", &cluster.jwks_file, "JWK Set with the cluster's public keys")
        .Required()
        .ReadableFile();
    const bool is_new = std::ranges::none_of(
        kubernetes, [&](const KubernetesCluster& other) { return other.issuer == cluster.issuer; });
    if (!is_new) item->AddError("issuer", "is another cluster's too; each needs one of its own");
    kubernetes.push_back(std::move(cluster));
  }
}

}  // namespace kasbah::auth
