#include "services/csi_provider/csi_provider_config.h"

namespace kasbah::csi_provider {
namespace {

// sun_path, with its terminating zero.
constexpr size_t kLongestSocketPath = 107;

}  // namespace

void CsiProviderConfig::Read(config::Section& root) {
  root.Field("socket", &socket, "Unix socket where the CSI driver looks for this provider");
  root.Field("admin_listen", &admin_listen,
             "address of the plaintext listener for /healthz, /readyz and /metrics");
  root.Field("audience", &audience, "aud of the pods' tokens that are used");
  root.Field("tls_directory", &tls_directory, "tls.crt, tls.key and ca.crt of service/csi-provider")
      .Required()
      .Directory();
  root.Field("trust_domain", &trust_domain, "SPIFFE trust domain of the installation").Required();
  root.Field("auth_address", &auth_address, "address of auth").Required();
  root.Field("vault_address", &vault_address, "address of the vault").Required();
  // gRPC takes the path for a part of a URI.
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  if (!socket.starts_with('/') || socket.size() > kLongestSocketPath ||
      socket.find_first_not_of(kAllowed) != std::string::npos) {
    root.AddError("socket",
                  "must be an absolute path of at most 107 letters, digits, \"/\", \".\", \"_\" "
                  "and \"-\"");
  }
}

}  // namespace kasbah::csi_provider
